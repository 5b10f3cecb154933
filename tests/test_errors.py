"""What an author can do wrong, and what is said: the author's own line in front, the blocks and
shapes, and what to write instead.
"""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable

import numpy as np
import pytest

import sheets
from sheets import (
    POINTER_X,
    Axis,
    Contour,
    InputError,
    NeedsBlock,
    Series,
    ShapeError,
    Sheet,
    SheetError,
    backprop,
    column_index,
    normal,
    row_index,
)
from sheets.targets.excel import write


def lesson() -> Sheet:
    """x (3 data rows, 2), w (2, 4), v (1, 4), n (1, 1), and y computed."""
    s = Sheet("lesson")
    s.input("x", [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], rows=True)
    s.input("w", np.ones((2, 4)))
    s.input("v", [1.0, 2.0, 3.0, 4.0])
    s.input("n", 2.0)
    s.let("y", s["x"] @ s["w"])
    return s


MISTAKES: dict[str, tuple[type[Exception], str, Callable[[Sheet], object]]] = {
    # ops
    "an unknown ufunc": (
        SheetError,
        "np.spacing is not in the language; ",
        lambda s: np.spacing(s["x"]),
    ),
    "an unknown function": (
        SheetError,
        "np.unique is not in the language; how many it finds would change the block's size; count",
        lambda s: np.unique(s["x"]),
    ),
    "a ufunc's method": (
        SheetError,
        "np.divide can only be called plainly here: no out=, where= or .reduce",
        lambda s: np.divide.reduce(s["x"]),
    ),
    "a ufunc's option": (
        SheetError,
        "np.exp can only be called plainly here",
        lambda s: np.exp(s["x"], where=np.array([[True]])),
    ),
    "a slice": (
        SheetError,
        "data rows may become more or fewer, so no slice fits; look rows up by a block",
        lambda s: s["x"][0:2],
    ),
    "a lookup by truth": (
        SheetError,
        "rows and columns are chosen by whole numbers, slices, or a block of row numbers",
        lambda s: s["x"][True],
    ),
    "a loop": (
        SheetError,
        "x cannot be looped over: its rows are data and may become more or fewer",
        lambda s: list(s["x"]),
    ),
    "an if": (
        SheetError,
        "`if greater(n, 1)` has no answer while the sheet is written; use np.where",
        lambda s: 1 if s["n"] > 1 else 2,
    ),
    "and": (SheetError, "use np.where(condition, a, b)", lambda s: (s["n"] > 1) and (s["n"] < 3)),
    "==": (
        SheetError,
        (
            "a plain False in a formula: `==` and `!=` compare the expressions themselves; write"
            " np.equal(a, b)"
        ),
        lambda s: np.where(s["n"] == 1, s["n"], 3),
    ),
    "== between numbers": (
        SheetError,
        (
            "np.where was given no expression: `==` and `!=` compare the expressions themselves;"
            " write np.equal(a, b)"
        ),
        lambda s: s.let("z", np.where(s["n"] == 1, 2, 3)),
    ),
    "!=": (SheetError, "a plain True in a formula", lambda s: s["n"] * (s["n"] != 1)),
    "an array": (
        SheetError,
        (
            "an array inside a formula has no name to show: make it a block with sheet.input(name,"
            " values)"
        ),
        lambda s: s["v"] + np.array([[3, 1, 4, 1]]),
    ),
    "a list": (
        SheetError,
        "an array inside a formula has no name to show",
        lambda s: s["v"] * [1, 2, 4, 8],
    ),
    "a text": (SheetError, "'two' is not a number or an expression", lambda s: s["n"] + "two"),
    "nothing": (SheetError, "None is not a number or an expression", lambda s: s["n"] * None),
    "an infinity": (
        SheetError,
        "inf inside a formula is no number that a workbook knows",
        lambda s: np.minimum(s["n"], np.inf),
    ),
    "a nan": (
        SheetError,
        "nan inside a formula is no number",
        lambda s: s["n"] + np.nan,
    ),
    # shapes
    "shapes": (
        ShapeError,
        "add: w is 2 x 4, x is 3 x 2; rows must be equal or 1",
        lambda s: s["w"] + s["x"],
    ),
    "columns": (
        ShapeError,
        "multiply: x is 3 x 2, y is 3 x 4; columns must be equal or 1",
        lambda s: s["x"] * s["y"],
    ),
    "matmul": (
        ShapeError,
        (
            "w @ x: 2 x 4 @ 3 x 2; the columns of the first (4) must be as many as the rows of the"
            " second (3)"
        ),
        lambda s: s["w"] @ s["x"],
    ),
    "fixed rows with data rows": (
        ShapeError,
        "a number of data rows can change, a fixed number cannot",
        lambda s: s["x"] + s.input("three", [[1.0], [2.0], [3.0]]),
    ),
    "a fixed number of columns with data rows": (
        ShapeError,
        (
            "w @ x: 3 x 3 @ 3 x 2; the columns of the first (3) must be as many as the rows of the"
            " second (3) (a number of data rows can change"
        ),
        lambda s: Sheet("w").input("w", np.ones((3, 3))) @ s["x"],
    ),
    "an axis": (
        ShapeError,
        "sum of x: axis 2 does not exist; it is 0 (down), 1 (across) or None (all)",
        lambda s: s["x"].sum(axis=2),
    ),
    "row numbers across": (
        ShapeError,
        "row numbers stand in one column, but w is 2 x 4",
        lambda s: s["w"][s["w"]],
    ),
    "a row that is not there": (
        ShapeError,
        "w[2]: w is 2 x 4, and its rows are counted from 0",
        lambda s: s["w"][2],
    ),
    "a row from the end": (
        ShapeError,
        "w[-3]: w is 2 x 4, and its rows are counted from 0",
        lambda s: s["w"][-3],
    ),
    "single elements looked up": (
        SheetError,
        "np.take of w without an axis counts single elements; write np.take(x, t, axis=0) or x[t]",
        lambda s: np.take(s["w"], s["n"]),
    ),
    "no rows": (ShapeError, "0 is not a number of rows or columns", lambda s: row_index(0)),
    "half a column": (
        ShapeError,
        "2.5 is not a number of rows or columns",
        lambda s: column_index(2.5),
    ),
    "a formula as a length": (
        ShapeError,
        "is not a number of rows or columns",
        lambda s: row_index(s["x"].shape[0] + 1),
    ),
    "data rows across": (
        SheetError,
        "turned: data rows would lie across, and a block grows downwards",
        lambda s: s.let("turned", s["x"].T),
    ),
    # blocks
    "a duplicate": (
        SheetError,
        r"block 'w' is already defined as 'w' at test_errors.py:",
        lambda s: s.let("w", s["n"]),
    ),
    "a duplicate in another case": (
        SheetError,
        "block 'W' is already defined as 'w' at test_errors.py:",
        lambda s: s.input("W", 1.0),
    ),
    "a block of another sheet": (
        SheetError,
        "z uses 'there', which is not an earlier block of lesson",
        lambda s: s.let("z", Sheet("other").input("there", 1.0)),
    ),
    "a namesake of another sheet": (
        SheetError,
        "z uses 'w', which is not an earlier block of lesson",
        lambda s: s.let("z", Sheet("other").input("w", 1.0)),
    ),
    "a later block": (
        SheetError,
        "lesson has no block 'z'; there are: x, w, v, n, y",
        lambda s: s.let("earlier", s["z"] + s.let("z", s["n"])),
    ),
    "a typing mistake": (
        SheetError,
        "lesson has no block 'X_'; did you mean x?",
        lambda s: s["X_"],
    ),
    "a formula without end": (
        SheetError,
        "z: its formula is 301 operations deep, more than 200; give its parts blocks of their own",
        lambda s: s.let("z", sum([s["n"]] * 301)),
    ),
    "a role": (
        SheetError,
        "z: role 'weights' is not one of input, target, parameter, weight",
        lambda s: s.let("z", s["n"], role="weights"),
    ),
    "a role of an input": (
        SheetError,
        "z: role 'hidden' is not one of",
        lambda s: s.input("z", 1.0, role="hidden"),
    ),
    "a format": (
        SheetError,
        "format '0.00' is not one of .2f (decimals), .1% (per cent), d (whole), g",
        lambda s: s.let("z", s["n"], format="0.00"),
    ),
    "a format with too many decimals": (
        SheetError,
        "format '.99f' is not one of",
        lambda s: s.let("z", s["n"], format=".99f"),
    ),
    "no numbers": (
        SheetError,
        "input 'z': [['a']] is not a table of numbers",
        lambda s: s.input("z", [["a"]]),
    ),
    "ragged rows": (
        SheetError,
        "input 'z': [[1], [2, 3]] is not a table of numbers",
        lambda s: s.input("z", [[1], [2, 3]]),
    ),
    "three axes": (
        SheetError,
        "input 'z' has shape (1, 1, 1); a block has rows and columns",
        lambda s: s.input("z", [[[1.0]]]),
    ),
    "no cells": (
        SheetError,
        "input 'z' has shape (1, 0); a block has rows and columns, at least one of each",
        lambda s: s.input("z", []),
    ),
    "an infinite input": (
        SheetError,
        "z row 1 column 2 is inf; it must be a number",
        lambda s: s.input("z", [1.0, np.inf]),
    ),
    "an input out of its range": (
        SheetError,
        "z is 3.0; it must be a number from 0 to 1",
        lambda s: s.input("z", 3.0, low=0, high=1),
    ),
    "another number of data rows": (
        SheetError,
        "input 'z' has 2 rows of data, the blocks before it 3",
        lambda s: s.input("z", [1.0, 2.0], rows=True),
    ),
    "a scale": (
        SheetError,
        "parameter 'z': scale 'exp' is not linear or log",
        lambda s: s.parameter("z", 1, 0, 2, scale="exp"),
    ),
    "a log scale from 0": (
        SheetError,
        "parameter 'z': a log scale starts above 0, or at low=0 with smallest= above 0",
        lambda s: s.parameter("z", 1, 0, 2, scale="log"),
    ),
    "no range": (
        SheetError,
        "parameter 'z': low 2 is not below high 2",
        lambda s: s.parameter("z", 2, 2, 2),
    ),
    "a parameter out of its range": (
        SheetError,
        "z is 5.0; it must be a number from 0 to 2",
        lambda s: s.parameter("z", 5, 0, 2),
    ),
    "a choice": (
        SheetError,
        "choice 'z': 'c' is not one of a, b",
        lambda s: s.choice("z", "c", ["a", "b"]),
    ),
    # carry, noise
    "carry to nowhere": (SheetError, "carry: lesson has no block 'm'", lambda s: s.carry(m="n")),
    "carry from nowhere": (SheetError, "carry: lesson has no block 'm'", lambda s: s.carry(n="m")),
    "carry into a formula": (
        SheetError,
        "carry: 'y' is computed; only an input can be carried",
        lambda s: s.carry(y="y"),
    ),
    "carry another shape": (
        SheetError,
        "carry: n is 1 x 1 and v is 1 x 4",
        lambda s: s.carry(n="v"),
    ),
    "a seed": (
        SheetError,
        "noise 'e': the seed is one whole number, not v",
        lambda s: normal(s, "e", (2, 2), s["v"]),
    ),
    # faces
    "a worksheet's name": (
        SheetError,
        "'my data' is not a name",
        lambda s: s.group("g", worksheet="my data"),
    ),
    "a worksheet of our own": (
        SheetError,
        "a worksheet 'Steps' cannot be: it is taken",
        lambda s: s.group("g", worksheet="Steps"),
    ),
    "a worksheet in another case": (
        SheetError,
        "a worksheet 'SHEET' cannot be: it is taken",
        lambda s: s.group("g", worksheet="SHEET"),
    ),
    "a chart of no block": (
        SheetError,
        "chart 'c': there is no block 'z'",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "z", "")]),
    ),
    "a chart of different lengths": (
        SheetError,
        "chart 'c': v has 4 cells and w has 8",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("v", "w", "")]),
    ),
    "a chart of fixed and data rows": (
        SheetError,
        "chart 'c': three has 3 cells and first has 3 cells in data rows",
        lambda s: (
            s.input("three", [1.0, 2.0, 3.0]),
            s.let("first", s["x"].sum(axis=1)),
            s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("three", "first", "")]),
        ),
    ),
    "a chart's axis": (
        SheetError,
        "is not linear, or log from above 0, with low below high",
        lambda s: s.chart("c", Axis("", 0, 1, "log"), Axis("", 0, 1), []),
    ),
    "a chart's empty axis": (
        SheetError,
        "with low below high",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 1, 1), []),
    ),
    "a series' mode": (
        SheetError,
        "mode 'dots' is one of lines, markers, bars, segments",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", "dots")]),
    ),
    "a series' role": (
        SheetError,
        "role 'x' one of input",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", role="x")]),
    ),
    "a segment to nowhere": (
        SheetError,
        "segments, and only they, run to a block",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", "segments")]),
    ),
    "a step of many numbers": (
        SheetError,
        "w is 2 x 4; over steps",
        lambda s: s.chart(
            "c", Axis("", 0, 1), Axis("", 0, 1), [Series("step", "w", "", steps=True)]
        ),
    ),
    "a line that may be absent": (
        SheetError,
        "absent=-9 is the x of a marker",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", absent=-9)]),
    ),
    "a ghost of a marker": (
        SheetError,
        "ghosts are copies of a line",
        lambda s: s.chart(
            "c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", "markers", ghosts=2)]
        ),
    ),
    "a drag of a line": (
        SheetError,
        "only markers can be dragged",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", drag="x")]),
    ),
    "a drag of a formula": (
        SheetError,
        "y is computed; only an input can be dragged",
        lambda s: s.chart(
            "c", Axis("", 0, 1), Axis("", 0, 1), [Series("y", "y", "", "markers", drag="x")]
        ),
    ),
    "an unknown drag": (
        SheetError,
        "drag 'z' is one of x, y, xy, draw",
        lambda s: s.chart(
            "c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "", "markers", drag="z")]
        ),
    ),
    "a drag that sets a table": (
        SheetError,
        "dragging sets w (2 x 4) to 1 x 1",
        lambda s: s.chart(
            "c",
            Axis("", 0, 1),
            Axis("", 0, 1),
            [Series("n", "n", "", "markers", moves={"w": POINTER_X})],
        ),
    ),
    "a pointer in a formula": (
        SheetError,
        "where a reader drags is known to a chart's `moves` alone",
        lambda s: s.let("z", POINTER_X + 1),
    ),
    "a contour's shape": (
        SheetError,
        "z rows x columns; they are",
        lambda s: s.chart(
            "c", Axis("", 0, 1), Axis("", 0, 1), [], contour=Contour("n", "n", "w", "z")
        ),
    ),
    "rows that nobody can add": (
        SheetError,
        "adds=True needs data rows",
        lambda s: s.chart("c", Axis("", 0, 1), Axis("", 0, 1), [Series("n", "n", "")], adds=True),
    ),
    "a size that nobody makes": (SheetError, "say who makes", lambda s: s.size("width", 3, 1, 5)),
    "a stack of tables": (
        ShapeError,
        "w is 2 x 4, n is 1 x 1: one below another they have the same columns",
        lambda s: np.vstack([s["w"], s["n"]]),
    ),
    "a preset of no block": (
        SheetError,
        "preset 'p': there is no input 'z'; there are: x, w, v, n",
        lambda s: s.preset("p", z=1),
    ),
    "a preset of a formula": (
        SheetError,
        "preset 'p': there is no input 'y'",
        lambda s: s.preset("p", y=1),
    ),
    "a preset's value": (
        SheetError,
        "preset 'p': n is 'many'; it must be a number",
        lambda s: s.preset("p", n="many"),
    ),
    "a preset's words": (SheetError, "there is no block 'z'", lambda s: s.preset("p {z}", n=1)),
    "a preset that tells the answer": (
        SheetError,
        "preset 'p': y is computed; only inputs can be named",
        lambda s: s.preset("p", "It is {y}", n=1),
    ),
    "a brace": (
        SheetError,
        "a brace that is no block is written twice, {{ or }}",
        lambda s: s.preset("p }", n=1),
    ),
    "a sentence of no words": (SheetError, "a sentence needs words", lambda s: s.say("")),
    "a sentence about no block": (
        SheetError,
        "there is no block 'm'",
        lambda s: s.say("it is {m:.2f}"),
    ),
    "a sentence about many numbers": (
        SheetError,
        "y is 3 x 4; only single numbers can be said",
        lambda s: s.say("it is {y:.2f}"),
    ),
    "a sentence's format": (
        SheetError,
        "format '.2e' is not one of",
        lambda s: s.say("it is {n:.2e}"),
    ),
    "a sentence's condition": (
        SheetError,
        "its condition is 3 x 4; it must be one number, 1 x 1",
        lambda s: s.say("it is so", when=s["y"] > 0),
    ),
    "a foreign condition": (
        SheetError,
        "a sentence uses 'there', which is not an earlier block",
        lambda s: s.say("so", when=Sheet("other").input("there", 1.0)),
    ),
    # gradients
    "a loss of many numbers": (
        SheetError,
        "backprop: loss 'y' is 3 x 4; a loss is one number, 1 x 1: take its mean or sum",
        lambda s: backprop(s, "y"),
    ),
    "a loss that is not there": (
        SheetError,
        "backprop: there is no block 'loss' in lesson",
        lambda s: backprop(s, "loss"),
    ),
    "gradients twice": (
        SheetError,
        "block 'd_n' is already defined as 'd_n' at test_errors.py:",
        lambda s: (backprop(s, "n"), backprop(s, "n")),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_at_the_authors_line(mistake):
    kind, complaint, make = MISTAKES[mistake]
    s = lesson()
    with pytest.raises(kind) as caught:
        make(s)
    said = str(caught.value)
    assert type(caught.value) is kind
    assert complaint in said
    line = int(re.match(r"test_errors\.py:(\d+): ", said)[1])
    source, first = inspect.getsourcelines(make)
    assert first <= line < first + len(source)


ILLEGAL = [
    "W1",
    "R1C1",
    "R",
    "C",
    "r",
    "c",
    "RC",
    "XFD1",
    "a1",
    "x y",
    "x-y",
    "_x",
    "x_",
    "2x",
    "é",
    "",
    "x\n",
    "x__y",
    "loss.mean",
    "Print_Area",
]
ILLEGAL += [
    "lambda",
    "if",
    "True",
    "None",
    "true",
    "TRUE",
    "false",
    "null",
    "NaN",
    "inf",
    "undefined",
]


@pytest.mark.parametrize("name", ILLEGAL)
def test_a_name_that_is_not_legal_everywhere(name):
    s = Sheet("names")
    for make in (
        lambda: s.input(name, 1.0),
        lambda: s.let(name, 1.0),
        lambda: s.parameter(name, 1, 0, 2),
        lambda: Sheet(name),
    ):
        with pytest.raises(
            SheetError,
            match=(
                r"^test_errors\.py:\d+: .*(is not a name|is a cell's address|already means"
                r" something)"
            ),
        ):
            make()


@pytest.mark.parametrize(
    "name", ["W_1", "loss_mean", "x", "X", "alpha", "T", "d", "RCX", "row", "ABCD", "x_1_2"]
)
def test_a_legal_name(name):
    assert name in {block: Sheet("names").input(block, 1.0) for block in [name]}


def test_a_cell_like_name_comes_with_another_that_works():
    with pytest.raises(SheetError, match="write it with _, such as C_value"):
        Sheet("names").input("C", 1.0)


def test_the_line_is_that_of_the_mistake_and_not_of_the_call_around_it():
    s = lesson()

    def deeper():
        return s["x"] @ s["x"]  # the mistake

    with pytest.raises(ShapeError) as caught:
        s.let("z", deeper())
    first = inspect.getsourcelines(deeper)[1]
    assert str(caught.value).startswith(f"test_errors.py:{first + 1}: x @ x: 3 x 2 @ 3 x 2")


def test_the_library_is_the_author_of_its_own_mistakes(monkeypatch):
    """A line in sheets/library is an author's line, though sheets/language is not."""
    from sheets.library import log_loss

    monkeypatch.setattr(log_loss, "xlogy", lambda x, y: x @ y)
    with pytest.raises(ShapeError, match=r"^test_errors\.py:\d+: "):
        log_loss.log_loss()
    monkeypatch.setattr(log_loss, "xlogy", lambda x, y: np.array([[1, 2], [4, 7]]))
    with pytest.raises(SheetError, match=r"^log_loss\.py:\d+: an array inside a formula"):
        log_loss.log_loss()


# --- what only Excel minds, said when the workbook is written, at the line of the block


def refused_by_excel(s: Sheet) -> str:
    target = io.BytesIO()
    with pytest.raises(NeedsBlock) as caught:
        write(s, target)
    assert not target.getvalue()  # before anything is written
    return str(caught.value)


def test_no_author_needs_to_know_what_one_cell_can_hold():
    s = lesson()
    s.let("least", (s["x"] @ s["w"] + s["v"]).min())
    s.say("some are large", when=np.maximum(s["x"], 0).sum() > 3)
    s.let(
        "long",
        sum(np.sin(s["n"] * 0.1234567890123456 + k) * 0.1234567890123456 for k in range(180)),
    )
    assert {"least_each", "said_1_each", "long_part"} <= set(s.blocks)
    write(s, io.BytesIO())


@pytest.mark.parametrize("reduce", ["mean", "sum", "max", "min"])
def test_an_infinite_block_reduced_without_saying_so(reduce):
    s = Sheet("infinite")
    loss = s.let("loss", -np.log(s.input("q", [0.0, 0.5], rows=True)), infinite=1)
    s.let("whole", getattr(loss, reduce)())
    line = inspect.currentframe().f_lineno - 1
    assert (
        refused_by_excel(s)
        == f"test_errors.py:{line}: whole reduces loss, which may be infinite: declare infinite="
        " for whole too"
    )


# --- what a reader's input gets is a sentence without a line: it is not the reader's file


def test_an_input_error_names_no_line():
    with pytest.raises(InputError) as caught:
        sheets.values(lesson(), {"n": "many"})
    assert str(caught.value) == "n is 'many'; it must be a number"
