"""Formulas that choose between others: the branch in force, told by V8, gives the cell's number
when IronCalc computes it alone.
"""

from __future__ import annotations

import json

import engines
import numpy as np
import pytest
from pages import cell, frame
from quick import few_when_quick

from sheets import Sheet, row_index, values
from sheets.language.cells import at
from sheets.language.choices import branches, is_choice
from sheets.library.log_loss import log_loss
from sheets.library.matmul_stack import matmul_stack
from sheets.library.relu_layers import relu_layers
from sheets.targets.excel import write
from sheets.targets.excel.formulas import Formula, formula
from sheets.targets.excel.layout import layout
from sheets.targets.javascript import program

BESIDE = 200  # columns: where the formula of the branch stands, in the cell's own row


def choosing() -> Sheet:
    """Choices inside choices, on either side; by row; of numbers alone."""
    s = Sheet("choosing", title="Choices")
    way = s.choice("way", "first", ["first", "second", "third"])
    a, b = s.input("a", 3.0), s.input("b", 4.0)
    x = s.input("x", [-2.0, 0.5, 7.0], rows=True)
    s.let(
        "spread",
        np.where(np.equal(way, 0), 2 / (a + b), np.where(np.equal(way, 1), np.sqrt(2 / a), 0)),
    )
    s.let(
        "bent",
        np.where(
            x < 1,
            np.where(np.equal(way, 0), x, np.exp(x)),
            np.where(np.equal(way, 2), x.sum() - x, a * x + row_index(1)),
        ),
    )
    s.let("each", np.vstack([a + b, np.where(a > b, a, b), x.mean()]))
    s.let("flag", np.where(x < 1, 1, 0))
    s.let("twice", 2 * np.where(x < 1, x, 0))
    return s


CASES = {
    **{f"choosing {k}": (choosing, {"way": k, "x": [0.5, 3.0][: k + 1]}) for k in range(2)},
    "choosing 2": (choosing, {"way": 2, "a": 9}),
    **{f"matmul_stack {k}": (matmul_stack, {"initialisation": k}) for k in range(5)},
    "log_loss": (log_loss, {}),
    **{f"relu_layers {k}": (relu_layers, {"activation": k}) for k in range(2)},
}


def chosen(sheet: Sheet, inputs: dict) -> dict[str, list[list[int]]]:
    """Of each block that chooses, the number of each cell's branch."""
    started = sheet.with_inputs(inputs)
    flat = {
        name: block.value.ravel().tolist()
        for name, block in started.inputs.items()
        if block.value is not None
    }
    shapes = {name: list(map(int, block.shape)) for name, block in started.blocks.items()}
    source = f"""(() => {{
        const program = ({program(sheet)})({int(started.rows or 0)});
        for (const [name, numbers] of Object.entries({json.dumps(flat)})) program.blocks[name].set(numbers);
        program.run();
        const range = (n) => Array.from({{ length: n }}, (_, k) => k);
        const shapes = {json.dumps(shapes)};
        const of = ([name, branch]) => [name, range(shapes[name][0]).map((i) => range(shapes[name][1]).map((j) => branch(i, j)))];
        return JSON.stringify(Object.fromEntries(Object.entries(program.branches).map(of)));
    }})()"""
    return json.loads(engines.in_v8(source))


def alone(sheet: Sheet, name: str, number: int) -> Formula:
    """The formula of one branch."""
    block, places = sheet.blocks[name], layout(sheet).blocks
    sign = None if block.infinite is None else at(block.infinite, "i", "j")
    return formula(
        sheet,
        places,
        places[name],
        branches(at(block.expr, "i", "j"))[number],
        name,
        block.line,
        sign,
    )


@pytest.mark.parametrize("case", few_when_quick(CASES, lambda case: "choosing" in case))
def test_the_branch_in_force_gives_the_cells_number(case, tmp_path):
    make, inputs = CASES[case]
    sheet = make().with_inputs(inputs)
    write(sheet, tmp_path / "book.xlsx")
    model, pages = engines.opened_in_ironcalc(tmp_path / "book.xlsx")
    places, found, asked = layout(sheet).blocks, values(sheet), []
    for name, numbers in chosen(make(), inputs).items():
        assert is_choice(at(sheet.blocks[name].expr, "i", "j"))
        for i, row in enumerate(numbers):
            for j, number in enumerate(row):
                text = alone(sheet, name, number).at(i, j)
                where = (
                    pages[places[name].worksheet],
                    places[name].row + i + 1,
                    places[name].column + j + 1 + BESIDE,
                )
                if not engines.IRONCALC_GAP.search(text):
                    model.set_user_input(*where, text)
                    asked.append((where, name, text, found[name][i, j]))
    model.evaluate()
    assert asked
    for where, name, text, expected in asked:
        answer = model.get_cell_value(*where)
        assert answer == pytest.approx(expected, rel=1e-9) or f"{expected}inite" == answer, (
            name,
            text,
        )


def test_only_a_choice_between_formulas_has_branches():
    assert set(chosen(choosing(), {})) == {"spread", "bent", "each"}


def test_the_formula_bar_shows_the_branch_in_force_beside_the_whole(opened):
    lesson = opened(choosing)
    cell(lesson, "spread").click()
    said = {
        "first": ("=2/(a+b)", "0.2857"),
        "second": ("=SQRT(2/a)", "0.8165"),
        "third": ("=0", "0"),
    }
    for way, (text, number) in said.items():
        lesson.get_by_role("combobox", name="way").select_option(way)
        cell(lesson, "spread").click()
        frame(lesson)
        assert lesson.locator(".gs-branch").inner_text() == text
        assert lesson.locator(".gs-numbers").inner_text().startswith(f"{number} =")
        assert (
            lesson.locator(".gs-formula").inner_text() == "=IF(way=0,2/(a+b),IF(way=1,SQRT(2/a),0))"
        )
    cell(lesson, "twice").click()
    assert lesson.get_by_text("in force now").is_hidden()
