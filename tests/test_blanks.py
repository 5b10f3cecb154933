"""Cells that are empty stay empty in every face: what comes of one is empty, sums skip it as
numpy's nan-functions do, and no gradient flows through it.
"""

from __future__ import annotations

import json
import warnings
import zipfile
from functools import cache
from typing import Any

import engines
import examples
import numpy as np
import openpyxl
import pytest
import workbooks
from examples import Kept
from pages import PASTE, cell, check_every_cell, frame
from quick import thorough
from workbooks import check_download

from sheets import (
    Axis,
    InputError,
    Series,
    Sheet,
    SheetError,
    backprop,
    eye,
    known,
    pooled,
    row_index,
    softmax,
    values,
)
from sheets.language.blocks import may_be_empty
from sheets.language.inputs import checked
from sheets.targets.excel import read_inputs, write
from sheets.targets.latex import cell_equation, equation, with_numbers
from sheets.targets.numpy import sentences
from widgets import SheetWidget
from widgets.description import description

Y = [[4.0, None, 2.5], [None, None, None], [1.0, -3.0, None], [0.5, 0.0, 2.0]]
NUMBERS = {
    "y": np.array(Y, dtype=float),
    "p": np.array([[1.5, -0.5, 2.0], [0.25, 1.0, -1.0], [2.5, 0.5, 1.25], [-0.75, 3.0, 0.5]]),
    "w": np.array([[0.5, -1.0], [1.5, 0.25], [-0.5, 2.0]]),
    "b": np.array([[1.0], [np.nan], [3.0], [-2.0]]),
}
FORMULAS = """
y + 1
p - y
(p - y) ** 2
((p - y) ** 2).mean()
y.sum(axis=1)
y.mean(axis=1)
y.mean(axis=0) * 2
y.mean()
y - y.mean(axis=1)
(y - y.mean(axis=1)).sum(axis=0)
y.max(axis=1) - y.min(axis=1)
y.max() + y.min(axis=0)
y.argmax(axis=0) + 1
np.argmin(y, axis=1)
np.std(y, axis=1)
np.var(y, axis=0, ddof=1)
np.nanmean(y * p, axis=0)
np.nansum(np.abs(y))
known(y)
known(y) * p
known(y).sum(axis=1)
known(y).mean()
known(p - y).sum()
known(y.T).sum(axis=1)
known(y.mean(axis=1)) + 1
np.isnan(y).sum(axis=0)
np.nan_to_num(y) @ w
np.nan_to_num(y - y.mean(axis=1)) @ w
np.nan_to_num(y, nan=9) * 2
np.where(known(y), p - y, 0).sum()
np.where(known(y), p - y, 0) @ w
np.where(y > 0.1, y, 0) @ w
np.where(y > 1.2, y, p)
np.where(p > 0, y, p) + 1
np.where(p > 1.1, p, np.nan)
np.where(p > 1.1, p, np.nan).mean(axis=1)
np.where(y - 0.3, p, -p)
y > 0.1
y < 1.2
1 * (y <= 2.2) + np.not_equal(y, 7)
np.equal(y - p, p) + np.logical_and(y - 0.3, p)
np.logical_not(y - 0.3) + 1
(known(y) & (y > 1.2)).sum()
(y > 1.2).sum(axis=1)
(y < 1.2).mean()
np.exp(y / 4).sum()
np.maximum(y, -1)
np.clip(y, -1, 2.2).mean(axis=1)
y.T + 1
y.T.mean(axis=1)
y[2:] * 2
y[:, 0] + b
(y - b).mean()
y * b.sum()
np.hstack([y, b]).mean(axis=1)
np.vstack([y[0], p[1]]).sum(axis=0)
y.reshape(2, 6).sum(axis=1)
y[t]
y[t].mean(axis=0)
np.pad(y, 1).sum(axis=1)
np.nan_to_num(y, nan=-5).max(axis=0)
np.tril(np.nan_to_num(y) @ w).sum()
np.round(y / 3, 1)
""".strip().splitlines()
TRAINED = ("y", "p", "w", "b")


