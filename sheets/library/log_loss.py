"""The course's first spreadsheet: why a model that was 97.5% right landed in 110th place."""

from __future__ import annotations

import numpy as np

from .. import POINTER_X, Axis, Series, Sheet, backprop, row_index, xlogy
from .stories import tell_story

TOP = 10  # of the loss axis; a larger loss is drawn there
CURVE = 100  # pieces of each curve
LEAST_CLIP = 1e-5  # left end of the expected loss's axis
HIGHEST_MARK = 0.8  # of the expected loss, below the upper end of its axis

# 40 pictures, half of them cats, 39 on the right side of 0.5: 97.5% right, as in the lecture.
STORY_CATS = [1] * 20 + [0] * 20
STORY_HONEST = [0.97, 0.99, 0.92, 0.98, 0.88, 0.95, 0.99, 0.85, 0.96, 0.93] * 2 + [
    0.02,
    0.05,
    0.01,
    0.1,
    0.04,
    0.03,
    0.08,
    0.02,
    0.12,
    0.06,
] * 2
STORY_HONEST[12] = 0.3  # the one mistake, honestly in doubt
STORY_CERTAIN = [float(p >= 0.5) for p in STORY_HONEST]
STORY_WRONG_COLUMN = [1 - p for p in STORY_CERTAIN]  # is_cat, where is_dog was asked for
PICTURES = {
    "40 pictures": STORY_CATS,
    "honest": STORY_HONEST,
    "certain": STORY_CERTAIN,
    "the wrong column": STORY_WRONG_COLUMN,
}


def log_loss() -> Sheet:
    s = Sheet(
        "log_loss",
        title="Log loss: why confident and wrong is so expensive",
        summary=(
            "Each row is a picture: is it a cat, and how sure was the model? Log loss charges for"
            " misplaced confidence."
        ),
    )
    cat, p, clip, accuracy_a, nudge = _inputs(s)
    _losses(s, cat, p, clip)
    _gradients(s, cat, p, clip, nudge)
    _curves(s, clip)
    _expected_loss(s, clip, accuracy_a)
    _charts(s)
    tell_story(s, "log_loss", PICTURES)
    _sentences(s)
    _sources(s)
    s.look = "loss_if"
    return s


def _inputs(s: Sheet):
    s.group("Settings", "Move one at a time, and say first what the mean will do")
    clip = s.parameter(
        "clip",
        1e-4,
        0,
        0.4,
        scale="log",
        smallest=1e-6,
        symbol=r"\varepsilon",
        title="clip",
        note="predictions are moved into clip ... 1 - clip; 0 leaves them alone",
    )
    accuracy = s.parameter(
        "model_accuracy",
        0.975,
        0.5,
        0.999,
        step=0.001,
        format=".2%",
        symbol="A",
        note="how often a model is right, for the curve of expected loss",
    )
    nudge = s.parameter(
        "nudge",
        1e-4,
        1e-7,
        0.01,
        scale="log",
        symbol="h",
        note="how far finite differences look to either side",
    )
    s.group("The class", "Ten seconds with five rows explain log loss better than its formula")
    cat = s.input(
        "is_cat",
        [1, 0, 1, 0, 1],
        rows=True,
        role="target",
        whole=True,
        low=0,
        high=1,
        format="d",
        symbol="y",
        note="1 where the picture is a cat",
    )
    p = s.input(
        "prediction",
        [0.98, 0.1, 0.5, 0.9, 0.02],
        rows=True,
        role="input",
        low=0,
        high=1,
        symbol="p",
        note="the probability of a cat that was submitted",
    )
    return cat, p, clip, accuracy, nudge


def _other(p, clip, q):
    """What the clipped prediction q leaves for "no cat".

    Held from above it is the clip itself: 1 - (1 - 1e-15) has lost digits, and both mistakes must
    cost the same.
    """
    return np.where(p > 1 - clip, clip, 1 - q)


