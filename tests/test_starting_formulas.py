"""Inputs that start from a formula, and sheets made anew by a size: the same in every face."""

from __future__ import annotations

import io

import engines
import numpy as np
import openpyxl
import pytest
import traitlets
import workbooks
from example_sheets import network
from examples import differences
from quick import few_when_quick, thorough

from sheets import InputError, Rows, Sheet, SheetError, normal, uniform, values
from sheets.targets.excel import read_inputs, write
from widgets import SheetWidget

TYPED = [[0.5], [-0.25], [1.0]]
STARTS = {
    "drawn": {},
    "typed": {"second": TYPED},
    "of another width": {"width": 5, "std": 2},
    "another draw": {"seed": 7},
}
NAMES = {
    start: workbooks.register(f"network {start}", network, inputs=inputs, steps=3)
    for start, inputs in STARTS.items()
}
each_start = pytest.mark.parametrize(
    "start", few_when_quick(STARTS, ("drawn", "typed").__contains__)
)


def test_the_formula_holds_until_numbers_are_given():
    drawn = values(network())
    np.testing.assert_array_equal(drawn["first"], drawn["noise_1"] * 0.5)
    np.testing.assert_array_equal(values(network(), {"std": 2})["first"], drawn["noise_1"] * 2)
    typed = values(network(), {"second": TYPED, "std": 2})
    np.testing.assert_array_equal(typed["second"], TYPED)
    np.testing.assert_array_equal(typed["first"], drawn["noise_1"] * 2)
    given_back = network().with_inputs({"second": TYPED}).with_inputs({"second": None})
    np.testing.assert_array_equal(values(given_back)["second"], drawn["second"])


def test_only_what_has_a_formula_can_be_given_back_to_it():
    with pytest.raises(InputError, match="rate is empty; it must be a number"):
        network().with_inputs({"rate": None})


def test_a_drawn_weight_takes_its_gradient_and_its_draw_takes_none():
    assert {"d_first", "d_second"} <= set(network().blocks)
    assert not [
        name for name in network().blocks if name.startswith(("d_std", "d_noise", "d_seed"))
    ]


@each_start
@pytest.mark.parametrize("steps", [0, 3])
def test_the_page_s_program(start, steps):
    computed = engines.in_javascript(network().with_inputs(STARTS[start]), steps=steps)
    assert not differences(computed, values(network(), STARTS[start], steps))


@thorough
@each_start
def test_workbook_engines_and_the_cached_values_agree(start):
    cached = engines.cached_cells(workbooks.path(NAMES[start]))
    for engine in (workbooks.in_ironcalc, workbooks.in_libreoffice):
        found = engine(NAMES[start])
        wrong = [
            key
            for key, x in cached.items()
            if isinstance(x, float | int) and not np.isclose(found[key], x, rtol=1e-9, atol=1e-12)
        ]
        assert not wrong


@thorough
@each_start
def test_back_from_the_workbook(start):
    expected = network().with_inputs(STARTS[start])
    inputs_read = read_inputs(network(), workbooks.path(NAMES[start]))
    assert {name: x is None for name, x in inputs_read.items()} == {
        name: b.value is None for name, b in expected.inputs.items()
    }
    for name, block in values(expected).items():
        np.testing.assert_allclose(values(network(), inputs_read)[name], block, rtol=1e-12)


def edited(change, start: str = "drawn") -> bytes:
    """The workbook as LibreOffice left it after a person typed something: its formulas keep the
    numbers they had.
    """
    file = io.BytesIO()
    write(network(), file, STARTS[start])
    book, cached = openpyxl.load_workbook(file), openpyxl.load_workbook(file, data_only=True)
    area = book.defined_names["second"].attr_text.split("!")[1].replace("$", "")
    for row in cached["Sheet"][area]:
        for cell in row:
            book["Sheet"][cell.coordinate] = cell.value
    change(book["Sheet"][area.split(":")[0]])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_one_cell_typed_over_its_formula_gives_the_whole_block():
    inputs_read = read_inputs(network(), edited(lambda cell: setattr(cell, "value", 9.0)))
    drawn = values(network())["second"]
    np.testing.assert_allclose(inputs_read["second"], [[9.0], *drawn[1:]], rtol=1e-12)
    assert inputs_read["first"] is None