class Skipping(Kept):
    """numpy's arrays with both axes kept, whose reductions are numpy's nan-functions."""

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return super().__array_ufunc__(ufunc, method, *inputs, **options).view(Skipping)

    def __array_function__(self, function, types, args, options):
        skipping = getattr(np, f"nan{function.__name__}", function)
        if function in (np.mean, np.std, np.var, np.argmax, np.argmin):
            return args[0].reduced(skipping, **options)
        return np.asarray(super().__array_function__(skipping, types, args, options)).view(Skipping)

    def __getitem__(self, index):
        return super().__getitem__(index).view(Skipping)

    def reshape(self, *shape):
        return super().reshape(*shape).view(Skipping)

    def reduced(self, skipping: Any, axis: int | None = None, **options: Any) -> Any:
        """nan where there is nothing to reduce, also where numpy raises: argmax of nothing."""
        x = np.asarray(self)
        empty = np.isnan(x).all(axis=axis, keepdims=True)
        there = np.where(empty, 0.0, x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # nothing is left after ddof
            found = np.asarray(skipping(there, axis=axis, keepdims=True, **options), dtype=float)
        return np.where(empty & (skipping is not np.nansum), np.nan, found).view(Skipping)

    def sum(self, axis=None):
        return self.reduced(np.nansum, axis)

    def mean(self, axis=None):
        return self.reduced(np.nanmean, axis)

    def max(self, axis=None):
        return self.reduced(np.nanmax, axis)

    def min(self, axis=None):
        return self.reduced(np.nanmin, axis)

    def argmax(self, axis=None):
        return self.reduced(np.nanargmax, axis)


def by_numpy(formula: str) -> np.ndarray:
    arrays = {name: x.view(Skipping) for name, x in NUMBERS.items()}
    there = lambda x: np.asarray(~np.isnan(x), dtype=float).view(Skipping)
    with np.errstate(all="ignore"):
        found = eval(
            formula, {**examples.REFERENCE, **arrays, "known": there, "t": [[3], [0], [1]]}
        )
    return np.atleast_2d(np.asarray(found, dtype=float))


def sheet_of(formulas: list[str]) -> Sheet:
    """The formulas as blocks `f_0`, ...; a loss of all of them, and its gradients."""
    s = Sheet("formulas")
    blocks = {name: s.input(name, x, blank=name in "yb") for name, x in NUMBERS.items()}
    blocks["t"] = s.input("t", [[3], [0], [1]], whole=True, low=0, high=3)
    losses = []
    for k, formula in enumerate(formulas):
        s.group(f"Formula {k}", formula)
        f = s.let(f"f_{k}", eval(formula, {**examples.WORDS, **blocks, "known": known}))
        losses.append((np.sin(f + k + 0.5)).sum())
    s.group("Loss")
    s.let("loss", sum(losses), role="loss")
    backprop(s, "loss", TRAINED)
    return s


def slope(s: Sheet, name: str) -> np.ndarray:
    """d loss / d `name` by differences, 0 for an empty cell."""
    found = np.zeros(NUMBERS[name].shape)
    for place in zip(*np.nonzero(~np.isnan(NUMBERS[name])), strict=True):
        nudge = np.zeros(found.shape)
        nudge[place] = 1e-3
        at = [values(s, {name: NUMBERS[name] + k * nudge})["loss"].item() for k in (-2, -1, 1, 2)]
        found[place] = (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / 12e-3
    return found


ALL = workbooks.register("blanks", lambda: everything()[0], notes=False)


@cache
def everything() -> tuple[Sheet, dict[str, np.ndarray]]:
    s = sheet_of(FORMULAS)
    return s, values(s)


def test_the_formulas_are_numpys():
    found = everything()[1]
    for k, formula in enumerate(FORMULAS):
        expected = by_numpy(formula)
        np.testing.assert_allclose(found[f"f_{k}"], expected, 1e-12, 1e-12, err_msg=formula)


@thorough
def test_no_gradient_flows_through_what_is_empty():
    s, found = everything()
    for name in TRAINED:
        np.testing.assert_allclose(found[f"d_{name}"], slope(s, name), rtol=1e-6, atol=1e-7)


def test_the_page_computes_the_same():
    s, found = everything()
    assert not examples.differences(engines.in_javascript(s), found)


@thorough
def test_every_cell_has_its_formula_and_its_mathematics():
    s, found = everything()
    for name, block in s.blocks.items():
        assert may_be_empty(block) or not np.isnan(found[name]).any()
        assert equation(s, name) and cell_equation(s, name)
        assert "nan" not in with_numbers(s, name, 0, 0, found)
    assert all(block["excel"] for block in description(s)["blocks"] if "excel" in block)


@thorough
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_libreoffice, workbooks.in_gnumeric, workbooks.in_ironcalc]
)
def test_all_of_them_in_one_workbook(recalculated):
    (s, found), cells = everything(), recalculated(ALL)
    assert not [key for key, cell in cells.items() if engines.is_error(cell)]
    assert not examples.differences(engines.numbers(s, cells), found)


# --- a sheet of ratings