def _losses(s: Sheet, cat, p, clip):
    q = s.let(
        "clipped",
        np.clip(p, clip, 1 - clip),
        symbol="q",
        note="the prediction, moved into clip ... 1 - clip",
    )
    other = _other(p, clip, q)
    product = s.let(
        "loss_product",
        -(xlogy(cat, q) + xlogy(1 - cat, other)),
        role="loss",
        infinite=1,
        format=".4f",
        note=(
            "the formula as one product; 0 times ln 0 counts as 0, which is all that +(... = 0)"
            " does"
        ),
    )
    loss = s.let(
        "loss_if",
        np.where(np.equal(cat, 1), -np.log(q), -np.log(other)),
        role="loss",
        infinite=1,
        format=".4f",
        symbol="L",
        title="loss by IF",
        note="the same as a choice: minus the log of the probability given to what was true",
    )
    s.let(
        "difference",
        np.where(np.equal(product, loss), 0, product - loss),
        note="product form minus IF form: always 0",
    )
    flat, certain = _held(s, cat, p, clip, q, other)
    _result(s, cat, p, loss, flat, certain)


def _held(s: Sheet, cat, p, clip, q, other):
    """Which rows the clip holds, and which were certain and wrong."""
    s.group("Held and hopeless", "Rows that the clip holds, and rows that were certain and wrong")
    flat = s.let(
        "flattened",
        np.where(p < clip, 1, np.where(p > 1 - clip, 1, 0)),
        format="d",
        note="1 where the clip holds the prediction: its slope is 0",
    )
    truth = np.where(np.equal(cat, 1), q, other)
    certain = s.let(
        "certain_and_wrong",
        np.where(np.equal(truth, 0), row_index(cat.shape[0]) + 1, 0),
        format="d",
        note="the row's number where what was true got probability 0; else 0",
    )
    return flat, certain


def _result(s: Sheet, cat, p, loss, flat, certain):
    s.group("Result", "One number for the whole class")
    mean = s.let(
        "loss_mean",
        loss.mean(),
        role="loss",
        infinite=1,
        format=".4f",
        symbol=r"\bar{L}",
        title="mean loss",
        note="the mean log loss: what Kaggle ranks by",
    )
    s.let(
        "accuracy",
        np.equal(p >= 0.5, cat).mean(),
        format=".1%",
        note="right at a threshold of 0.5; it does not see confidence",
    )
    worst = s.let(
        "worst_loss", loss.max(), role="loss", infinite=1, format=".4f", note="the costliest row"
    )
    count = cat.shape[0]
    rows = s.let("row_count", count, format="d", note="rows in the class")
    wrong = s.let(
        "certain_rows",
        np.greater(certain, 0).sum(),
        format="d",
        note="rows that were certain and wrong",
    )
    s.let("certain_row", certain.max(), format="d", note="the last of them (0: none)")
    s.let(
        "flattened_rows",
        flat.sum(),
        format="d",
        note="predictions that the clip holds, whose slope is 0",
    )
    as_dear = np.greater_equal(
        loss, worst * (1 - 1e-9)
    )  # not equal: logarithms differ in their last digit, from face to face
    ties = s.let(
        "worst_rows",
        np.where(wrong > 0, wrong, as_dear.sum()),
        format="d",
        note="rows that cost as much as the costliest",
    )
    share = np.where(wrong > 0, 1, np.where(mean > 0, worst * ties / (mean * rows), 0))
    s.let("worst_share", share, format=".2%", note="the costliest rows' part of the whole loss")
    s.group("The costliest row", "Where the class loses most", worksheet="Curves", folded=True)
    s.let(
        "as_dear",
        np.where(wrong > 0, certain, np.where(as_dear, row_index(count) + 1, 0)),
        format="d",
        note="the row's number where it costs as much as the costliest; else 0",
    )
    s.let("worst_row", s["as_dear"].max(), format="d", note="the last of them")


