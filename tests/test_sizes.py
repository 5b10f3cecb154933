"""Sizes on a page without Python: which sheets it carries, and that they are the ones that Python
makes.
"""

from __future__ import annotations

import io
import json
from unittest import mock

import engines
import numpy as np
import pytest
from example_sheets import tower
from examples import BOUNDED
from hypothesis import given
from hypothesis import strategies as st
from quick import thorough

from sheets import Sheet, SheetError, values
from sheets.library.depth_lab import depth_lab
from sheets.library.matmul_stack import matmul_stack
from sheets.targets.excel import read_inputs, write
from widgets import SheetWidget, other_sizes
from widgets.description import description
from widgets.front_end import FOLDER, enclosed
from widgets.merging import merged
from widgets.other_sizes import sizes_of, told_sizes

TAKEN_OUT = f"""{enclosed(FOLDER / "engine" / "packing.js")}
((told, k) => JSON.stringify(engine_packing.takenOut(told.merged, k, told.ways)))"""


def others_of(sheet: Sheet) -> list[dict[str, int]]:
    return list(map(sizes_of, other_sizes.other_sizes(sheet)))


# --- which


@pytest.mark.thorough
def test_a_page_carries_every_sheet_that_differs_in_few_sizes():
    start, found = (
        {"layers": 3, "width_1": 4, "width_2": 3, "width_3": 3, "width_4": 3},
        others_of(matmul_stack()),
    )
    differences = [sum(size != start[name] for name, size in sizes.items()) for sizes in found]
    assert len({frozenset(sizes.items()) for sizes in found}) == len(found) == 79
    assert differences == sorted(differences) and max(differences) == 2
    for layers, count in {
        1: 1,
        2: 6,
        3: 35,
        4: 16,
        5: 21,
    }.items():  # all of up to three layers; of more, one width differs
        assert sum(sizes["layers"] == layers for sizes in found) == count


@pytest.mark.thorough
def test_a_page_carries_what_is_ready_of_a_wide_range():
    assert others_of(depth_lab()) == [{"width": width} for width in (2, 4, 16, 32, 64, 128)]
    assert [sizes["width"] for sizes in others_of(depth_lab(100))] == [2, 4, 8, 16, 32, 64, 128]


@thorough
def test_all_or_none_of_a_kind_are_carried():
    assert (
        len(others_of(tower())) == 1 + 2 + 12
    )  # of 1, 2 and 3 layers; of a new layer the width it comes with, too
    with mock.patch.object(other_sizes, "MOST_SHEETS", 8):
        assert others_of(tower()) == [
            {"layers": 1},
            {"layers": 3, "width_1": 2, "width_2": 3},
            {"layers": 2, "width_1": 1},
            {"layers": 2, "width_1": 4},
        ]
    with mock.patch.object(other_sizes, "MOST_SHEETS", 4):
        assert told_sizes(tower()) == ({}, {})


@thorough
def test_inputs_that_fit_are_kept():
    wide = next(
        sheet
        for sheet in other_sizes.other_sizes(tower().with_inputs({"rate": 0.5, "W_2": [[1], [2]]}))
        if "width_2" in sheet.inputs
    )
    assert wide.blocks["rate"].value == 0.5 and wide.blocks["W_2"].value is None


def test_what_is_ready_lies_within_the_range():
    s = Sheet("short", made_by=tower)
    with pytest.raises(SheetError, match=r"width.*lies from 2 to 8.*16"):
        s.size("width", 2, 2, 8, (2, 4, 16))


# --- as Python makes them


def taken_out(told: dict, count: int) -> list:
    calls = ", ".join(f"told.map((each) => of(each, {k}))[0]" for k in range(count))
    source = TAKEN_OUT.replace("((told, k)", "const of = ((told, k)")
    return [
        json.loads(each)
        for each in json.loads(
            engines.in_v8(
                f"{source};\nconst told = [{json.dumps(told)}];\nJSON.stringify([{calls}])"
            )
        )
    ]


@pytest.mark.thorough
def test_each_is_the_sheet_that_python_makes():
    values, told = told_sizes(tower())
    assert values == {"layers": [1, 2, 3], "width_1": [1, 2, 4], "width_2": [1, 2, 3, 4]}
    for sizes, found in zip(told["sizes"], taken_out(told, len(told["sizes"])), strict=True):
        assert found == json.loads(json.dumps(description(tower(**sizes)))), sizes


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "one", "a 1\nb", "a 2\nb\nc 3", "b\na 1", "\n"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "name"]), inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["u", "v", "w"]), "held": inner}),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@BOUNDED
@given(st.lists(VALUES.map(lambda value: {"held": value}), min_size=1, max_size=4))
def test_whatever_is_merged_is_taken_out_again(told):
    assert taken_out(merged(told), len(told)) == told


# --- where Python makes them


def test_a_widget_of_another_size_still_knows_what_it_was_opened_with():
    widget = SheetWidget(tower(), rate=0.25)
    widget.rate = 0.5
    widget.set(layers=3)
    told = {block["name"]: block.get("value") for block in widget._description["blocks"]}
    assert widget.rate == 0.5 and told["rate"] == [0.25] and told["layers"] == [3]
    np.testing.assert_array_equal(widget.values["W_2"].shape, (2, 3))


# --- back from a workbook


@pytest.mark.thorough
@pytest.mark.parametrize(
    "sizes", [{"layers": 1}, {"width_2": 1}, {"layers": 5, "width_1": 1, "width_4": 6}], ids=str
)
def test_a_workbook_of_fewer_or_more_layers_comes_back(sizes):
    made, file = matmul_stack(**sizes), io.BytesIO()
    write(made, file)
    back = matmul_stack().with_inputs(read_inputs(matmul_stack(), file.getvalue()))
    assert sizes_of(back) == sizes_of(made)
    np.testing.assert_array_equal(values(back)["output"], values(made)["output"])
