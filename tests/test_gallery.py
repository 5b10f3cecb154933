"""The gallery's sheets, each as a teacher's own file: the course's numbers, PyTorch's gradients,
and every engine.
"""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path

import engines
import examples
import numpy as np
import openpyxl
import pytest
import workbooks
from quick import thorough

from lessons.own import makers_at
from sheets import Sheet, values
from sheets.language.blocks import gradient_of, part_of
from sheets.targets.excel import write
from sheets.targets.excel.fitting import without_steps
from widgets.packed_workbook import packed_workbook

GALLERY = Path(__file__).parents[1] / "gallery"
MAKERS = {name: cache(make) for name, make in makers_at(str(GALLERY)).items()}
STEPS = {name: 2 if make().carried else 0 for name, make in MAKERS.items()}
BOOKS = {
    name: workbooks.register(f"gallery_{name}", make, notes=False, steps=0)
    for name, make in MAKERS.items()
}
# A step's sums run down one column of two, whose cells do not stand side by side in the step's row.
WITHOUT_STEPS = "network"
each_sheet = pytest.mark.parametrize("name", MAKERS)
GIVEN = json.loads((GALLERY / "course_ratings.json").read_text(encoding="utf-8"))
# Excel's Solver's weights in the course's titanic.xlsx, in the order of our columns.
SOLVED = [
    [-0.5121166049392545, 0.048739184630876294, 0.35260970444123674, 0.1828419836947523],
    [0.030719942102544747, 0.09681646208694518, -0.48306505275192946, -0.05493400846598555],
    [-0.01392560201864639, 0.6944119448688815],
]


# --- the course's numbers


