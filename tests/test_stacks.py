"""A third axis: blocks of one shape under one name, side by side, each with its gradient."""

from __future__ import annotations

import engines
import examples
import numpy as np
import pytest
import workbooks
from quick import thorough

from sheets import (
    Sheet,
    SheetError,
    backprop,
    column_index,
    correlate,
    pooled,
    row_index,
    softmax,
    values,
)
from sheets.language.blocks import part_of
from sheets.library.convolution_numbers import DEEP, DENSE, FILTERS, SEVEN

HEADS = ("left", "right")
RNG = np.random.default_rng(3)
TOKENS = RNG.normal(size=(5, 4)).round(2)
WEIGHTS = {name: RNG.normal(size=(2, 4, 3)).round(2) for name in ("W_Q", "W_K", "W_V")}


def two_heads() -> Sheet:
    """Attention as it is written: one formula for each head."""
    s = Sheet("two_heads", title="Two heads of attention")
    s.group("Tokens")
    x = s.input("x", TOKENS, rows_named=["I", "do", "not", "like", "eggs"])
    weights = []
    for name, numbers in WEIGHTS.items():
        s.group(name, "one for each head")
        weights.append(s.stack(name, numbers, over=HEADS, role="weight", shown="heat"))
    s.group("Attention")
    q, k, v = (s.each(w.name[-1], lambda w: x @ w, over=w) for w in weights)
    seen = row_index(5) >= column_index(5)
    looks = s.each(
        "attention",
        lambda q, k: softmax(np.where(seen, q @ k.T / 3**0.5, -np.inf)),
        over=[q, k],
        title="who looks at whom",
    )
    out = s.each("out", lambda a, v: a @ v, over=[looks, v])
    s.let("both", np.hstack(out))
    s.let("loss", ((s["both"][:, 1:5] - x) ** 2).mean(), role="loss")
    d = backprop(s, "loss", weights)
    s.group("Next")
    for w in weights:
        s.carry(**{w.name: s.each(f"{w.name}_next", lambda w, g: w - g / 2, over=[w, d[w.name]])})
    s.say("Not looks at I by {attention_left[not, I]:.2f}.")
    return s


STACKED = workbooks.register("two_heads", two_heads, notes=False)


def test_each_head_learns_as_in_pytorch():
    torch = engines.pytorch()
    x = torch.tensor(TOKENS)
    weights = [torch.tensor(w, requires_grad=True) for w in WEIGHTS.values()]
    for _ in range(3):
        q, k, v = (x @ w for w in weights)
        scores = q @ k.transpose(1, 2) / 3**0.5
        hidden = torch.ones(5, 5, dtype=torch.bool).triu(1)
        out = scores.masked_fill(hidden, -torch.inf).softmax(-1) @ v
        loss = ((torch.hstack(list(out))[:, 1:5] - x) ** 2).mean()
        slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for w, g in zip(weights, slopes, strict=True):
                w -= g / 2
    computed = values(two_heads(), steps=3)
    for name, w in zip(WEIGHTS, weights, strict=True):
        for k, head in enumerate(HEADS):
            np.testing.assert_allclose(computed[f"{name}_{head}"], w[k].detach(), rtol=1e-12)


@thorough
def test_page_and_workbook():
    s = two_heads()
    assert not examples.differences(engines.in_javascript(s), values(s))
    assert not examples.differences(engines.numbers(s, workbooks.in_ironcalc(STACKED)), values(s))
    assert s.blocks["attention_left"].label == "who looks at whom: left"
    assert (s.blocks["W_Q_left"].label, s.blocks["W_Q_left"].shown) == ("W_Q: left", "heat")
    assert s.blocks["attention_right"].rows_named[2] == "not"
    groups = {name: group.title for group in s.groups for name in group.blocks}
    assert groups["W_Q_left"] == groups["W_Q_right"] == "W_Q"


def test_the_course_s_convolution_is_16_blocks_and_one_more_for_each_gradient():
    """Besides those, only what Excel's cells need: filters turned over, maps amid zeros."""
    s = Sheet("convolution")
    image = s.input("image", SEVEN)
    named = ("first", "second")
    filters = s.stack("filter", [np.reshape(f, (3, 3)) for f in [*FILTERS.values()][:2]], named)
    maps = s.each("conv", lambda f: np.maximum(0, correlate(image, f)), over=filters)
    deep = [s.stack(f"deep_{out}", DEEP[k], named) for k, out in enumerate(named)]
    second = [
        s.let(f"deep_map_{k}", np.maximum(0, sum(map(correlate, maps, weights))))
        for k, weights in enumerate(deep, 1)
    ]
    pools = [s.let(f"pool_{k}", pooled(m, 2, np.max)) for k, m in enumerate(second, 1)]
    dense = s.stack("dense", DENSE, named)
    s.let("activated", sum((p * d).sum() for p, d in zip(pools, dense, strict=True)))
    assert len(s.blocks) == 16
    assert abs(values(s)["activated"].item() - 258.7376267107572) < 1e-11
    d = backprop(s, "activated")
    gradients = [name for name in s.blocks if name.startswith("d_")]
    assert len([name for name in gradients if not part_of(s.blocks[name])]) == 16
    assert [block.shape for block in d["deep_second"]] == [(3, 3), (3, 3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda s, f: f * 2, r'f in a formula: .*s\.each\("new", lambda x: \.\.\., over=f\)'),
        (lambda s, f: np.sin(f), "says one formula for each"),
        (lambda s, f: f.sum(axis=0), r"f\.sum: f over a, b are 2 blocks"),
        (lambda s, f: f["aa"], r"f\['aa'\]: did you mean a"),
        (lambda s, f: f[2], "it has 2, counted from 0"),
        (lambda s, f: s.stack("g", np.ones((2, 3, 3)), over=("a",)), "2 different words"),
        (lambda s, f: s.stack("g", [[1], [1, 2]], over=("a", "b")), "they must have one shape"),
        (lambda s, f: s.each("g", lambda x: x, over=s["f_a"]), "what s.stack or s.each gave"),
        (lambda s, f: s.carry(f=["f_a"]), "takes 2, one for each"),
    ],
)
def test_it_is_refused_at_the_authors_line(wrong, said):
    s = Sheet("stacks")
    f = s.stack("f", np.ones((2, 3, 3)), over=("a", "b"))
    before = list(s.blocks)
    with pytest.raises(SheetError, match=rf"^test_stacks\.py:\d+: .*{said}"):
        wrong(s, f)
    assert list(s.blocks) == before
