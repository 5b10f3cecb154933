"""A run that a workbook does not hold whole: it begins at a later step, or is left out."""

from __future__ import annotations

from dataclasses import replace

from ...language.expr import const
from ...language.sheet import Sheet
from ...language.teaching import Sentence
from ..numpy import Values


class Run(list[Values]):
    """Every block at each step that a workbook holds. first: the first one's number."""

    def __init__(self, steps: list[Values], first: int = 0) -> None:
        super().__init__(steps)
        self.first = first


def begun_at(sheet: Sheet, reached: Values, says: str) -> Sheet:
    """The same sheet that starts from what a run has reached, and says so."""
    new = sheet.copied()
    for name in sheet.carried:
        new.input_named(name).value = reached[name].copy()
    new.sentences = [Sentence(const(1), (says,)), *sheet.sentences]
    return new


def without_steps(sheet: Sheet) -> Sheet:
    """The same sheet as it stands, without a next step, and without charts over steps."""
    new = sheet.copied()
    new.carried, new.ends = {}, ""
    still = [
        replace(chart, series=tuple(each for each in chart.series if not each.steps))
        for chart in sheet.charts
    ]
    new.charts = [chart for chart in still if chart.series or chart.contour is not None]
    return new