def ratings() -> Sheet:
    """Three people, four films; not everyone saw all."""
    s = Sheet("ratings", title="Who liked which film?")
    s.group("Descent")
    rate = s.parameter("learning_rate", 0.1, 0, 1)
    s.group("Ratings")
    seen = [[5, None, 3, 0], [None, None, 4, 2.5], [1, 4, None, None]]
    stars = s.input("stars", seen, low=0, high=5, blank=True, role="target")
    s.group("Factors")
    films = s.input("films", [[0.5, 1.0, -0.5, 0.75], [1.5, 0.25, 1.0, 0.5]], role="weight")
    people = s.input("people", [[1.0, 0.5], [0.25, 1.25], [-0.5, 1.0]], role="weight")
    s.group("What comes of them")
    error = s.let("error", people @ films - stars, format=".2f")
    s.let("by_person", stars.mean(axis=1), format=".2f")
    s.let("count", known(stars).sum(), format="d")
    s.let("loss", (error**2).mean(), role="loss", format=".4f")
    d = backprop(s, "loss", ["films", "people"])
    s.let("films_next", films - rate * d["films"])
    s.let("people_next", people - rate * d["people"])
    s.carry(films="films_next", people="people_next")
    s.let("person", row_index(3) + 1)
    s.let("first_error", error[:, 0])
    series = [Series("person", "first_error", "first film", "markers")]
    s.chart("Errors", Axis("person", 0, 4), Axis("error", -6, 6), series)
    s.say("{count} ratings, off by {loss:.2f}.")
    s.preset("One more is known", stars=[[5, 1, 3, 0], *seen[1:]], happened="Now {count} count.")
    s.preset("As it was", stars=seen, happened="{count} count again.")
    return s


RUN = workbooks.register("ratings", ratings, steps=3)


@thorough
@pytest.mark.parametrize("recalculated", [workbooks.in_libreoffice, workbooks.in_ironcalc])
def test_a_run_skips_what_is_empty(recalculated):
    s, cells = ratings(), recalculated(RUN)
    computed = engines.numbers(s, cells)
    expected = values(s, steps=3)
    for name in ("error", "by_person", "count", "loss", "films_next", "people_next"):
        np.testing.assert_allclose(computed[name], expected[name], rtol=1e-9, equal_nan=True)
    assert "7 ratings, off by " + f"{expected['loss']:.2f}." in cells.values()


def test_a_workbook_comes_back_with_its_gaps(tmp_path):
    s = ratings()
    np.testing.assert_array_equal(read_inputs(s, workbooks.path(RUN))["stars"], s.defaults["stars"])
    book = openpyxl.load_workbook(workbooks.path(RUN))
    page, cells = next(book.defined_names["stars"].destinations)
    corner = book[page][cells.replace("$", "")][0]
    corner[0].value, corner[1].value, corner[2].value = None, 2, "  "
    book.save(tmp_path / "edited.xlsx")
    inputs_read = read_inputs(s, tmp_path / "edited.xlsx")["stars"]
    np.testing.assert_array_equal(inputs_read[0], [np.nan, 2, np.nan, 0])


def test_what_may_be_empty_says_so():
    block = ratings().inputs["stars"]
    gaps = [[None, "", " "], [float("nan"), np.nan, 1], [0, 5, 2.5]]
    assert np.isnan(checked(block, [[*row, 1] for row in gaps])).sum() == 5
    with pytest.raises(
        InputError, match="row 1 column 2 is 7; it must be a number from 0 to 5, or"
    ):
        checked(block, [[1, 7, 1, 1], [1] * 4, [1] * 4])


