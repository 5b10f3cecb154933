"""Inputs that start from a formula, and sheets made anew by a size: the same in every face."""

from __future__ import annotations

import io

import engines
import numpy as np
import openpyxl
import pytest
import traitlets
import workbooks
from examples import differences

from sheets import InputError, Sheet, backprop, normal, values
from sheets.targets.excel import read_inputs, write
from widgets import SheetWidget


def network(width: int = 3) -> Sheet:
    """One hidden layer whose weights are drawn, may be typed over, and are trained."""
    s = Sheet("network", made_by=network)
    s.size("width", width, 1, 6)
    x, y, rate = s.input("x", [2.0, 3.0, 1.0]), s.input("y", [0.5]), s.input("rate", 0.01)
    seed, std = s.parameter("seed", 1, 0, 100, whole=True), s.parameter("std", 0.5, 0, 10)
    first = s.input("first", normal(s, "noise_1", (3, width), seed) * std, role="weight")
    second = s.input("second", normal(s, "noise_2", (width, 1), seed) * std, role="weight")
    s.let("hidden", np.maximum(0, x @ first))
    s.let("loss", (y - s["hidden"] @ second) ** 2)
    d = backprop(s, "loss", ["first", "second"])
    s.let("first_next", first - rate * d["first"])
    s.let("second_next", second - rate * d["second"])
    s.carry(first="first_next", second="second_next")
    return s


TYPED = [[0.5], [-0.25], [1.0]]
STARTS = {"drawn": {}, "typed": {"second": TYPED}, "of another width": {"width": 5, "std": 2}, "another draw": {"seed": 7}}
NAMES = {start: workbooks.register(f"network {start}", network, inputs=inputs, steps=3) for start, inputs in STARTS.items()}
each_start = pytest.mark.parametrize("start", STARTS)


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
    assert not [name for name in network().blocks if name.startswith(("d_std", "d_noise", "d_seed"))]


@each_start
@pytest.mark.parametrize("steps", [0, 3])
def test_the_page_s_program(start, steps):
    found = engines.in_javascript(network().with_inputs(STARTS[start]), steps=steps)
    assert not differences(found, values(network(), STARTS[start], steps))


@each_start
def test_workbook_engines_and_the_cached_values_agree(start):
    cached = engines.cached_cells(workbooks.path(NAMES[start]))
    for engine in (workbooks.in_ironcalc, workbooks.in_libreoffice):
        found = engine(NAMES[start])
        wrong = [key for key, x in cached.items() if isinstance(x, float | int) and not np.isclose(found[key], x, rtol=1e-9, atol=1e-12)]
        assert not wrong


@each_start
def test_back_from_the_workbook(start):
    expected = network().with_inputs(STARTS[start])
    found = read_inputs(network(), workbooks.path(NAMES[start]))
    assert {name: x is None for name, x in found.items()} == {name: b.value is None for name, b in expected.inputs.items()}
    for name, block in values(expected).items():
        np.testing.assert_allclose(values(network(), found)[name], block, rtol=1e-12)


def edited(change, start: str = "drawn") -> bytes:
    """The workbook as LibreOffice left it after a person typed something: its formulas keep the numbers they had."""
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
    found = read_inputs(network(), edited(lambda cell: setattr(cell, "value", 9.0)))
    drawn = values(network())["second"]
    np.testing.assert_allclose(found["second"], [[9.0], *drawn[1:]], rtol=1e-12)
    assert found["first"] is None


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
    assert next(block for block in widget._description["blocks"] if block["name"] == "first")["shape"] == [3, 5]
    widget.second = [[1.0]] * 5
    assert widget.values["hidden"].shape == (1, 5)
