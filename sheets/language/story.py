"""A sheet's story from a TOML file: the opening's notes, the presets in order, the questions, the
exercises.

The file holds what is only words and settings; each key is the argument of that name of
`Sheet.introduce`, `Sheet.notes`, `Sheet.preset`, `Sheet.predict` and `Sheet.exercise`:

    introduction = "A line is to find its points. How far may a step go?"
    notes = "Ask who has ever seen a loss explode."
    numbers = ["mse"]                       # on the stage, of every preset that says no others
    inputs = { learning_rate = 0.1 }        # of every preset that does not say its own

    [[presets]]
    title = "Too fast: {learning_rate:g}"
    predict = \"""
    What will the line do?
    A line break is a space; an empty line begins a paragraph.
    \"""
    inputs = { learning_rate = 2 }
    notes = "Step once, then wait."
    happened = "The loss is {mse:.3g}."
    why = "Each step lands further up the other side."
    says = "Now the loss is {mse:.3f}."    # its sentence, with the numbers of now
    controls = ["learning_rate"]            # what the stage shows: see Scene
    charts = [1, 2]
    play = 10

    [[questions]]
    question = "Where is the slope after ten steps?"
    answer = "a"
    reason = "It is at {a:.2f}."
    preset = "Too fast: 2"
    steps = 10

    [[exercises]]
    task = "Bring the loss below 0.1 in ten steps."
    preset = "Too fast: 2"                  # where it begins
    reached = ["loss < 0.1", "step <= 10"]
    way = { learning_rate = 0.5 }           # one that does it
    steps = 10
    solved = "A rate of {learning_rate:.1f} does it."

What Python computes, Python gives by name: with `tell(s, "story.toml", {"twice the limit": rate})`
the file says `inputs = { learning_rate = "twice the limit" }`. A name may also stand for settings
of several inputs, a mapping: `settings = "PyTorch's"`; `inputs` then come on top of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import SheetError, author_line, nearest
from .scene import SCENE
from .sheet import Sheet

Kinds = dict[str, type | tuple[type, ...]]

# What each part of a file may say, and as what.
SHOWS: Kinds = dict(SCENE)
FILE: Kinds = {
    "introduction": str,
    "notes": str,
    "inputs": dict,
    "presets": list,
    "questions": list,
    "exercises": list,
    **SHOWS,
}
WORDS = ("title", "predict", "notes", "happened", "why", "says")
PRESET: Kinds = {**dict.fromkeys(WORDS, str), "settings": str, "inputs": dict, **SHOWS}
QUESTION: Kinds = {
    "question": str,
    "answer": str,
    "reason": str,
    "tolerance": (int, float),
    "preset": str,
    "steps": int,
}
EXERCISE: Kinds = {
    "task": str,
    "solved": str,
    "answer": str,
    "tolerance": (int, float),
    "reached": list,
    "preset": str,
    "way": dict,
    "steps": int,
}
PRESET_NEEDS = ("title",)
QUESTION_NEEDS = ("question", "answer", "reason")
EXERCISE_NEEDS = ("task", "solved")
IN_WORDS = {
    str: "text in quotes",
    int: "a whole number",
    (int, float): "a number",
    dict: "a table, { name = value }",
    list: "a list, [one, other]",
}


def tell(sheet: Sheet, path: str | Path, given: Mapping[str, Any] | None = None) -> None:
    """Adds a TOML file's notes, presets and questions to a sheet that has its blocks and charts.

    given: what Python computes, by the name that the file calls it. Raises SheetError, which names
    the file and the preset or question, for what is no TOML, unknown keys and names, missing words
    and whatever `Sheet.preset` and `Sheet.predict` refuse.
    """
    Teller(sheet, Path(path), dict(given or {})).tell()


class Teller:
    """One file on its way into one sheet; it knows which of the given names were asked for."""

    def __init__(self, sheet: Sheet, path: Path, given: dict[str, Any]):
        self.sheet, self.file, self.given = sheet, path.name, given
        self.author = author_line()  # what a sheet's refusals begin with
        self.asked: set[str] = set()
        self.story = self._read(path)
        self._check(self.file, self.story, FILE)

    def tell(self) -> None:
        with self._at(self.file, "the introduction: "):
            self.sheet.introduce(
                paragraphs(self.story.get("introduction", "")), **_shows(self.story)
            )
        if "notes" in self.story:
            with self._at(self.file):
                self.sheet.notes(paragraphs(self.story["notes"]))
        self._each("presets", "preset", "title", self._preset)
        self._each("questions", "question", "question", self._question)
        self._each("exercises", "exercise", "task", self._exercise)
        if unasked := self.given.keys() - self.asked:
            name = sorted(unasked)[0]
            raise SheetError(f"{name!r} is given by Python, but no preset names it", self.file)

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SheetError(f"{path}: there is no such story to read ({error.strerror})") from None
        except ValueError as error:
            raise SheetError(f"this is no TOML: {error}", self.file) from None

    def _each(
        self, key: str, kind: str, title: str, add: Callable[[str, dict[str, Any]], None]
    ) -> None:
        """Adds every table under [[key]]; a message calls it by its title, or by its number."""
        for number, table in enumerate(self.story.get(key, ()), 1):
            if not isinstance(table, dict):
                raise SheetError(f"{key} are tables: write each under [[{key}]]", self.file)
            name = table.get(title, number)
            named = repr(paragraphs(name)) if isinstance(name, str) else str(number)
            add(f"{self.file}, {kind} {named}", table)

    def _preset(self, where: str, table: dict[str, Any]) -> None:
        self._check(where, table, PRESET, PRESET_NEEDS)
        words = {key: paragraphs(table.get(key, "")) for key in WORDS}
        inputs = self.story.get("inputs", {}) | self._settings(where, table)
        inputs |= table.get("inputs", {})
        with self._at(where, f"preset {words['title']!r}: "):
            given = {key: self._value(x) for key, x in inputs.items()}
            self.sheet.preset(**words, shows=_shows(table), **given)

    def _question(self, where: str, table: dict[str, Any]) -> None:
        self._check(where, table, QUESTION, QUESTION_NEEDS)
        words: dict[str, Any] = {
            key: paragraphs(x) if isinstance(x, str) else x for key, x in table.items()
        }
        with self._at(where, f"prediction {words['question']!r}: "):
            self.sheet.predict(**words)

    def _exercise(self, where: str, table: dict[str, Any]) -> None:
        self._check(where, table, EXERCISE, EXERCISE_NEEDS)
        words: dict[str, Any] = {
            key: paragraphs(x) if isinstance(x, str) else x for key, x in table.items()
        }
        way = {key: self._value(x) for key, x in table.get("way", {}).items()}
        with self._at(where, f"exercise {words['task']!r}: "):
            self.sheet.exercise(**words | {"way": way})

    def _settings(self, where: str, table: dict[str, Any]) -> dict[str, Any]:
        """The inputs that Python gives under the name of a preset's `settings`."""
        if "settings" not in table:
            return {}
        name = table["settings"]
        sets = [known for known, value in self.given.items() if isinstance(value, Mapping)]
        if name not in sets:
            known = nearest(name, sets) if sets else "tell(sheet, file, {name: {...}}) gives them"
            raise SheetError(f"Python gives no settings {name!r}; {known}", where)
        self.asked.add(name)
        return dict(self.given[name])

    def _value(self, value: Any) -> Any:
        """What Python gives under this name, or the value itself."""
        if isinstance(value, str) and value in self.given:
            self.asked.add(value)
            return self.given[value]
        return value

    def _check(
        self, where: str, table: dict[str, Any], kinds: Kinds, needs: tuple[str, ...] = ()
    ) -> None:
        for key, value in table.items():
            if key not in kinds:
                raise SheetError(f"there is no key {key!r}; {nearest(key, kinds)}", where)
            if not isinstance(value, kinds[key]) or isinstance(value, bool):
                raise SheetError(f"{key} is {value!r}; write {IN_WORDS[kinds[key]]}", where)
        for key in needs:
            if not paragraphs(table.get(key, "")):
                raise SheetError(f'it has no {key}; write {key} = "..."', where)

    @contextmanager
    def _at(self, where: str, named: str = "") -> Iterator[None]:
        """Says what a sheet refuses at the file's place in place of the author's line."""
        try:
            yield
        except SheetError as error:
            message = str(error).removeprefix(f"{self.author}: ").removeprefix(named)
            raise SheetError(message, where) from None


def _shows(table: dict[str, Any]) -> dict[str, Any]:
    """What a table says of the stage."""
    return {key: value for key, value in table.items() if key in SHOWS}


def paragraphs(text: str) -> str:
    """Text with one line a paragraph, of text whose paragraphs stand apart by empty lines."""
    joined: list[list[str]] = [[]]
    for line in map(str.strip, text.splitlines()):
        if line:
            joined[-1].append(line)
        elif joined[-1]:
            joined.append([])
    return "\n".join(" ".join(lines) for lines in joined if lines)
