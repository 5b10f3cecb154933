"""A third axis: blocks of one shape under one name, one for each word of `over`.

Each is a block like any other, `filters_edge`, and stands beside its neighbours in page and
workbook. Enough for channels, heads, a batch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .blocks import UNDERSCORE
from .errors import ShapeError, SheetError, nearest
from .expr import Expr, size

Words = tuple[str, ...]


class Stack(Sequence[Expr]):
    """Blocks of one shape, in the order of their words: `filters["edge"]`, `filters[0]`, `for f in
    filters`, `sum(filters)`.
    """

    def __init__(self, name: str, over: Words, blocks: Sequence[Expr]) -> None:
        self.name, self.over, self.blocks = name, over, tuple(blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    def __iter__(self) -> Iterator[Expr]:
        return iter(self.blocks)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, str):
            if which not in self.over:
                raise SheetError(f"{self.name}[{which!r}]: {nearest(which, self.over)}")
            return self.blocks[self.over.index(which)]
        if isinstance(which, int) and not -len(self) <= which < len(self):
            raise SheetError(f"{self.name}[{which}]: it has {len(self)}, counted from 0")
        return self.blocks[which]

    def __repr__(self) -> str:
        return f"{self.name} over {', '.join(self.over)}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise self._refused(f".{name}")

    def _refused(self, said: str) -> SheetError:
        several = f"{self.name}{said}: {self!r} are {len(self)} blocks"
        advice = f's.each("new", lambda x: ..., over={self.name}) says one formula for each'
        return SheetError(f"{several}; {advice}, sum({self.name}) adds them")

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise self._refused(" in a formula")

    __add__ = __sub__ = __mul__ = __truediv__ = __matmul__ = __pow__ = __neg__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rmatmul__ = __rpow__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __array_ufunc__ = __array_function__ = __array__ = _refuse


def member(name: str, word: str) -> str:
    """The block's name: `filters_edge`, `head_1` of "1"."""
    parts = re.findall(r"[A-Za-z0-9]+", word)
    return "_".join([name, *parts])


def words_over(name: str, over: Any, count: int) -> Words:
    """A different word for each. Raises SheetError."""
    if isinstance(over, str) or not isinstance(over, Sequence):
        raise SheetError(f"stack {name!r}: over={over!r} is a list of words, one for each")
    words = tuple(str(word) for word in over)
    names = {member(name, word).lower() for word in words}
    if len(words) != count or len(names) != count or not all(re.search(r"\w", w) for w in words):
        rule = f"{count} different words, one for each"
        raise SheetError(f"stack {name!r}: over is {', '.join(words)}; it must be {rule}")
    return words


def together(what: str, over: Any) -> tuple[Words, list[Sequence[Expr]]]:
    """The words of stacks that run together, and one block of each stack for each word."""
    stacks = [over] if isinstance(over, Stack) else list(over)
    if not stacks or not all(isinstance(each, Stack) for each in stacks):
        raise SheetError(f"{what}: over= is what s.stack or s.each gave, or a list of these")
    words = stacks[0].over
    other = next((each for each in stacks if len(each) != len(words)), None)
    if other is not None:
        sizes = f"{stacks[0].name} has {len(words)} blocks, {other.name} has {len(other)}"
        raise ShapeError(f"{what}: {sizes}; they run together, one for each")
    return words, [list(blocks) for blocks in zip(*stacks, strict=True)]


def same_shape(what: str, blocks: Sequence[Expr]) -> None:
    """Raises ShapeError where they differ."""
    if len({block.shape for block in blocks}) > 1:
        sizes = ", ".join(f"{block!r} is {size(block.shape)}" for block in blocks)
        raise ShapeError(f"{what}: {sizes}; they must have one shape")


def block_by_block(names: Mapping[str, Stack], given: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs by name, with those of a stack in the place of its name."""
    blocks: dict[str, Any] = {}
    for name, value in given.items():
        if name not in names:
            blocks[name] = value
            continue
        stack = names[name]
        if isinstance(value, str):
            other = names.get(value)
            value = other if other is not None else value
        if isinstance(value, str) or len(value) != len(stack):
            raise SheetError(f"{name}={value!r}: {stack!r} takes {len(stack)}, one for each")
        blocks |= {block.arg: each for block, each in zip(stack, value, strict=True)}
    return blocks


def made(
    name: str, words: Words, about: Mapping[str, Any], make: Callable[[str, int, dict], Expr]
) -> Stack:
    """A block for each word, by `make` of its name, its number and what is said of it."""
    title = about.get("title") or UNDERSCORE.sub(" ", name)
    blocks = []
    for k, word in enumerate(words):
        said = {**about, "title": f"{title}: {word}"}
        blocks.append(make(member(name, word), k, said))
    same_shape(name, blocks)
    return Stack(name, words, blocks)
