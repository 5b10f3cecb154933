"""What no workbook can hold is refused in words, before anything is written."""

from __future__ import annotations

import io
import re
import zipfile

import engines
import numpy as np
import pytest
import workbooks
from library_sheets import SHEETS
from quick import thorough

from sheets import Axis, InputError, NeedsBlock, Series, Sheet, SheetError
from sheets.targets.excel import read_inputs, write
from sheets.targets.excel.layout import layout
from sheets.targets.excel.limits import MOST_FORMULAS, nesting
from sheets.targets.excel.parts import parts
from sheets.targets.excel.reading import LARGEST_FILE, LARGEST_UNPACKED


def refused(s: Sheet, error: type[Exception], **options) -> str:
    target = io.BytesIO()
    with pytest.raises(error) as caught:
        write(s, target, **options)
    assert not target.getvalue()
    return str(caught.value)


# --- formulas inside each other


@pytest.mark.parametrize(
    ("formula", "deep"),
    [
        ("A1+B2", 0),
        ("SUM(A1:A3)", 1),
        ("((A1+1)*2)", 0),
        ("IF(A1>0,MAX(0,(B1)),SUM(A1))", 2),
        ('IF(A1,"f(((","")', 1),
        ('LOG10(EXP(A1))&"a ""MAX("" b"', 2),
        ("IF(1,2,3)+IF(1,2,3)", 1),
    ],
)
def test_nesting_counts_functions_inside_each_other(formula, deep):
    assert nesting(formula) == deep


def sines(count: int) -> Sheet:
    s = Sheet("sines")
    e = s.input("x", 0.5)
    for _ in range(count):
        e = np.sin(e)
    s.let("y", e)
    return s


SINES = workbooks.register("sines", lambda: sines(64))


@pytest.mark.parametrize("reading", [workbooks.in_ironcalc, workbooks.in_libreoffice])
def test_as_deep_as_excel_goes(reading):
    s = sines(64)
    np.testing.assert_allclose(
        engines.numbers(s, reading(SINES))["y"],
        engines.numbers(s, workbooks.cached(SINES))["y"],
        rtol=1e-12,
    )


def test_deeper_gets_a_block_for_what_is_deepest():
    s = sines(65)
    assert list(s.blocks) == ["x", "y_part", "y"] and repr(s.blocks["y"].expr) == "sin(y_part)"
    write(s, io.BytesIO())


# --- texts


def with_text(place: str, text: str) -> Sheet:
    s = Sheet(
        "texts", title=text if place == "title" else "", summary=text if place == "summary" else ""
    )
    s.group(text if place == "group" else "Group", text if place == "group note" else "")
    about = {key: text for key in ("title", "note") if place == f"block {key}"}
    s.input("x", 1.0, **about)
    label = text if place == "label" else "label"
    axis = Axis(text if place == "axis" else "axis", 0, 1)
    s.chart(
        text if place == "chart" else "Chart",
        axis,
        axis,
        [Series("x", "x", label)],
        note=text if place == "chart note" else "",
    )
    s.preset(text if place == "preset" else "Preset", text if place == "prediction" else "", x=1)
    if place == "sentence":
        s.say(text)
    s.source(text if place == "source" else "source", text if place == "address" else "")
    return s


PLACES = (
    "title,summary,group,group note,block title,block note,label,axis,chart,chart"
    " note,preset,prediction,sentence,source,address"
)
each_place = pytest.mark.parametrize("place", PLACES.split(","))


@each_place
def test_a_control_character_is_refused_wherever_it_stands(place):
    said = refused(with_text(place, "bell\x07"), SheetError)
    assert (
        "holds a control character; a text is made of letters, spaces and line breaks" in said
        and "\x07" not in said
    )


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1f", "\x7f", "\ud800", "\uffff"])
def test_every_kind_of_it(character):
    assert "control character" in refused(with_text("title", f"a{character}b"), SheetError)


@each_place
@pytest.mark.parametrize("text", ["Größe ≤ 3 ✓", "line\nbreak", "tab\tstop", "🙂"])
def test_other_characters_are_taken(place, text):
    write(with_text(place, text), io.BytesIO())


@each_place
def test_a_text_that_is_too_long_is_refused(place):
    assert re.search(
        r"\.\.\.' has \d+ characters; a workbook takes (255|32767) there|more than Excel takes",
        refused_long(place),
    )