def test_a_cell_that_was_emptied_is_named():
    with pytest.raises(InputError, match="second row 1 is empty"):
        read_inputs(network(), edited(lambda cell: setattr(cell, "value", None)))


def test_a_size_makes_the_sheet_anew_and_keeps_what_fits():
    given = network().with_inputs({"rate": 0.5, "second": TYPED}).with_inputs({"width": 2})
    assert given.blocks["first"].shape == (3, 2)
    assert given.blocks["second"].value is None  # three typed numbers do not fit two units
    assert given.blocks["rate"].value == 0.5


@pytest.mark.parametrize("value", [0, 7, 2.5, "wide"])
def test_a_size_that_cannot_be(value):
    with pytest.raises(InputError, match=r"width.*must be a whole number from 1 to 6"):
        values(network(), {"width": value})


def tilted() -> Sheet:
    """`tilt` starts from what moves: typed over, it stays what was typed."""
    s = Sheet("tilted")
    a = s.input("a", 1.0)
    tilt = s.input("tilt", a * 2)
    s.let("a_next", a + tilt)
    s.carry(a="a_next")
    return s


TILTED = {
    typed: workbooks.register(f"tilted {typed}", tilted, inputs={"tilt": typed}, steps=3)
    for typed in (None, 5)
}


@thorough
@pytest.mark.parametrize("typed", TILTED)
def test_a_formula_that_moves_until_it_is_typed_over(typed):
    a = 1.0
    for step in range(4):
        computed = values(tilted(), {"tilt": typed}, step)
        assert computed["a"] == a and computed["tilt"] == (2 * a if typed is None else typed)
        assert not differences(
            engines.in_javascript(tilted().with_inputs({"tilt": typed}), steps=step), computed
        )
        for cells in (
            workbooks.in_ironcalc(TILTED[typed]),
            workbooks.in_libreoffice(TILTED[typed]),
        ):
            assert cells["Steps", 7 + step, 2] == a
        a += computed["tilt"].item()


# --- as a widget


@pytest.fixture
def widget():
    made = SheetWidget(network())
    yield made
    made.close()


def test_a_widget_s_formula_is_none_until_it_is_given_numbers(widget):
    assert widget.second is None
    widget.second = TYPED
    assert widget.second == tuple(map(tuple, TYPED))
    np.testing.assert_array_equal(widget.values["second"], TYPED)
    widget.second = None
    np.testing.assert_array_equal(widget.values["second"], values(network())["second"])
    with pytest.raises(traitlets.TraitError, match="rate"):
        widget.rate = None


@pytest.mark.parametrize("way", ["trait", "set", "the page asks"])
def test_a_widget_of_another_size(widget, way):
    widget.set(rate=0.25, second=TYPED)
    if way == "trait":
        widget.width = 5
    elif way == "set":
        widget.set(width=5)
    else:
        widget._answer(widget, {"kind": "resize", "number": 1, "inputs": {"width": [[5]]}}, [])
    assert widget.second is None and widget.rate == 0.25 and widget.width == 5
    assert widget.values["first"].shape == (3, 5)
    assert next(block for block in widget._description["blocks"] if block["name"] == "first")[
        "shape"
    ] == [3, 5]
    widget.second = [[1.0]] * 5
    assert widget.values["hidden"].shape == (1, 5)


# --- rows of data that start from a formula


def cloud() -> Sheet:
    """Points drawn on a line, until they are given."""
    s = Sheet("cloud")
    slope, seed = s.parameter("slope", 2, 0, 10), s.parameter("seed", 1, 0, 100, whole=True)
    x = s.input("x", uniform(s, "drawn", (Rows(4), 1), seed), low=0, high=9)
    y = s.input("y", slope * x, role="target")
    s.let("total", (x * y).sum() + x.shape[0])
    return s