def descended(steps: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Films, people and the root of the mean squared error after so many steps, by numpy alone."""
    stars = np.array(GIVEN["ratings"], dtype=float)
    films, people = (np.array(GIVEN[name]) for name in ("films", "people"))
    is_given = ~np.isnan(stars)
    error = lambda: np.where(is_given, people @ films - stars, 0)
    for _ in range(steps):
        slope = 2 * error() / is_given.sum()
        films, people = films - 0.1 * people.T @ slope, people - 0.1 * slope @ films.T
    return films, people, float(np.sqrt((error() ** 2).sum() / is_given.sum()))


def test_collaborative_filtering_starts_and_descends_as_numpy_does():
    s = MAKERS["collaborative_filtering"]()
    assert abs(float(values(s)["rmse"]) - 2.8060620616) < 1e-10
    films, people, rmse = descended(200)
    computed = values(s, steps=200)
    np.testing.assert_allclose(computed["films"], films, rtol=1e-10)
    np.testing.assert_allclose(computed["people"], people, rtol=1e-10)
    np.testing.assert_allclose(float(computed["rmse"]), rmse, rtol=1e-11)


def test_where_10000_steps_lead():
    """0.39294 is the mean of the 206 ratings that are there. Of all 225 cells, the others counted
    as right, it would be 0.39296 after as many steps, which rounds to 0.3930.
    """
    assert abs(descended(10_000)[2] - 0.39294) < 5e-6


def test_the_titanic_has_the_courses_loss_and_descends_to_it():
    solved = np.array([x for row in SOLVED for x in row])[:, np.newaxis]
    s = MAKERS["linear_model"]()
    assert abs(float(values(s, {"w": solved})["loss"]) - 0.14422714930851466) < 1e-15
    near = float(values(s, steps=2000)["loss"])
    assert 0 < near - 0.14422714930851466 < 1e-5  # the Solver's is the least


def test_the_convolution_has_the_courses_activation_in_sixteen_blocks():
    s = MAKERS["convolution"]()
    assert float(values(s)["activation"]) == pytest.approx(258.7376267107572, rel=1e-14)
    forward = [name for name, b in s.blocks.items() if not (part_of(b) or gradient_of(b))]
    assert len(forward) == 16 and forward[-1] == "activation"


# --- gradients


def test_the_language_model_learns_as_in_pytorch():
    torch = engines.pytorch()
    s = MAKERS["language_model"]()
    start = values(s)
    w = {name: torch.tensor(np.array(start[name]), requires_grad=True) for name in s.carried}
    read, wanted = (torch.tensor(start[name].ravel().astype(int)) for name in ("read", "next"))
    x = w["embedding"][read] + w["position"]
    normed = torch.nn.functional.layer_norm(x, (4,))
    q, k, v = (normed @ w[name] for name in ("W_Q", "W_K", "W_V"))
    mask = torch.ones(6, 6, dtype=torch.bool).triu(1)
    looks = (q @ k.T / 2).masked_fill(mask, -torch.inf).softmax(1)
    loss = torch.nn.functional.cross_entropy((x + looks @ v) @ w["W_out"], wanted)
    loss.backward()
    np.testing.assert_allclose(float(start["loss"]), loss.item(), rtol=1e-12)
    np.testing.assert_allclose(start["attention"], looks.detach(), rtol=1e-12)
    for name, weight in w.items():
        np.testing.assert_allclose(start[f"d_{name}"], weight.grad, rtol=1e-9, atol=1e-12)


# --- every face


@each_sheet
def test_the_page_computes_the_same(name):
    s = MAKERS[name]()
    computed = values(s, steps=STEPS[name])
    assert not examples.differences(engines.in_javascript(s, steps=STEPS[name]), computed)


@thorough
@pytest.mark.parametrize(
    "recalculated", [workbooks.in_libreoffice, workbooks.in_gnumeric, workbooks.in_ironcalc]
)
@each_sheet
def test_the_workbook_does_too(name, recalculated):
    s = MAKERS[name]()
    stands = without_steps(s) if name == WITHOUT_STEPS else s
    assert not examples.differences(engines.numbers(stands, recalculated(BOOKS[name])), values(s))


def test_of_steps_that_excel_cannot_state_the_workbook_holds_the_last_one(tmp_path):
    s, file = MAKERS[WITHOUT_STEPS](), tmp_path / "network.xlsx"
    write(s, file, steps=3)
    book = openpyxl.load_workbook(file, data_only=True)
    assert book.sheetnames == ["Sheet", "Story", "Details"]
    said = [cell.value for row in book["Sheet"].iter_rows(max_row=4) for cell in row]
    assert any(str(text).startswith("This workbook holds step 3 alone.") for text in said)
    cells = engines.numbers(without_steps(s), engines.cached_cells(file))
    np.testing.assert_allclose(cells["w"], values(s, steps=3)["w"], rtol=1e-15)
    packed = json.loads(gzip.decompress(base64.b64decode(packed_workbook(s))))
    assert packed["steps"] == 0


def scene_of(s: Sheet) -> tuple[int, int]:
    scene = s.staged(None)
    return len(scene.pictures), len(scene.cells)


@pytest.mark.parametrize(
    ("name", "pictures", "cells"),
    [("attention_head", 3, 0), ("embeddings", 3, 0), ("films_in_a_list", 0, 4)],
)
def test_without_a_chart_the_stage_has_pictures_or_rows(opened, name, pictures, cells):
    assert scene_of(MAKERS[name]()) == (pictures, cells)
    page = opened(MAKERS[name])
    page.locator(".gs-stage :is(figure, .gs-cells td)").first.wait_for()
    assert page.locator(".gs-pictures figure").count() == pictures
    assert page.locator(".gs-cells thead th[data-part]").count() == cells


def test_names_stand_around_a_picture(opened):
    page = opened(MAKERS["attention_head"])
    names = page.locator("[data-picture=attention] tbody .gs-rownumber")
    names.first.wait_for()
    assert names.all_inner_texts() == ["I", "do", "not", "like", "green", "eggs"]
    above = page.locator("[data-picture=attention] .gs-names th")
    assert above.all_inner_texts() == names.all_inner_texts()
    assert above.first.is_visible()
    assert not page.locator("[data-picture=W_Q] tbody .gs-rownumber").first.is_visible()
