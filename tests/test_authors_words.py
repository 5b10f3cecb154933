"""What an author may say besides formulas, and what is refused rather than done unlike numpy."""

from __future__ import annotations

import numpy as np
import pytest

from sheets import Sheet, SheetError, backprop, normal, permutation, uniform, values


def sheet() -> Sheet:
    s = Sheet("words")
    s.input("x", [[1.0, 2.0], [3.0, 4.0]])
    s.input("w", [[0.5, -1.0]])
    return s


# --- nothing silently unlike numpy


@pytest.mark.parametrize("function", [np.sum, np.mean, np.max, np.array, np.median])
def test_a_list_of_blocks_is_no_array(function):
    x = sheet()["x"]
    with pytest.raises(SheetError, match=r"^test_authors_words\.py:\d+: "):
        function([x, x])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x.sort(), "x: what a formula says does not change; write np.sort(x)"),
        (lambda x: x.srt(), "x.srt is not in the language; did you mean sort"),
        (lambda x: np.take(x, x[:, 0]), "np.take of x without an axis counts single elements"),
        (lambda x: x[1:1], "holds nothing"),
        (lambda x: x[0, 5], "is 1 x 2, and its columns are counted from 0"),
        (lambda x: x.reshape(3, 2), "2 x 2 are 4 numbers"),
        (lambda x: x & 1, "is for comparisons; of numbers write np.logical_and"),
        (lambda x: x + np.inf, "only a branch of np.where may be -np.inf"),
        (lambda x: np.cumsum(x), "say axis=0 or axis=1"),
        (lambda x: np.round(x, x), "decimals is x; it must be a whole number"),
        (lambda x: np.sum(x, axis=1, keepdims=False), "keepdims=False would drop an axis"),
    ],
)
def test_it_is_refused_at_the_authors_line(wrong, said):
    with pytest.raises(SheetError) as caught:
        wrong(sheet()["x"])
    assert str(caught.value).startswith("test_authors_words.py:") and said in str(caught.value)


def test_what_moves_with_data_rows_is_refused():
    s = Sheet("data")
    x = s.input("x", [[1.0, 2.0], [3.0, 4.0]], rows=True)
    for wrong in (
        lambda: x[1:],
        lambda: np.vstack([x, x]),
        lambda: np.flip(x),
        lambda: x.reshape(1, 4),
    ):
        with pytest.raises(SheetError, match="data"):
            wrong()
    s.let("last", x[-1] * 2)
    s.let("columns", np.hstack([x, x[:, ::-1]]))
    computed = values(s, {"x": [[1, 2], [3, 4], [5, 6]]})
    assert computed["last"].tolist() == [[10, 12]]
    assert computed["columns"].tolist() == [[1, 2, 2, 1], [3, 4, 4, 3], [5, 6, 6, 5]]


def test_what_is_carried_is_a_block():
    s = sheet()
    s.let("w_next", s["w"] * 0.5)
    with pytest.raises(SheetError, match=r's\.let\("w_next", \.\.\.\)'):
        s.carry(w=s["w"] * 2)
    s.carry(w=s["w_next"])
    assert values(s, steps=2)["w"].tolist() == [[0.125, -0.25]]


def test_a_gradient_that_fails_leaves_the_sheet_as_it_was():
    s = sheet()
    s.let("loss", (s["x"] * s["w"]).sum())
    backprop(s, "loss", ["w"])
    before = list(s.blocks), [(group.title, list(group.blocks)) for group in s.groups]
    with pytest.raises(SheetError, match="'d_loss' is already defined"):
        backprop(s, "loss", ["w"])
    assert before == (list(s.blocks), [(group.title, group.blocks) for group in s.groups])
    s.let("after", s["w"] * 2)
    assert next(group for group in s.groups if group.title == "Gradients").blocks[-1] == "after"


@pytest.mark.parametrize("name", ["loss2", "conv2d", "W_1", "x_0"])
def test_a_name_may_have_digits(name):
    s = Sheet("names")
    s.input(name, 1.0)
    assert values(s)[name].item() == 1


@pytest.mark.parametrize("name", ["h2", "W1", "2x", "a b"])
def test_a_name_that_is_none_says_what_is(name):
    with pytest.raises(SheetError, match=r"address in Excel|a letter, then letters and digits"):
        Sheet("names").input(name, 1.0)


# --- one number


def test_a_block_of_one_number_is_a_number():
    s = sheet()
    s.let("loss", s["x"].mean())
    computed = values(s)
    assert float(computed["loss"]) == 2.5 and f"{computed['loss']:.2f}" == "2.50"
    assert int(values(s, {"x": [[1, 1], [1, 1]]})["loss"]) == 1
    with pytest.raises(TypeError):
        float(computed["x"])


# --- noise


@pytest.mark.parametrize("draw", [normal, uniform])
def test_two_blocks_drawn_from_one_seed_differ(draw):
    s = Sheet("noise")
    seed = s.parameter("seed", 3, 0, 10_000, whole=True)
    for name in ("q", "k", "v"):
        draw(s, name, (50, 2), seed)
    draw(s, "fixed", (50, 2), 3)
    computed = values(s)
    numbers = [computed[name] for name in ("q", "k", "v")]
    assert len({x.tobytes() for x in numbers}) == 3
    correlations = np.corrcoef([x.ravel() for x in numbers]) - np.eye(3)
    assert np.abs(correlations).max() < 0.35
    alone = Sheet("alone")
    draw(alone, "q", (50, 2), alone.parameter("seed", 3, 0, 10_000, whole=True))
    assert values(alone)["q"].tobytes() == computed["q"].tobytes() == computed["fixed"].tobytes()


def test_two_orders_of_one_seed_differ():
    s = Sheet("orders")
    one, two = (permutation(s, name, 20, 5, 0) for name in ("one", "two"))
    s.let("same", np.equal(one, two).sum())
    assert values(s)["same"].item() < 20
