"""Inputs whose cells hold words: `s.input("port", ["S", "C"], choices=("S", "C", "Q"))`.

To numpy and the page a word is its number, counted from 0 in the order of the choices. A comparison
with a word stays one in every face; whatever else reads such cells reads their numbers, which have
a block of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from .dependencies import walk
from .errors import SheetError, nearest
from .expr import Expr, stack, transpose

LONGEST_LIST = 255  # characters of the words that a workbook's cell offers
NUMBER = re.compile(r"\s*[+-]?[\d.]+([eE][+-]?\d+)?\s*%?\Z")
# What leaves the words as they are, and only moves them.
MOVES = ("ref", "take", "slice", "transpose", "expand", "repeat", "reshape", "join", "stack")


class Word(float):
    """The number of a word among the choices."""

    word: str

    def __repr__(self) -> str:
        return f"{self.word!r}"


def word_of(choices: Sequence[str], k: int) -> Expr:
    """The k-th choice, as what cells are compared with."""
    word = Word(k)
    word.word = choices[k]
    return Expr("const", (), (1, 1), word)


def words_across(choices: Sequence[str]) -> Expr:
    """All choices in one row."""
    return transpose(stack([word_of(choices, k) for k in range(len(choices))]))


def checked_choices(name: str, given: Any) -> tuple[str, ...]:
    """The words that cells may hold. Raises SheetError."""
    if isinstance(given, str) or not isinstance(given, Sequence) or len(given) < 2:
        raise SheetError(f"input {name!r}: choices={given!r}; they are two words or more")
    words = tuple(given)
    wrong = next((x for x in words if not isinstance(x, str) or _is_no_word(x)), None)
    if wrong is not None:
        rule = "a choice is a word: no number, not empty, without , ; and quotes"
        raise SheetError(f"input {name!r}: {wrong!r} cannot be a choice; {rule}")
    if len({word.lower() for word in words}) != len(words):
        rule = "a spreadsheet does not tell upper and lower case apart"
        raise SheetError(f"input {name!r}: {', '.join(words)} must be different; {rule}")
    if len(",".join(words)) > LONGEST_LIST:
        raise SheetError(f"input {name!r}: its choices have more than {LONGEST_LIST} characters")
    return words


def _is_no_word(word: str) -> bool:
    plain = word.strip() == word != "" and not set(word) & set(',;"')
    return not plain or NUMBER.match(word) is not None or word[0] in "=+-@"


def numbered(choices: Sequence[str], value: Any) -> Any:
    """A table of words with their numbers in their place; what is no word stays."""
    if isinstance(value, str):
        return choices.index(value) if value in choices else value
    return [numbered(choices, x) for x in value] if isinstance(value, (list, tuple)) else value


def has_words(e: Expr, choices_of: Callable[[str], tuple[str, ...]]) -> bool:
    """Whether a formula has anything to do with words: a quick question, asked of every block."""
    return any(node.op == "word" or (node.op == "ref" and choices_of(node.arg)) for node in walk(e))


class Words:
    """The formula of a block with its words found out.

    choices_of: of a block by its name, none where it holds numbers. number_of: the block of the
    numbers of one that holds words.
    """

    def __init__(
        self, choices_of: Callable[[str], tuple[str, ...]], number_of: Callable[[Expr], Expr]
    ) -> None:
        self.choices_of, self.number_of = choices_of, number_of
        self.choices: dict[Expr, tuple[str, ...]] = {}  # of what holds words, as it was written
        self.as_number: dict[Expr, Expr] = {}

    def resolved(self, e: Expr) -> Expr:
        """The formula over words where it compares with them, and over numbers elsewhere. Raises
        SheetError for a word that is not one of the choices.
        """
        for node in walk(e):
            self.choices[node] = self._choices(node)
            if node.op != "word":
                self.as_number[node] = self._as_number(node)
        return self.as_number[e]

    def _choices(self, e: Expr) -> tuple[str, ...]:
        if e.op == "ref":
            return self.choices_of(e.arg)
        if e.op == "const" and isinstance(e.arg, Word):
            return (e.arg.word,)
        if e.op not in MOVES:
            return ()
        inside = [self.choices[a] for a in (e.args[:1] if e.op == "take" else e.args)]
        same = len(set(inside)) == 1 or all(_is_word(a) for a in e.args)
        return inside[0] if inside and same else ()

    def _as_number(self, e: Expr) -> Expr:
        if e.op == "ref":
            return self.number_of(e) if self.choices[e] else e
        if e.op in ("equal", "not_equal"):
            a, b = e.args
            if any(x.op == "word" for x in e.args):
                return self._compared(e)
            if self.choices[a] and (_is_word(b) or self.choices[a] == self.choices[b]):
                return e
        if e.op == "known" and self.choices[e.args[0]]:
            return e
        args = tuple(self.as_number[a] for a in e.args)
        same = all(new is old for new, old in zip(args, e.args, strict=True))
        return e if same else Expr(e.op, args, e.shape, e.arg)

    def _compared(self, e: Expr) -> Expr:
        """`np.equal(port, "S")`."""
        word, other = sorted(e.args, key=lambda a: a.op != "word")
        choices = self.choices[other]
        if not choices:
            rule = "holds numbers; choices=(...) of its input says that its cells hold words"
            raise SheetError(f"{other!r} is compared with {word.arg!r}, and {rule}")
        if word.arg not in choices:
            near = nearest(word.arg, choices)
            raise SheetError(f"{other!r} has no choice {word.arg!r}; {near}")
        return Expr(e.op, (other, word_of(choices, choices.index(word.arg))), e.shape)


def _is_word(e: Expr) -> bool:
    """Whether it is a word, or words beside each other."""
    if e.op == "const":
        return isinstance(e.arg, Word)
    return e.op in ("transpose", "stack", "expand") and all(map(_is_word, e.args))
