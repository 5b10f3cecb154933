"""Cells that hold words: chosen from a list on the page and in the workbook, compared by word, and
turned to numbers where a formula counts with them.
"""

from __future__ import annotations

import engines
import examples
import numpy as np
import openpyxl
import pytest
import workbooks
from pages import PASTE, cell, check_every_cell, frame
from quick import thorough
from workbooks import check_download

from sheets import Axis, InputError, Series, Sheet, SheetError, backprop, known, values
from sheets.language.inputs import checked
from sheets.targets.excel import read_inputs
from sheets.targets.latex import cell_equation, with_numbers
from widgets.description import description

PORTS = ("S", "C", "Queenstown")


def passengers() -> Sheet:
    """Six passengers, of whom one's port is not known, and a model of their fate."""
    s = Sheet("passengers", title="Who survived?")
    s.group("Passengers")
    words = ["S", "C", "S", None, "Queenstown", "C"]
    port = s.input("port", words, rows=True, blank=True, choices=PORTS)
    left = s.input("left", ["C", "C", "S", "S", "Queenstown", "S"], rows=True, choices=PORTS)
    sex = s.input("sex", ["male", "female"] * 3, rows=True, choices=("male", "female"))
    survived = s.input("survived", [0, 1, 1, 1, 0, 1], rows=True, role="target")
    s.group("Weights")
    w = s.input("w", [[0.5], [-0.25], [0.75]], role="weight")
    by_number = s.input("by_number", [[10, 1], [20, 2]])
    s.group("Columns")
    s.let("from_S", np.equal(port, "S"))
    s.let("elsewhere", np.not_equal(port, "S"))
    hot = s.let("hot", s.one_hot(port))
    s.let("same", np.equal(port, left))
    s.let("seen", known(port))
    s.let("port_code", port)
    s.let("fare", np.where(np.equal(sex, "female"), 2, 3) * 1.5 + left)
    s.let("rows", by_number[sex])
    s.let("second", np.equal(left[1], "C"))
    s.group("Sums")
    s.let("count", s.one_hot(left).sum(axis=0))
    s.let("women", np.equal(sex, "female").mean())
    s.let("mean_code", port.mean())
    s.let("both", (np.equal(sex, "male") & np.equal(left, "S")).sum())
    error = s.let("error", hot @ w - survived)
    s.let("loss", (error**2).mean(), role="loss")
    d = backprop(s, "loss", ["w"])
    s.let("w_next", w - 0.5 * d["w"])
    s.carry(w="w_next")
    s.say("{women:.0%} are women.")
    s.preset("All men", sex=["male"] * 6, happened="{women:.0%} are women now.")
    s.preset("As it was", sex=["male", "female"] * 3, happened="{women:.0%} again.")
    return s


ALL = workbooks.register("categories", passengers, notes=False, steps=2)
EXPECTED = {
    "from_S": [1, 0, 1, 0, 0, 0],
    "elsewhere": [0, 1, 0, 1, 1, 1],
    "same": [0, 1, 1, 0, 1, 0],
    "seen": [1, 1, 1, 0, 1, 1],
    "port_code": [0, 1, 0, np.nan, 2, 1],
    "fare": [5.5, 4, 4.5, 3, 6.5, 3],
    "count": [3, 2, 1],
    "women": [0.5],
    "mean_code": [0.8],
    "both": [1],
    "second": [1],
}


def test_words_are_compared_and_counted():
    s, found = passengers(), values(passengers())
    for name, expected in EXPECTED.items():
        np.testing.assert_array_equal(found[name].ravel(), expected, err_msg=name)
    hot = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(found["hot"], hot)
    assert s.blocks["hot"].columns_named == s.blocks["count"].columns_named == PORTS
    np.testing.assert_array_equal(found["rows"], [[10, 1], [20, 2]] * 3)
    error = hot @ np.array([[0.5], [-0.25], [0.75]]) - np.array([[0, 1, 1, 1, 0, 1]]).T
    np.testing.assert_allclose(found["d_w"], hot.T @ error / 3, rtol=1e-12)


def test_the_page_computes_the_same():
    s = passengers()
    assert not examples.differences(engines.in_javascript(s, steps=2), values(s, steps=2))
    computed = values(s)
    for name in s.blocks:
        assert cell_equation(s, name) and "nan" not in with_numbers(s, name, 0, 0, computed)
    assert r"\text{S}" in cell_equation(s, "from_S") and r"\text{S}" in with_numbers(
        s, "from_S", 0, 0, computed
    )
    assert all(block["excel"] for block in description(s)["blocks"] if "excel" in block)


@thorough
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_libreoffice, workbooks.in_gnumeric, workbooks.in_ironcalc]
)
def test_a_workbook_compares_words(recalculated):
    s, cells = passengers(), recalculated(ALL)
    assert not [key for key, value in cells.items() if engines.is_error(value)]
    found, expected = engines.numbers(s, cells), values(s, steps=2)
    expected["w"] = values(s)["w"]
    assert not examples.differences(found, expected)
    assert "50% are women." in cells.values()


