"""What an input takes, what it refuses and in which words; and numbers as they are shown, the same
in Python and on the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from pathlib import Path

import engines
import numpy as np
import pytest
import xlsxwriter
from examples import BOUNDED
from hypothesis import assume, given
from hypothesis import strategies as st

from sheets import InputError, Sheet, values
from sheets.language.blocks import choices_of
from sheets.language.errors import nearest
from sheets.language.formats import LARGE, in_words, shown
from sheets.language.inputs import MAX_ROWS, allowed, checked, checked_inputs
from sheets.targets.excel.words import excel_number

NUMBERS_JS = (
    Path(__file__).resolve().parent.parent / "widgets" / "front_end" / "engine" / "numbers.js"
)


def lesson() -> Sheet:
    s = Sheet("lesson")
    s.input("cat", [1, 0, 1], rows=True, whole=True, low=0, high=1)
    s.input("prediction", [0.5, 0.25, 1], rows=True, low=0, high=1)
    s.input("features", [[1, 2], [3, 4], [5, 6]], rows=True)
    s.input("weights", [[1, 2, 3], [4, 5, 6]])
    s.input("row", [1, 2, 3])
    s.input("column", [[1], [2], [3]])
    s.input("bias", 0.5)
    s.input("count", 3, whole=True, low=1)
    s.input("debt", -3, high=0)
    s.parameter("rate", 0.1, 1e-6, 2, scale="log")
    s.choice("kind", "plain", ["plain", "momentum", "adam"])
    s.choice("batch", "8", ["4", "8", "1"])
    s.let("total", s["prediction"].sum())
    return s


LESSON = lesson()


def block(name: str):
    return LESSON.blocks[name]


# --- what is taken

TAKEN = [
    ("bias", 2, [[2]]),
    ("bias", 2.5, [[2.5]]),
    ("bias", " 2.5 ", [[2.5]]),
    ("bias", "-2.5e-3", [[-0.0025]]),
    ("bias", "+.5", [[0.5]]),
    ("bias", "5.", [[5]]),
    ("bias", " 90 % ", [[0.9]]),
    ("prediction", ["90%", "2.5%", "0%", "1"], [[0.9], [0.025], [0], [1]]),
    ("bias", "[2]", [[2]]),
    ("bias", "[[2]]", [[2]]),
    ("bias", [2], [[2]]),
    ("bias", np.float32(0.5), [[0.5]]),
    ("bias", np.array(3), [[3]]),
    ("bias", True, [[1]]),
    ("bias", "true", [[1]]),
    ("bias", 1e300, [[1e300]]),
    ("count", 1, [[1]]),
    ("count", 4.0, [[4]]),
    ("count", "4.0", [[4]]),
    ("debt", 0, [[0]]),
    ("rate", 1e-6, [[1e-6]]),
    ("rate", "2", [[2]]),
    ("kind", "adam", [[2]]),
    ("kind", 1, [[1]]),
    ("kind", "1", [[1]]),
    ("kind", " momentum ", [[1]]),
    ("batch", "1", [[2]]),  # the option called 1, not option number 1
    ("batch", "8", [[1]]),
    ("batch", 1, [[1]]),
    ("row", [7, 8, 9], [[7, 8, 9]]),
    ("row", "[7, 8, 9]", [[7, 8, 9]]),
    ("row", (7, 8, 9), [[7, 8, 9]]),
    ("column", [7, 8, 9], [[7], [8], [9]]),
    ("column", np.array([7, 8, 9]), [[7], [8], [9]]),
    ("weights", [[1, 2, 3], [4, 5, 6.5]], [[1, 2, 3], [4, 5, 6.5]]),
    ("weights", [["1", "2", "3"], ["4", "5", "6"]], [[1, 2, 3], [4, 5, 6]]),
    ("prediction", [0, 1, 0.5, 0.25], [[0], [1], [0.5], [0.25]]),
    ("prediction", "[[0.9],[0.2]]", [[0.9], [0.2]]),
    ("prediction", 0.5, [[0.5]]),
    ("features", [[7, 8]], [[7, 8]]),
    ("cat", [True, False], [[1], [0]]),
]


@pytest.mark.parametrize(("name", "value", "expected"), TAKEN)
def test_taken(name, value, expected):
    found = checked(block(name), value)
    assert found.dtype == float
    np.testing.assert_array_equal(found, np.array(expected, dtype=float), strict=True)


def test_as_many_rows_as_a_class_can_look_at():
    assert checked(block("prediction"), [0.5] * MAX_ROWS).shape == (MAX_ROWS, 1)


# --- what is refused, and in which words

REFUSED = [
    ("bias", "many", "bias is 'many'; it must be a number"),
    ("bias", "", "bias is ''; it must be a number"),
    ("bias", None, "bias is empty; it must be a number"),
    ("bias", "null", "bias is empty; it must be a number"),
    ("bias", float("nan"), "bias is nan; it must be a number"),
    ("bias", "nan", "bias is 'nan'; it must be a number"),
    ("bias", "NaN", "bias is nan; it must be a number"),
    ("bias", float("inf"), "bias is inf; it must be a number"),
    ("bias", "-Infinity", "bias is -inf; it must be a number"),
    ("bias", "inf", "bias is 'inf'; it must be a number"),
    ("bias", "1e999", "bias is inf; it must be a number"),
    ("bias", 10**400, f"bias is 1{'0' * 56}...; it must be a number"),
    ("bias", "1_000", "bias is '1_000'; it must be a number"),
    ("bias", "0x10", "bias is '0x10'; it must be a number"),
    ("bias", "1,5", "bias is '1,5'; it must be a number (a point, not a comma)"),
    ("bias", "１", "bias is '１'; it must be a number"),  # a full-width one, which float() takes
    ("bias", "1 2", "bias is '1 2'; it must be a number"),
    ("bias", "=1+1", "bias is '=1+1'; it must be a number"),
    ("bias", 1j, "bias is 1j; it must be a number"),
    ("bias", {"a": 1}, "bias is {'a': 1}; it must be a number"),
    ("bias", "[" * 5000, f"bias is '{'[' * 56}...; it must be a number"),
    ("bias", [1, 2], "bias is 1 x 2; it must have 1 row of 1 number"),
    ("bias", [], "bias is 1 x 0; it must have 1 row of 1 number"),
    ("bias", [[]], "bias is 1 x 0; it must have 1 row of 1 number"),
    ("bias", [[[1]]], "bias is [1]; it must be a number"),
    ("count", 2.5, "count is 2.5; it must be a whole number of at least 1"),
    ("count", 0, "count is 0; it must be a whole number of at least 1"),
    ("debt", "0.1", "debt is 0.1; it must be a number of at most 0"),
    ("rate", 2.0000001, "rate is 2.0000001; it must be a number from 1e-06 to 2"),
    ("rate", 0, "rate is 0; it must be a number from 1e-06 to 2"),
    ("kind", "sgd", "kind is 'sgd'; it must be one of plain, momentum, adam"),
    ("kind", 3, "kind is 3; it must be one of plain, momentum, adam"),
    ("kind", 0.5, "kind is 0.5; it must be one of plain, momentum, adam"),
    ("kind", "Adam", "kind is 'Adam'; it must be one of plain, momentum, adam"),
    ("row", [1, 2], "row is 1 x 2; it must have 1 row of 3 numbers"),
    ("row", [[1], [2], [3]], "row is 3 x 1; it must have 1 row of 3 numbers"),
    ("column", [1, 2], "column is 2 x 1; it must have 3 rows of 1 number"),
    ("column", [1, "b", 3], "column row 2 is 'b'; it must be a number"),
    ("weights", [[1, 2, 3], [4, 5]], "weights is 2 x 2/3; it must have 2 rows of 3 numbers"),
    (
        "weights",
        [[1, 2, 3], 4],
        "weights mixes rows and single numbers; give a list of rows, such as [[1], [2]]",
    ),
    ("weights", [[1, 2, 3], [4, None, 6]], "weights row 2 column 2 is empty; it must be a number"),
    ("weights", 1, "weights is 1 x 1; it must have 2 rows of 3 numbers"),
    ("prediction", [], f"prediction is 0 x 0; it must have 1 to {MAX_ROWS} rows of 1 number"),
    (
        "prediction",
        [0.5] * (MAX_ROWS + 1),
        f"prediction is {MAX_ROWS + 1} x 1; it must have 1 to {MAX_ROWS} rows of 1 number",
    ),
    ("prediction", [0.5, 1.5], "prediction row 2 is 1.5; it must be a number from 0 to 1"),
    ("prediction", -1e-9, "prediction row 1 is -1e-09; it must be a number from 0 to 1"),
    (
        "prediction",
        [[0.5, 0.5]],
        f"prediction is 1 x 2; it must have 1 to {MAX_ROWS} rows of 1 number",
    ),
    ("features", [1, 2], f"features is 2 x 1; it must have 1 to {MAX_ROWS} rows of 2 numbers"),
    ("cat", [1, 0.5], "cat row 2 is 0.5; it must be a whole number from 0 to 1"),
]


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    REFUSED,
    ids=[f"{name} {str(value)[:20]}" for name, value, _ in REFUSED],
)
def test_refused(name, value, sentence):
    with pytest.raises(InputError) as caught:
        checked(block(name), value)
    assert str(caught.value) == sentence


def test_what_is_allowed_is_said_for_every_kind():
    said = {name: allowed(b) for name, b in LESSON.inputs.items()}
    assert said == {
        "cat": "a whole number from 0 to 1",
        "prediction": "a number from 0 to 1",
        "features": "a number",
        "weights": "a number",
        "row": "a number",
        "column": "a number",
        "bias": "a number",
        "count": "a whole number of at least 1",
        "debt": "a number of at most 0",
        "rate": "a number from 1e-06 to 2",
        "kind": "one of plain, momentum, adam",
        "batch": "one of 4, 8, 1",
    }


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=8)
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=8,
)


@BOUNDED
@given(st.sampled_from(sorted(LESSON.inputs)), ANYTHING)
def test_anything_is_taken_whole_or_refused_with_a_sentence(name, value):
    b = block(name)
    try:
        found = checked(b, value)
    except InputError as error:
        assert str(error).startswith(name)
        return
    assert np.isfinite(found).all()
    assert found.shape[1] == b.shape[1]
    assert (b.low is None or found.min() >= b.low) and (b.high is None or found.max() <= b.high)
    assert not b.whole or (found == np.round(found)).all()


@BOUNDED
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_list_its_text_and_its_array_are_the_same_input(numbers):
    b = block("prediction")
    expected = np.array(numbers).reshape(-1, 1)
    for given_as in (
        numbers,
        tuple(numbers),
        json.dumps(numbers),
        [[x] for x in numbers],
        [repr(x) for x in numbers],
        expected,
    ):
        np.testing.assert_array_equal(checked(b, given_as), expected)


# --- all inputs together


def test_inputs_that_are_not_given_stay():
    found = checked_inputs(LESSON, {"bias": "3"})
    assert list(found) == list(LESSON.inputs)
    assert found["bias"] == 3
    np.testing.assert_array_equal(found["weights"], LESSON.blocks["weights"].value)


def test_data_rows_are_set_together():
    found = checked_inputs(LESSON, {"cat": [1], "prediction": [0.5], "features": [[7, 8]]})
    assert {name: len(found[name]) for name in ("cat", "prediction", "features")} == {
        "cat": 1,
        "prediction": 1,
        "features": 1,
    }


@pytest.mark.parametrize("given_rows", [{"cat": [1, 0]}, {"cat": [1, 0], "prediction": [1]}])
def test_data_rows_of_different_lengths_are_refused(given_rows):
    counts = {"cat": 3, "prediction": 3, "features": 3} | {
        name: len(rows) for name, rows in given_rows.items()
    }
    with pytest.raises(InputError) as caught:
        checked_inputs(LESSON, given_rows)
    said = ", ".join(f"{name} has {n}" for name, n in counts.items())
    assert (
        str(caught.value)
        == "cat and prediction and features are rows of the same table and must be set together:"
        f" {said} rows"
    )


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("prediktion", "lesson has no block 'prediktion'; did you mean prediction?"),
        ("Bias", "lesson has no block 'Bias'; did you mean bias?"),
        ("zzz", "lesson has no block 'zzz'; there are: cat, prediction, features,"),
        (
            "total",
            "total is computed, so it cannot be set; the inputs are: cat, prediction, features,",
        ),
    ],
)
def test_a_name_that_is_no_input(name, sentence):
    with pytest.raises(InputError) as caught:
        checked_inputs(LESSON, {name: 1})
    assert str(caught.value).startswith(sentence)


def test_nearest_names():
    assert nearest("los_mean", ["loss_mean", "accuracy"]) == "did you mean loss_mean?"
    assert nearest("LOSS", ["loss_if", "loss_mean", "clip"]).startswith("did you mean loss_")
    assert nearest("q", ["loss", "clip"]) == "there are: loss, clip"


def test_numbers_that_come_out_are_nobodys_inputs():
    """Whoever changes the arrays that `values` gave changes no sheet and no preset."""
    s = lesson()
    s.preset("p", bias=2)
    computed = values(s, s.presets[0].inputs)
    for array in computed.values():
        array[...] = 77
    assert values(s)["bias"] == 0.5
    assert values(s, s.presets[0].inputs)["bias"] == 2


# --- numbers as they are shown

FORMATS = ["g", "d", ".0f", ".1f", ".2f", ".4f", ".7f", ".12f", ".0%", ".1%", ".2%"]
SHOWN = [
    (0.1, "g", "0.1"),
    (0.30000000000000004, "g", "0.3"),
    (1 / 3, "g", "0.3333"),
    (12345.6, "g", "12346"),
    (999.96, "g", "1000"),
    (0.5, "g", "0.5"),
    (1e-5, "g", "1e-5"),
    (-1.23456e-5, "g", "-1.235e-5"),
    (12345678.0, "g", "1.235e7"),
    (1e6, "g", "1e6"),
    (999999.0, "g", "999999"),
    (0.0001, "g", "0.0001"),
    (1e300, "g", "1e300"),
    (5e-324, "g", "4.941e-324"),
    (0.0, "g", "0"),
    (-0.0, "g", "0"),
    (-0.0, ".2f", "0.00"),
    (-0.001, ".2f", "0.00"),
    (-0.004, ".0%", "0%"),
    (-0.5, "d", "-1"),
    (0.5, "d", "1"),
    (1.5, "d", "2"),
    (2.5, "d", "3"),
    (-2.5, "d", "-3"),
    (0.125, ".2f", "0.13"),
    (-0.125, ".2f", "-0.13"),
    (1.005, ".2f", "1.00"),  # the double is a little less than 1.005
    (0.975, ".1%", "97.5%"),
    (0.0005, ".1%", "0.1%"),
    (1.0, ".0%", "100%"),
    (0.0, ".7f", "0.0000000"),
    (123456789.125, ".2f", "123456789.13"),
    (1e21, ".2f", "1e21"),
    (-6195371733778.96, ".2f", "-6.195e12"),
    (999999999.996, ".2f", "1000000000.00"),
    (1e9, "d", "1e9"),
    (1e7, ".1%", "1e9%"),
    (-1.5e300, ".4f", "-1.5e300"),
    (float("inf"), ".2f", "infinite"),
    (float("-inf"), "g", "-infinite"),
    (float("nan"), ".1%", "undefined"),
]


@pytest.mark.parametrize(("x", "spec", "text"), SHOWN)
def test_shown(x, spec, text):
    assert shown(x, spec) == text


@cache
def page() -> str:
    return NUMBERS_JS.read_text(encoding="utf-8").replace("export ", "")


def on_the_page(call: str, cases: list) -> list:
    """`call` is JavaScript of one case `c`. Floats travel as text, because JSON has no infinity."""
    return json.loads(
        engines.in_v8(f"{page()}\nJSON.stringify({json.dumps(cases)}.map((c) => {call}))")
    )


def as_text(x: float) -> str:
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(repr(x), repr(x))


def test_the_page_shows_the_same():
    found = on_the_page("shown(Number(c[0]), c[1])", [[as_text(x), spec] for x, spec, _ in SHOWN])
    assert found == [text for _, _, text in SHOWN]


IN_WORDS = [
    (-2.0, ".4f", "-2"),
    (-1.4, ".4f", "-1.4"),
    (0.6, ".1%", "60%"),
    (0.125, ".1%", "12.5%"),
    (0.1 + 0.2, ".4f", "0.3"),
    (2.99997, ".2f", "3.00"),  # nearly, not three
    (1 / 3, ".4f", "0.3333"),
    (0.0, ".4f", "0"),
    (2e-15, ".4f", "0.0000"),  # what rounding leaves
    (1e-5, ".7f", "0.000010"),
    (-0.000012346, ".4f", "-0.000012"),
    (1.379e-5, ".4f", "0.000014"),
    (9.96e-5, ".4f", "0.000100"),
    (9.546e-8, ".4f", "9.546e-8"),  # nobody counts so many noughts
    (0.003, ".2f", "0.0030"),
    (0.00431, ".2f", "0.0043"),
    (0.0000431, ".1%", "0.0043%"),
    (0.0123, ".2f", "0.01"),
    (80494.6521, ".4f", "80495"),
    (1234.5, ".2f", "1234.5"),
    (-19.1825, ".4f", "-19.1825"),
    (6195371733778.96, ".2f", "6.195e12"),
    (0.05, "g", "0.05"),
    (12345.6, "g", "12346"),
    (0.0151356, "g", "0.01514"),
    (3.0, "d", "3"),
]


@pytest.mark.parametrize(("x", "spec", "text"), IN_WORDS)
def test_words_end_a_number_with_its_last_digit(x, spec, text):
    assert in_words(x, spec) == text


def test_the_page_and_the_workbook_write_numbers_into_words_alike(tmp_path):
    texts = [text for *_, text in IN_WORDS]
    cases = [[as_text(x), spec] for x, spec, _ in IN_WORDS]
    assert on_the_page("inWords(Number(c[0]), c[1])", cases) == texts
    file = tmp_path / "words.xlsx"
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Words")
        for row, (x, spec, _) in enumerate(IN_WORDS):
            sheet.write_number(row, 0, x)
            sheet.write_formula(row, 1, f"={excel_number(f'A{row + 1}', spec)}")
    found = engines.in_ironcalc(file)
    assert [found["Words", row, 2] for row in range(1, len(texts) + 1)] == texts


TIES = st.builds(lambda k, n: k / 2**n, st.integers(-(10**6), 10**6), st.integers(0, 12))
PLAIN = st.builds(lambda k, n: k / 10**n, st.integers(-(10**7), 10**7), st.integers(0, 9))
FLOATS = st.floats(allow_nan=True) | st.floats(-2000, 2000) | TIES | PLAIN


@BOUNDED
@given(st.lists(FLOATS, min_size=50, max_size=50))
def test_the_page_shows_any_number_as_python_does(numbers):
    cases = [
        (x, spec)
        for x in numbers
        for spec in FORMATS
        if not (spec.endswith("%") and abs(x) > 1e300)
    ]
    assert on_the_page("shown(Number(c[0]), c[1])", [[as_text(x), spec] for x, spec in cases]) == [
        shown(x, spec) for x, spec in cases
    ]


@BOUNDED
@given(FLOATS, st.sampled_from([0, 1, 2, 4, 7]))
def test_decimals_are_rounded_half_away_from_zero(x, decimals):
    assume(abs(x) < LARGE - 1)
    exact = Decimal(x).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    assert Decimal(shown(x, f".{decimals}f")) == exact


@BOUNDED
@given(FLOATS)
def test_the_general_format_keeps_four_digits(x):
    assume(np.isfinite(x))
    text = shown(x, "g")
    if 1000 <= abs(x) < 1e6:
        assert text == str(Decimal(x).quantize(Decimal(1), ROUND_HALF_UP))
    else:
        assert Decimal(text) == Context(prec=4, rounding=ROUND_HALF_UP).create_decimal(x)
    assert len(text) <= 11


# --- what is typed: the page and Python agree

PLAIN_TEXT = st.from_regex(
    r"[+-]?([0-9]{1,6}\.?[0-9]{0,6}|\.[0-9]{1,6})([eE][+-]?[0-9]{1,3})? ?%?",
    fullmatch=True,
    alphabet="0123456789+-.eE %",
)
ODD_TEXT = st.text(alphabet="0123456789+-.eE_ xNaInfity,%", max_size=6)
TYPED = ["bias", "count", "debt", "rate", "kind", "batch"]


def typed_in_python(name: str, text: str) -> float | None:
    try:
        return checked(block(name), [text]).item()
    except InputError:
        return None


def described(names: Iterable[str]) -> dict[str, dict]:
    """What the page is told of these inputs, as far as what is typed into them depends on it."""
    return {
        name: {
            "name": name,
            "choices": list(choices_of(block(name))),
            "low": block(name).low,
            "high": block(name).high,
            "whole": block(name).whole,
            "allowed": allowed(block(name)),
        }
        for name in names
    }


def typed_on_the_page(cases: list[tuple[str, str]]) -> list[float | None]:
    blocks = json.dumps(described(LESSON.inputs))
    value = "String(typed(blocks[c[0]], c[1]).value ?? null)"
    found = on_the_page(f"{{ const blocks = {blocks}; return {value}; }}", cases)
    return [None if x == "null" else float(x) for x in found]


@BOUNDED
@given(st.lists(st.tuples(st.sampled_from(TYPED), PLAIN_TEXT | ODD_TEXT), min_size=40, max_size=40))
def test_what_is_typed_on_the_page_is_taken_as_python_takes_it(cases):
    assert typed_on_the_page(cases) == [typed_in_python(name, text) for name, text in cases]


def test_the_page_refuses_in_the_same_words():
    cases = [("bias", "many"), ("count", "2.5"), ("rate", "3"), ("kind", "sgd"), ("bias", "")]
    blocks = json.dumps(described(name for name, _ in cases))
    assert on_the_page(f"typed(({blocks})[c[0]], c[1]).refusal", cases) == [
        "bias is 'many'; it must be a number",
        "count is 2.5; it must be a whole number of at least 1",
        "rate is 3; it must be a number from 1e-06 to 2",
        "kind is 'sgd'; it must be one of plain, momentum, adam",
        "bias is empty; it must be a number",
    ]