REFUSED = {
    "cells without a number; blank=True": lambda s, y: s.input("z", [1, None]),
    "keyword of a parameter": lambda s, y: s.parameter("z", 1, 0, 2, blank=True),
    "not where a formula makes them": lambda s, y: s.input("z", y * 2, blank=True),
    r"'?y'? may be empty, and matmul skips nothing; say .*nan_to_num\(y\)": (
        lambda s, y: s.let("z", y @ y.T)
    ),
    "may be empty, and softmax": lambda s, y: s.let("z", softmax(y)),
    "may be empty, and cumsum": lambda s, y: s.let("z", np.cumsum(y + 1, axis=1)),
    "may be empty, and window": lambda s, y: s.let("z", pooled(y, (1, 2), np.max)),
    "may be empty, and scan": lambda s, y: s.scan("z", lambda before, v: before + v, over=y),
    "may be empty, and take": lambda s, y: s.let("z", eye(3)[y[:, 0]]),
    "x_next may be empty, and steps": lambda s, y: (
        s.input("x", [1, 2]),
        s.let("x_next", y * 2),
        s.carry(x="x_next"),
    ),
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_what_cannot_be_empty_is_refused_at_the_authors_line(refusal):
    s = Sheet("refused")
    y = s.input("y", [1.0, None], blank=True)
    with pytest.raises(SheetError, match=r"test_blanks.py:\d+: .*" + refusal):
        REFUSED[refusal](s, y)


# --- the page


def press(page, key: str) -> None:
    page.keyboard.press(key)
    frame(page)


def test_cells_are_emptied_typed_and_pasted_on_the_page(opened, tmp_path):
    s, page = ratings(), opened(ratings)
    stars = s.defaults["stars"].copy()
    check_every_cell(page, s, {})
    cell(page, "stars", 0, 0).click()
    assert "5" in page.locator(".gs-formula").first.inner_text()
    press(page, "Delete")
    stars[0, 0] = np.nan
    check_every_cell(page, s, {"stars": stars})
    assert "empty   (an input: a number from 0 to 5, or empty)" in page.content()
    cell(page, "stars", 0, 1).dblclick()
    page.keyboard.type("2")
    press(page, "Enter")
    cell(page, "stars", 1, 2).dblclick()
    page.keyboard.press("Backspace")
    press(page, "Enter")
    stars[0, 1], stars[1, 2] = 2, np.nan
    check_every_cell(page, s, {"stars": stars})
    cell(page, "films", 0, 0).click()
    press(page, "Delete")
    assert "films row 1 column 1 is empty; it must be a number" in page.content()
    page.evaluate(PASTE, ["td[data-block='stars'][data-row='0'][data-col='2']", "\t1\n3\t\n\t4\n"])
    frame(page)
    stars[:, 2:] = [[np.nan, 1], [3, np.nan], [np.nan, 4]]
    check_every_cell(page, s, {"stars": stars})
    page.wait_for_timeout(400)
    assert "stars=-,2,-,1;-,-,3,-;1,4,-,4" in page.url
    page.goto(page.url)
    page.reload()
    check_every_cell(page, s, {"stars": stars})
    check_download(page, s, {"stars": stars}, tmp_path)


def test_a_widget_hears_of_gaps():
    w = SheetWidget(ratings())
    assert w.stars[0] == (5, None, 3, 0) and json.dumps(w._description, allow_nan=False)
    w.stars = [[None, 1, 2, 3], [1, 2, float("nan"), 4], [0, 0, 0, 0]]
    assert w.stars[0][0] is None and w.stars[1][2] is None
    assert float(w.values["count"]) == 10


MAYBE = {
    "gaps": ([1, None, 3], {"blank": True}, 3),
    "words": (["S", "C", "S"], {"choices": ("S", "C")}, "S"),
}


@pytest.mark.parametrize("name", MAYBE)
def test_a_table_whose_cells_may_be_no_numbers_keeps_its_rows_and_warns_of_nothing(name, tmp_path):
    """Of a row with a gap, or a word, counting numbers does not say that it is there."""
    given, about, asked = MAYBE[name]
    s, file = Sheet(name), tmp_path / f"{name}.xlsx"
    a, b = s.input("a", given, rows=True, **about), s.input("b", [1, 2, 4], rows=True)
    s.let("sum", (b * np.equal(a, asked)).sum())
    s.say("The sum is {sum:.0f}.")
    write(s, file)
    before = engines.cached_cells(file)
    after = engines.in_ironcalc(file, before)
    assert after["Sheet", 4, 1] == before["Sheet", 4, 1] == sentences(s, values(s))[0]
    assert len(read_inputs(s, file)["a"]) == 3


def test_a_chart_draws_a_gap_where_a_formula_shows_nothing(tmp_path):
    """#N/A is no point of a chart in any program; an empty text would be drawn as 0. What is typed
    is empty itself.
    """
    s = Sheet("gaps")
    y = s.input("y", [[1.0], [None], [3.0], [2.0]], blank=True)
    x = s.let("x", row_index(4) * 1)
    s.let("twice", y * 2)
    s.let("large", np.where(x > 1, x / 2, np.nan))
    series = [Series("x", "y", "typed"), Series("x", "twice", "twice")]
    s.chart("Lines", Axis("x", 0, 6), Axis("y", 0, 10), series)
    s.chart("Bars", Axis("x", 0, 6), Axis("y", 0, 10), [Series("x", "large", "large", "bars")])
    file = tmp_path / "gaps.xlsx"
    write(s, file)
    drawn = [found.split("!")[0] for found in workbooks.chart_ranges(file)]
    assert drawn == ["Sheet", "Sheet", "Sheet", "Chart_data", "Sheet", "Chart_data"]
    with zipfile.ZipFile(file) as parts:
        charts = [parts.read(name) for name in parts.namelist() if "charts/chart" in name]
    assert len(charts) == 2 and all(b'dispNaAsBlank val="1"' in chart for chart in charts)
    before = engines.cached_cells(file)
    for cells in (before, engines.in_ironcalc(file, before)):
        errors = {key[0]: x for key, x in cells.items() if engines.is_error(x)}
        assert errors == {"Chart_data": "#N/A"}
        assert len([x for x in cells.values() if engines.is_error(x)]) == 3
