"""How a formula is spelled: pieces of text that know how tightly they bind, and templates for them.

A spelling is a format string. `{0:mul}` is argument 0, put in parentheses unless it binds at least
as tightly as mul; `mul|` in front says how tightly the result itself binds (nothing in front: as
one atom). A right operand asks for more than its own level, so that a-(b+c), and also a+(b+c), keep
the order of the author's operations to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

# How tightly a piece binds, and what a place asks for:
# * test: a comparison, true or false. It binds loosest, and counts as 1 or 0 beside a number.
# * number: as add, but a test must be turned into 1 or 0 first (Excel's TRUE is not equal to 1).
# * sign: as atom, and the same for a test (LibreOffice shows -(a>b) as TRUE or FALSE).
# * term: of mathematics alone, a sum: a + \sum b needs no parentheses, (\sum a) b does.
LEVELS = {"any": 0, "number": 1, "add": 1, "term": 2, "mul": 3, "pow": 4, "atom": 5, "sign": 5}


class Test(NamedTuple):
    """How a target writes a comparison where it counts as 1 or 0."""

    alone: str  # as a whole formula or an argument: `1*(a>b)`
    operand: str  # beside +, -, *, / or ^, which count it themselves: `(a>b)`


class Text(NamedTuple):
    """A piece of generated source that knows how tightly it binds."""

    text: str
    level: str = "atom"
    test: Test | None = None  # of a comparison only

    def __format__(self, need: str) -> str:
        if need == "truth":  # of a condition: a number that is not 0, as numpy has it
            return self.text if self.test is not None else f"{self:mul}!==0"
        if self.test is not None:
            if need == "test":
                return self.text
            count = self.test.alone.format(self.text)
            if need in ("", "any", "number"):
                return count
            return f"({count})" if need == "sign" else self.test.operand.format(self.text)
        need = "any" if need in ("", "test") else need
        return self.text if LEVELS[self.level] >= LEVELS[need] else f"({self.text})"


def spell(template: str, args: Sequence[Any], test: Test) -> Text:
    """The template of an op's row filled with its arguments, each in parentheses where it needs
    them.
    """
    if template == "{0}":
        return args[0]  # an op that is not written keeps its argument's own binding
    level, bar, body = template.partition("|")
    if not bar or (
        level not in LEVELS and level != "test"
    ):  # a bar of the formula itself, as in |x|
        level, body = "atom", template
    return Text(body.format(*args), level, test if level == "test" else None)