def corner_of(book, name: str):
    page, area = next(book.defined_names[name].destinations)
    return book[page][area.replace("$", "")]


def test_a_workbook_holds_words_and_a_list_and_comes_back(tmp_path):
    s, book = passengers(), openpyxl.load_workbook(workbooks.path(ALL))
    port = corner_of(book, "port")
    assert [row[0].value for row in port] == ["S", "C", "S", None, "Queenstown", "C"]
    formulas = engines.formula_cells(workbooks.path(ALL))
    compared = [formula for formula in formulas.values() if '="S")' in formula]
    assert len(compared) >= 6 and any("CHOOSE(COLUMNS(" in one for one in formulas.values())
    lists = [x for x in book["Sheet"].data_validations.dataValidation if x.type == "list"]
    assert '"S,C,Queenstown"' in [x.formula1 for x in lists]
    for name, held in read_inputs(s, workbooks.path(ALL)).items():
        np.testing.assert_array_equal(held, s.defaults[name])
    port[0][0].value, port[1][0].value, port[2][0].value = "queenstown", 0, None
    book.save(tmp_path / "edited.xlsx")
    inputs_read = read_inputs(s, tmp_path / "edited.xlsx")["port"].ravel()
    np.testing.assert_array_equal(inputs_read, [2, 0, np.nan, np.nan, 2, 1])
    port[0][0].value = "Cherbourg"
    book.save(tmp_path / "edited.xlsx")
    with pytest.raises(InputError, match="port row 1 is 'Cherbourg'; it must be one of S, C, Q"):
        read_inputs(s, tmp_path / "edited.xlsx")


def test_what_a_cell_of_words_takes():
    block = passengers().inputs["port"]
    np.testing.assert_array_equal(
        checked(block, ["C", 2, "", None]).ravel(), [1, 2, np.nan, np.nan]
    )
    with pytest.raises(InputError, match="it must be one of S, C, Queenstown, or empty"):
        checked(block, ["X"])


REFUSED = {
    "port has no choice 'T'; there are: S, C, Q": (lambda s, port: s.let("z", np.equal(port, "T"))),
    "x is compared with 'S', and holds numbers": (
        lambda s, port: s.let("z", np.equal(s.input("x", 1), "S"))
    ),
    "'S' is not a number or an expression": lambda s, port: s.let("z", port + "S"),
    r"one_hot\(.*\): it takes one column": lambda s, port: s.one_hot(s.input("x", 1)),
    "'1' cannot be a choice": lambda s, port: s.input("z", ["1"], choices=("1", "2")),
    "upper and lower case": lambda s, port: s.input("z", ["a"], choices=("a", "A")),
    "they are two words or more": lambda s, port: s.input("z", ["a"], choices=("a",)),
    "z row 1 is 'b'|'b'": lambda s, port: s.input("z", ["b"], rows=True, choices=("a", "c")),
    "port holds words, and steps": lambda s, port: s.carry(port="port"),
    "port holds words; s.let": lambda s, port: s.chart(
        "c", Axis("x", 0, 1), Axis("y", 0, 1), [Series("port", "port", "p", "markers")]
    ),
}


@pytest.mark.parametrize("refusal", REFUSED)
def test_what_makes_no_sense_is_refused_at_the_authors_line(refusal):
    s = Sheet("refused")
    port = s.input("port", ["S", "C"], choices=("S", "C", "Q"))
    with pytest.raises(SheetError, match=f"test_categories.py:\\d+: .*({refusal})"):
        REFUSED[refusal](s, port)


def test_a_word_is_chosen_pasted_and_emptied_on_the_page(opened, tmp_path):
    s, page = passengers(), opened(passengers)
    port = s.defaults["port"].copy()
    check_every_cell(page, s, {})
    cell(page, "port", 0, 0).dblclick()
    page.get_by_role("combobox", name="port row 1", exact=True).select_option("C")
    page.keyboard.press("Enter")
    cell(page, "port", 1, 0).click()
    page.keyboard.press("q")  # the first word that starts so
    page.keyboard.press("Enter")
    cell(page, "port", 2, 0).click()
    page.keyboard.press("Delete")
    port[:3, 0] = [1, 2, np.nan]
    check_every_cell(page, s, {"port": port})
    page.evaluate(PASTE, ["td[data-block='port'][data-row='3'][data-col='0']", "C\nS\n\n"])
    frame(page)
    port[3:, 0] = [1, 0, np.nan]
    check_every_cell(page, s, {"port": port})
    cell(page, "sex", 0, 0).click()
    page.keyboard.press("Delete")
    assert "sex row 1 is empty; it must be one of male, female" in page.content()
    page.evaluate(PASTE, ["td[data-block='sex'][data-row='0'][data-col='0']", "none"])
    assert "it must be one of male, female" in page.content()
    page.wait_for_timeout(400)
    assert "port=C,Queenstown,-,C,S,-" in page.url
    page.reload()
    check_every_cell(page, s, {"port": port})
    check_download(page, s, {"port": port}, tmp_path)