def _gradients(s: Sheet, cat, p, clip, nudge):
    sign = 1 - 2 * cat  # a cat's loss falls as its prediction rises, a non-cat's rises
    count = cat.shape[0]
    backprop(
        s,
        "loss_mean",
        ["prediction"],
        title="Slopes",
        infinite={"clipped": sign, "prediction": sign},
    )

    def loss_at(moved):
        q = np.clip(moved, clip, 1 - clip)
        return np.where(np.equal(cat, 1), -np.log(q), -np.log(_other(moved, clip, q)))

    above = s.let(
        "loss_above",
        loss_at(p + nudge),
        role="loss",
        infinite=1,
        format=".4f",
        note="this row's loss at prediction + nudge",
    )
    below = s.let(
        "loss_below",
        loss_at(p - nudge),
        role="loss",
        infinite=1,
        format=".4f",
        note="this row's loss at prediction - nudge",
    )
    s.let(
        "finite_difference",
        (above - below) / (2 * nudge) / count,
        role="gradient",
        infinite=sign,
        note=(
            "the slope without calculus: (above - below) / (2 nudge) / rows. Right at a clip it"
            " sees half the slope"
        ),
    )


def _curves(s: Sheet, clip):
    s.group(
        "Loss of one answer",
        "What one row costs, for every prediction",
        worksheet="Curves",
        folded=True,
    )
    x = s.let(
        "curve_prediction",
        0.5 - 0.5 * np.cos(row_index(CURVE + 1) * (np.pi / CURVE)),
        format=".4f",
        note="predictions from 0 to 1, closer together near the ends",
    )
    floor = float(np.exp(-TOP))
    q = s.let(
        "curve_clipped", np.clip(x, clip, 1 - clip), format=".4f", note="clipped like the class's"
    )
    s.let(
        "curve_cat",
        -np.log(np.maximum(floor, q)),
        role="loss",
        format=".4f",
        note=f"its loss if it is a cat, drawn up to {TOP}",
    )
    s.let(
        "curve_not_cat",
        -np.log(np.maximum(floor, _other(x, clip, q))),
        role="loss",
        format=".4f",
        note=f"its loss if it is not, drawn up to {TOP}",
    )
    s.group(
        "Points on the curve",
        "The class's rows, as the chart draws them",
        worksheet="Curves",
        folded=True,
    )
    s.let(
        "point_loss",
        np.minimum(TOP, s["loss_if"]),
        role="loss",
        format=".4f",
        note=f"loss_if, an infinite one drawn at {TOP}",
    )


def _expected_loss(s: Sheet, clip, accuracy):
    def expected(c):
        return -(accuracy * np.log(1 - c) + (1 - accuracy) * np.log(c))

    s.group("Expected loss", "A model that is right with probability A and always says c or 1 - c")
    best = s.let(
        "best_clip", 1 - accuracy, format=".4f", note="where the expected loss is least: c = 1 - A"
    )
    s.let("least_loss", expected(best), role="loss", format=".4f", note="the expected loss there")
    at_clip = s.let(
        "loss_at_clip",
        -(accuracy * np.log(1 - clip) + xlogy(1 - accuracy, clip)),
        role="loss",
        infinite=1,
        format=".4f",
        note="the expected loss at c = clip",
    )
    s.group(
        "Expected loss against c",
        "The lecturer's open question: under- or overestimate?",
        worksheet="Curves",
        folded=True,
    )
    low, high = np.log(LEAST_CLIP), np.log(0.5)
    c = s.let(
        "curve_c",
        np.exp(low + row_index(CURVE + 1) * ((high - low) / CURVE)),
        note=f"c from {LEAST_CLIP:g} to 0.5",
    )
    s.let(
        "curve_expected",
        expected(c),
        role="loss",
        format=".4f",
        note="-(A ln(1 - c) + (1 - A) ln c)",
    )
    s.group(
        "Marks on the expected loss", "Where the clip stands now", worksheet="Curves", folded=True
    )
    s.let(
        "mark_clip",
        np.maximum(LEAST_CLIP, clip),
        note="clip, drawn no further left than the axis goes",
    )
    s.let(
        "mark_loss",
        np.minimum(HIGHEST_MARK, at_clip),
        role="loss",
        format=".4f",
        note="loss_at_clip, drawn no higher than the axis goes",
    )