CLOUDS = {
    "drawn": {},
    "x given": {"x": [1, 2, 3, 4, 5, 6]},
    "both given": {"x": [1, 2, 3], "y": [6, 5, 4]},
    "y given": {"y": [7, 8]},
}
CLOUD_NAMES = {
    start: workbooks.register(f"cloud {start}", cloud, inputs=inputs)
    for start, inputs in CLOUDS.items()
}
ENGINES = (workbooks.in_ironcalc, workbooks.in_libreoffice)
each_cloud = pytest.mark.parametrize("start", CLOUDS)


@each_cloud
def test_rows_that_are_given_say_how_many_there_are(start):
    computed = values(cloud(), {**CLOUDS[start], "slope": 3})
    rows = max(map(len, CLOUDS[start].values()), default=4)
    assert computed["x"].shape == computed["y"].shape == computed["drawn"].shape == (rows, 1)
    for name, source in {"x": computed["drawn"], "y": 3 * computed["x"]}.items():
        np.testing.assert_array_equal(
            computed[name].ravel(), CLOUDS[start].get(name, source.ravel())
        )
    assert computed["total"].item() == pytest.approx((computed["x"] * computed["y"]).sum() + rows)


@each_cloud
def test_drawn_rows_are_the_same_in_every_face(start):
    ours = values(cloud(), CLOUDS[start])
    sheet = cloud().with_inputs(CLOUDS[start])
    for found in (
        engines.in_javascript(sheet),
        *(engines.numbers(sheet, read(CLOUD_NAMES[start])) for read in ENGINES),
    ):
        assert not differences({name: found[name] for name in ours}, ours)


@each_cloud
def test_drawn_rows_come_back_from_the_workbook_as_drawn(start):
    inputs_read = read_inputs(cloud(), workbooks.path(CLOUD_NAMES[start]))
    assert {name for name in ("x", "y") if inputs_read[name] is not None} == set(CLOUDS[start])


def test_rows_typed_below_drawn_ones_are_read_as_the_readers_own():
    file, out = io.BytesIO(), io.BytesIO()
    write(cloud(), file)
    book = openpyxl.load_workbook(file)
    cached = openpyxl.load_workbook(file, data_only=True)
    for name, typed in (("x", 5.0), ("y", 1.0)):
        area = book.defined_names[name].attr_text.split("!")[1].replace("$", "")
        for row in cached["Sheet"][area][: len(values(cloud())[name])]:
            book["Sheet"][row[0].coordinate] = row[0].value
        book["Sheet"].cell(row[0].row + 1, row[0].column).value = typed
    book.save(out)
    inputs_read = read_inputs(cloud(), out.getvalue())
    np.testing.assert_allclose(inputs_read["x"].ravel(), [*values(cloud())["x"].ravel(), 5])
    assert inputs_read["y"][-1] == 1


def test_given_back_to_their_formulas_there_are_as_many_rows_as_at_first():
    widget = SheetWidget(cloud())
    widget.set(x=[1, 2, 3], y=[6, 5, 4])
    assert widget.values["drawn"].shape == (3, 1)
    widget.set(x=None, y=None)
    np.testing.assert_array_equal(widget.values["x"], values(cloud())["x"])
    widget.close()


def test_rows_of_a_formula_must_be_as_many_as_the_others_and_meant_as_data():
    s = Sheet("uneven")
    seed = s.parameter("seed", 1, 0, 100, whole=True)
    s.input("x", [1, 2, 3], rows=True)
    with pytest.raises(SheetError, match="'y' has 4 rows of data, the blocks before it 3"):
        s.input("y", normal(s, "e", (Rows(4), 1), seed))
    with pytest.raises(
        SheetError,
        match=r"'z' starts from 3 fixed rows; they are data where the formula is made for Rows",
    ):
        s.input("z", normal(s, "f", (3, 1), seed), rows=True)