def refused_long(place: str) -> str:
    return refused(with_text(place, "x" * 33_000), SheetError)


def test_a_name_that_is_too_long_is_refused():
    s = Sheet("long")
    s.input("x" * 260, 1.0)
    assert "has 265 characters; a workbook takes 255 there" in refused(s, SheetError)


# --- sizes


def test_a_block_wider_than_a_worksheet_is_refused_by_name():
    s = Sheet("broad")
    s.input("x", np.zeros((1, 16_384)))
    said = refused(s, NeedsBlock)
    assert re.match(
        r"test_limits\.py:\d+: the worksheet Sheet of broad is wider than a worksheet: x alone has"
        r" 1 x 16384 cells",
        said,
    ), said


def sized(width: int = 2) -> Sheet:
    s = Sheet("sized", made_by=sized)
    s.size("width", width, 1, 20_000)
    x = s.input("x", np.ones((1, width)))
    s.let("y", x * 2)
    s.let("x_next", x / 2)
    s.carry(x="x_next")
    return s


def layered(width: int = 2) -> Sheet:
    s = Sheet("layered", made_by=layered)
    s.size("width", width, 1, 20_000)
    x = s.input("x", np.ones((width, 1)))
    for k in range(15):
        x = s.let(f"y_{k}", x * 2)
    return s


def test_where_the_reader_can_lower_a_size_it_is_named():
    said = refused(sized(), InputError, inputs={"width": 19_000})
    assert (
        said
        == "the worksheet Sheet of sized is wider than a worksheet: x alone has 1 x 19000 cells;"
        " lower width (now 19000)"
    )


@thorough
def test_more_formulas_than_open_well_are_refused_with_what_to_lower():
    said = refused(layered(), InputError, inputs={"width": 15_000})
    assert re.fullmatch(
        r"a workbook of layered would have 2\d\d,\d{3} formulas here, and at most 200,000 open"
        r" well: lower width \(now 15000\)",
        said,
    )
    write(layered(), io.BytesIO(), {"width": 1000})


@pytest.mark.thorough
def test_the_count_is_of_the_formulas_that_are_written(tmp_path):
    for name, steps in [*((name, 2) for name in SHEETS), ("momentum", 0), ("optimisers", 0)]:
        s = SHEETS[name]()
        steps = steps if s.carried else 0
        if name == "depth_lab":
            continue
        write(s, tmp_path / "counted.xlsx", steps=steps)
        formulas = engines.formula_cells(tmp_path / "counted.xlsx")
        head = layout(s).head
        large = [("Sheet", head.large_row + 1 + k, 2) for k in range(len(head.large))]
        cells = [
            key
            for key, formula in formulas.items()
            if not re.search(r"Story!|MAX\(Steps!", formula) and key not in large
        ]
        told = [key for key in cells if key[0] == "Story" and key[2] == 4]
        counted = sum(part.formula_count(steps) for part in parts(s, steps))
        assert len(cells) - len(told) == counted, name


@pytest.mark.thorough
def test_the_largest_workbook_that_is_written_can_be_read_back():
    file = io.BytesIO()
    write(sized(), file, {"width": 1000}, steps=10)
    formulas = sum(
        part.formula_count(10) for part in parts(sized().with_inputs({"width": 1000}), 10)
    )
    packed = len(file.getvalue()) / formulas
    with zipfile.ZipFile(file) as archive:
        unpacked = sum(part.file_size for part in archive.infolist()) / formulas
    assert (
        2 * packed * MOST_FORMULAS < LARGEST_FILE
        and 2 * unpacked * MOST_FORMULAS < LARGEST_UNPACKED
    )
    assert read_inputs(sized(), file.getvalue())["width"] == 1000


def test_a_formula_is_as_long_as_its_addresses_make_it():
    s = Sheet("long")
    s.group("Numbers", worksheet="a_worksheet_of_a_very_long_name")
    w = s.input("w", np.ones((4, 60)))
    s.group("Result")
    s.let("y", sum(w[k % 4, k % 60] for k in range(190)))
    cells = {}
    write(s, file := io.BytesIO())
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                text = archive.read(name).decode()
                cells |= {name: max(map(len, re.findall(r"<f>(.*?)</f>", text)), default=0)}
    assert 2000 < max(cells.values()) <= 8192