def _charts(s: Sheet):
    s.chart(
        "Loss of one row against its prediction",
        Axis("prediction (probability of a cat)", 0, 1),
        Axis("loss", 0, TOP + 1),
        [
            Series("curve_prediction", "curve_cat", "a cat", role="target"),
            Series("curve_prediction", "curve_not_cat", "not a cat", role="parameter"),
            Series(
                "prediction",
                "point_loss",
                f"this class (infinite: at {TOP})",
                mode="markers",
                role="loss",
                drag="x",
            ),
        ],
        note=(
            "Two curves that rise steeply towards the wrong certainty and are flat where the clip"
            " holds; this class's rows lie on them."
        ),
    )
    s.chart(
        "Expected loss against c, for a model of accuracy A",
        Axis("c (log scale)", LEAST_CLIP, 0.6, "log"),
        Axis("expected loss", 0, 0.85),
        [
            Series("curve_c", "curve_expected", "expected loss", role="loss"),
            Series(
                "best_clip",
                "least_loss",
                "least, at c = 1 - A",
                mode="markers",
                role="weight",
                moves={"model_accuracy": 1 - POINTER_X},
            ),
            Series(
                "mark_clip",
                "mark_loss",
                f"clip now (infinite: at {HIGHEST_MARK})",
                mode="markers",
                role="parameter",
                moves={"clip": POINTER_X},
            ),
        ],
        note="A valley with its lowest point at c = 1 - A; the present clip is a point on it.",
    )


def _sentences(s: Sheet):
    wrong, rows, ties, mean = (
        s[name] for name in ("certain_rows", "row_count", "worst_rows", "loss_mean")
    )

    def both(a, b):
        return np.where(a, np.where(b, 1, 0), 0)

    infinite = (
        "The mean loss is infinite: {rows_said} gave probability 0 to what was true, and -ln 0 is"
        " infinite."
    )
    s.say(
        infinite.replace("{rows_said}", "row {certain_row}")
        + " That one row decides the mean, however good the other rows are.",
        when=both(np.equal(wrong, 1), rows > 1),
    )
    s.say(
        infinite.replace(
            "{rows_said}", "{certain_rows} of {row_count} rows, row {certain_row} the last of them,"
        )
        + " One would be enough.",
        when=np.where(wrong > 1, 1, both(np.equal(wrong, 1), np.equal(rows, 1))),
    )
    s.say(
        "Mean log loss {loss_mean}, accuracy {accuracy}. The costliest row costs {worst_loss}:"
        " {worst_share} of the whole loss.",
        when=both(np.equal(wrong, 0), both(np.equal(ties, 1), mean > 0)),
    )
    s.say(
        "Mean log loss {loss_mean}, accuracy {accuracy}. "
        "The {worst_rows} costliest rows cost {worst_loss} each: {worst_share} of the whole loss.",
        when=both(np.equal(wrong, 0), both(ties > 1, mean > 0)),
    )
    s.say(
        "Mean log loss {loss_mean}: every row gave probability 1 to what was true. One certain and"
        " wrong row would make it infinite.",
        when=np.equal(mean, 0),
    )
    s.say(
        "The clip holds {flattened_rows} of {row_count} predictions: there the loss is flat, the"
        " slope is 0, and moving them a little changes nothing.",
        when=s["flattened_rows"] > 0,
    )
    s.say(
        "A model with model_accuracy A = {model_accuracy} that always says c or 1 - c"
        " does best with c = 1 - A = {best_clip}, and then expects a loss of {least_loss}; with c ="
        " clip that loss is {loss_at_clip}."
    )


def _sources(s: Sheet):
    s.source(
        "fast.ai, Practical Deep Learning for Coders (2016), lesson 2: log loss in a spreadsheet,"
        " and clipping a submission",
        "https://course17.fast.ai/lessons/lesson2.html",
    )
    s.source(
        "Kaggle, Dogs vs. Cats Redux: Kernels Edition, evaluation by log loss; 0 and 1 are moved"
        " inwards so that the log exists",
        "https://www.kaggle.com/c/dogs-vs-cats-redux-kernels-edition",
    )
