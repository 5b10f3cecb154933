"""What rows and columns are called, in the language, on the page and in the workbook."""

from __future__ import annotations

import io

import numpy as np
import openpyxl
import pytest

from sheets import Sheet, SheetError, backprop, correlate, sentences, softmax, values
from sheets.targets.excel import read_inputs, write
from sheets.targets.excel.layout import layout
from widgets.description import description

CLASSES = ("cat", "dog", "fish")
IMAGES = ("image 1", "image 2")


def sheet() -> Sheet:
    s = Sheet("labels", title="Two images")
    s.input("out", [[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]], rows_named=CLASSES, columns_named=IMAGES)
    s.group("Others")
    s.input("w", [[1.0, 0.5], [0.0, 2.0]], rows_named=IMAGES, columns_named=["a", "b"])
    s.input("t", [[2], [0]], rows_named=["first", "second"], whole=True, low=0, high=2)
    s.input("plain", [[1.0, 2.0]])
    return s


def named(formula) -> tuple[tuple[str, ...], tuple[str, ...]]:
    s = sheet()
    s.let("y", formula(s))
    return s.blocks["y"].rows_named, s.blocks["y"].columns_named


@pytest.mark.parametrize(
    ("formula", "rows", "columns"),
    [
        (lambda s: s["out"] * 2 + s["plain"], CLASSES, IMAGES),
        (lambda s: 1 - np.exp(s["out"]), CLASSES, IMAGES),
        (lambda s: np.where(s["out"] > 0, s["plain"], 0), CLASSES, IMAGES),
        (lambda s: s["out"] @ s["w"], CLASSES, ("a", "b")),
        (lambda s: s["out"].T, IMAGES, CLASSES),
        (lambda s: s["out"].sum(axis=0), (), IMAGES),
        (lambda s: s["out"].max(axis=1), CLASSES, ()),
        (lambda s: s["out"].mean(), (), ()),
        (lambda s: softmax(s["out"] @ s["w"]), CLASSES, ("a", "b")),
        (lambda s: np.cumsum(s["out"], axis=0), CLASSES, IMAGES),
        (lambda s: s["out"][s["t"]], ("first", "second"), IMAGES),
        (lambda s: s["out"][1], ("dog",), IMAGES),
        (lambda s: s["out"][::-1, 1], ("fish", "dog", "cat"), ("image 2",)),
        (lambda s: np.hstack([s["out"], s["out"] @ s["w"]]), CLASSES, (*IMAGES, "a", "b")),
        (lambda s: np.vstack([s["out"], s["out"]]), (), IMAGES),
        (lambda s: correlate(s["out"], s["plain"]), (), ()),
        (lambda s: s["out"] / s["out"].sum(axis=0), CLASSES, IMAGES),
        (lambda s: s["plain"] - 1, (), ()),
    ],
)
def test_a_formula_is_called_after_what_it_is_made_of(formula, rows, columns):
    assert named(formula) == (rows, columns)


def test_a_gradient_is_called_as_its_block_and_a_scan_as_its_rows():
    s = sheet()
    s.scan("mean", lambda before, v: 0.5 * before + v, over=s["out"])
    s.let("loss", (s["mean"] * s["mean"]).sum())
    backprop(s, "loss", ["out"])
    for name in ("mean", "d_out", "d_mean"):
        assert (s.blocks[name].rows_named, s.blocks[name].columns_named) == (CLASSES, IMAGES)


def test_the_author_may_name_a_computed_block():
    s = sheet()
    s.let("y", s["out"] * 1, rows_named=["x", "y", "z"])
    assert s.blocks["y"].rows_named == ("x", "y", "z")
    assert s.blocks["y"].columns_named == IMAGES


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({"rows_named": ["a"]}, "x: rows_named are 1: a; they must be 2 different words"),
        ({"rows_named": ["a", "a"]}, "they must be 2 different words"),
        ({"columns_named": "ab"}, "x: columns_named='ab': a list of words, one for each"),
        ({"columns_named": ["a", ""]}, "every name is a word that is not empty"),
        ({"rows_named": ["a", "b"], "rows": True}, "rows of data may become more or fewer"),
    ],
)
def test_what_is_no_name_is_refused(about, said):
    with pytest.raises(SheetError, match=said) as caught:
        Sheet("wrong").input("x", [[1.0, 2.0], [3.0, 4.0]], **about)
    assert str(caught.value).startswith("test_labels.py:")


# --- said


def test_a_sentence_says_one_cell_by_its_name():
    s = sheet()
    s.let("p", softmax(s["out"], axis=0))
    s.say("fish {p[fish, image 1]:.2f}, {p[3, 1]:.2f}, sum {plain[2]:.1f}, {{not[this]}}")
    computed = values(s)
    expected = f"{computed['p'][2, 0]:.2f}"
    assert sentences(s, computed) == [f"fish {expected}, {expected}, sum 2, {{not[this]}}"]
    write(s, io.BytesIO())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{out[fish]}", "out is 3 x 2; say a fixed row, then a column"),
        ("{out[bird, image 1]}", "'bird' is not one of cat, dog, fish, or 1 to 3"),
        ("{outt[fish, 1]}", "did you mean out"),
    ],
)
def test_a_cell_that_is_not_there_is_refused(text, said):
    with pytest.raises(SheetError, match=said):
        sheet().say(text)


# --- shown


def test_the_page_is_told():
    blocks = {block["name"]: block for block in description(sheet())["blocks"]}
    assert blocks["out"]["rowsNamed"] == CLASSES and blocks["out"]["columnsNamed"] == IMAGES
    assert "rowsNamed" not in blocks["plain"]


def test_the_workbook_has_them_beside_and_above_the_numbers():
    s, file = sheet(), io.BytesIO()
    write(s, file)
    page, place = openpyxl.load_workbook(file)["Sheet"], layout(s).blocks["out"]
    beside = [page.cell(place.row + 1 + i, 1).value for i in range(3)]
    above = [page.cell(place.row, place.column + 1 + j).value for j in range(2)]
    assert (beside, above) == (list(CLASSES), list(IMAGES))
    assert page.cell(place.row + 1, place.column + 1).value == 1
    inputs_read = read_inputs(s, file.getvalue())
    assert inputs_read["out"].tolist() == s.blocks["out"].value.tolist()


def test_the_page_shows_them_in_headings_and_names_of_cells(page, page_file):
    page.goto(page_file(sheet).as_uri())
    page.locator('td[data-block="out"]').first.wait_for()
    table = page.locator("table", has=page.locator('td[data-block="out"]'))
    assert table.locator("thead tr.gs-names th").all_inner_texts()[:2] == list(IMAGES)
    assert table.locator("tbody th").all_inner_texts() == list(CLASSES)
    page.locator('td[data-block="out"][data-row="2"][data-col="1"]').click()
    page.get_by_text("out fish image 2").wait_for()


def test_rows_that_blocks_call_differently_are_numbered():
    s = Sheet("mixed")
    s.input("one", [[1.0], [2.0]], rows_named=["a", "b"])
    s.input("two", [[1.0], [2.0]], rows_named=["a", "other"])
    file = io.BytesIO()
    write(s, file)
    page, place = openpyxl.load_workbook(file)["Sheet"], layout(s).blocks["one"]
    assert [page.cell(place.row + 1 + i, 1).value for i in range(2)] == ["a", 2]
