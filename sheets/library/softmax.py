"""The course's second spreadsheet of losses: five numbers of a network become shares of one, and
the right one's logarithm is what a picture costs.
"""

from __future__ import annotations

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, column_index, row_index, sigmoid
from .stories import tell_story

CLASSES = ("cat", "dog", "plane", "fish", "building")
CAT, DOG, PLANE, FISH, BUILDING = range(len(CLASSES))
PICTURES = ("picture 1", "picture 2")

# Outputs of networks in the course's own workbook, entropy_example.xlsx: of the 2016 course, and
# the two pictures of course-v3 whose outputs differ by a constant.
A_DOG = (
    -4.885224780447092,
    2.5974728206314666,
    0.591664975702642,
    -2.0689445222722602,
    -4.568679173867985,
)
A_FISH = (
    0.021789294543326676,
    -2.488055919486013,
    -1.7505557283129267,
    2.070409245987718,
    1.2502573466234175,
)
A_FAINT_FISH = (
    -1.4210496434287527,
    -3.9308948574580924,
    -3.1933946662850063,
    0.6275703080156385,
    -0.19258159134866187,
)

# The five rows that the lesson of log loss begins with.
CATS = [[1], [0], [1], [0], [1]]
PREDICTIONS = [[0.98], [0.1], [0.5], [0.9], [0.02]]

COLDEST, HOTTEST = 0.1, 10
CURVE = 40  # pieces of each curve over the temperature
TOP = 32  # of the loss axis: at a temperature of a quarter the mistake costs 29.93


def softmax() -> Sheet:
    s = Sheet(
        "softmax",
        title="Softmax: five numbers become probabilities",
        summary=(
            "A network says a number for each class. What makes probabilities of them, and what"
            " can they not say?"
        ),
    )
    _settings(s)
    _shares(s)
    _alone(s)
    _cost(s)
    _as_logs(s)
    _two_classes(s)
    backprop(s, "loss_mean", ["logits"], title="Slopes")
    _told(s)
    _bars(s)
    _curves(s)
    _charts(s)
    logits = {
        "a dog and a fish": np.transpose([A_DOG, A_FISH]),
        "two fish": np.transpose([A_FISH, A_FAINT_FISH]),
    }
    tell_story(s, "softmax", logits)
    _sentences(s)
    _sources(s)
    s.look = "p"
    return s


def _settings(s: Sheet) -> None:
    s.group("Settings", "Move one at a time, and say first which share will grow")
    s.parameter(
        "temperature",
        1,
        COLDEST,
        HOTTEST,
        scale="log",
        symbol="T",
        note="divides every logit: below 1 more certain, above 1 more timid",
    )
    s.parameter("shift", 0, -10, 10, step=0.5, format=".1f", note="added to every logit")
    for number, word in ((1, "dog"), (2, "fish")):
        s.choice(
            f"picture_{number}_shows",
            word,
            CLASSES,
            title=f"picture {number} shows",
            note=f"what picture {number} really is",
        )
    s.group("What the network says", "A number for each class, any number: its logits")
    s.input(
        "logits",
        np.transpose([A_DOG, A_FISH]),
        rows_named=CLASSES,
        columns_named=PICTURES,
        low=-20,
        high=20,
        format=".3f",
        symbol="z",
        note="the last layer's outputs, before any activation",
    )


def _shares(s: Sheet) -> None:
    s.group("Softmax", "Two moves: EXP makes every number positive, a sum makes shares of them")
    scaled = s.let(
        "scaled",
        (s["logits"] + s["shift"]) / s["temperature"],
        format=".3f",
        note="(logit + shift) / temperature",
    )
    powers = s.let("powers", np.exp(scaled), format=".4f", note="e to the scaled logit: above 0")
    p = s.let(
        "p",
        powers / powers.sum(axis=0),
        format=".4f",
        title="softmax",
        symbol="p",
        note="each power's share of its column's sum",
    )
    s.group("The sums", "Of each column")
    s.let("powers_sum", powers.sum(axis=0), format=".4f", note="what the powers are divided by")
    s.let("p_sum", p.sum(axis=0), format=".4f", note="of the shares: always 1")


def _alone(s: Sheet) -> None:
    s.group("Each class by itself", "The sigmoid asks of every class alone whether it is there")
    alone = s.let(
        "p_alone",
        sigmoid(s["scaled"]),
        format=".4f",
        title="sigmoid",
        symbol=r"\sigma",
        note="1 / (1 + e^-z): no class takes from another",
    )
    s.group("The sigmoids' sums", "Whatever they like: none, or several, may be there")
    s.let("p_alone_sum", alone.sum(axis=0), format=".4f", note="of each column's sigmoids")


def _cost(s: Sheet) -> None:
    first, second = s["picture_1_shows"], s["picture_2_shows"]
    s.group("What is true", "1 in the row of what the picture shows, 0 elsewhere: one-hot")
    shows = np.where(np.equal(column_index(len(PICTURES)), 0), first, second)
    target = s.let(
        "target",
        np.equal(row_index(len(CLASSES)), shows),
        role="target",
        format="d",
        symbol="y",
        rows_named=CLASSES,
        columns_named=PICTURES,
        note="1 for what the picture shows",
    )
    log_p = s.let(
        "log_p",
        s["scaled"] - np.log(s["powers_sum"]),
        format=".4f",
        title="log softmax",
        symbol=r"\ln p",
        note="the logarithm of p, without computing p: scaled - LN(sum of the powers)",
    )
    s.group("What a picture costs", "Minus the logarithm of the share that the right class got")
    s.let("p_right", (target * s["p"]).sum(axis=0), format=".4f", note="the right class's share")
    loss = s.let(
        "loss",
        -(target * log_p).sum(axis=0),
        role="loss",
        format=".4f",
        symbol="L",
        note="categorical cross-entropy: the zeros leave one logarithm over",
    )
    s.group("Result", "One number for both pictures")
    s.let(
        "loss_mean",
        loss.mean(),
        role="loss",
        format=".4f",
        symbol=r"\bar{L}",
        title="mean loss",
        note="the mean cross-entropy",
    )


def _as_logs(s: Sheet) -> None:
    s.group("As logs", "What a library keeps, and hands out: np.exp brings the shares back")
    s.let(
        "exp_log_p",
        np.exp(s["log_p"]),
        format=".4f",
        title="e to that",
        note="e to the log softmax: p again",
    )
    s.group("To base 10", "Excel's LOG, as in the course's workbook")
    ten = s.let(
        "loss_base_10",
        -np.log10(s["p_right"]),
        role="loss",
        format=".4f",
        note="-LOG(share of the right class)",
    )
    s.let(
        "loss_base_10_mean",
        ten.mean(),
        role="loss",
        format=".4f",
        title="mean loss, base 10",
        note="their mean",
    )
    mean = s["loss_base_10_mean"]
    s.let(
        "base_ratio",
        np.where(mean > 0, s["loss_mean"] / mean, np.log(10)),
        format="g",
        note="loss_mean / that mean: the natural logarithm of 10",
    )


def _two_classes(s: Sheet) -> None:
    s.group(
        "Two classes",
        "Cat or dog: softmax and cross-entropy on the five rows of the log loss lesson",
    )
    cat = s.input(
        "is_cat", CATS, role="target", whole=True, low=0, high=1, format="d", note="1 for a cat"
    )
    said = s.input(
        "cat_prediction",
        PREDICTIONS,
        low=1e-4,
        high=1 - 1e-4,
        format=".4f",
        note="the probability of a cat that was submitted",
    )
    here = np.equal(column_index(2), 0)
    logits = s.let(
        "two_logits",
        here * (np.log(said) - np.log(1 - said)) / s["temperature"],
        format=".4f",
        columns_named=("cat", "dog"),
        note="the logits that say so, ln(p / (1 - p)) for cat and 0 for dog, / temperature",
    )
    powers = s.let("two_powers", np.exp(logits), format=".4f", note="e to the logit")
    p = s.let(
        "two_p",
        powers / powers.sum(axis=1),
        format=".4f",
        title="softmax",
        note="softmax of the two",
    )
    target = s.let(
        "two_target",
        np.where(here, cat, 1 - cat),
        role="target",
        format="d",
        columns_named=("cat", "dog"),
        note="1 for what the row is",
    )
    right = s.let(
        "two_right",
        (target * p).sum(axis=1),
        format=".4f",
        note="the right class's share",
    )
    loss = s.let(
        "two_loss",
        -np.log(right),
        role="loss",
        format=".4f",
        title="cross-entropy",
        note="cross-entropy: minus the log of the right class's share",
    )
    by_if = s.let(
        "log_loss",
        np.where(np.equal(cat, 1), -np.log(said), -np.log(1 - said)),
        role="loss",
        format=".4f",
        note="log loss as that lesson computes it, without softmax",
    )
    apart = s.let("two_apart", np.abs(loss - by_if), format="g", note="how far they lie apart")
    s.group("The two means", "The same number by two ways")
    s.let(
        "two_loss_mean",
        loss.mean(),
        role="loss",
        format=".4f",
        title="mean cross-entropy",
        note="mean cross-entropy",
    )
    s.let(
        "log_loss_mean",
        by_if.mean(),
        role="loss",
        format=".4f",
        title="mean log loss",
        note="mean log loss",
    )
    s.let(
        "most_apart",
        apart.max(),
        format="g",
        note="the farthest of the rows: at temperature 1, rounding in the last digit",
    )


def _told(s: Sheet) -> None:
    """Single cells that sentences name."""
    s.group("Cells that are told", "Numbers of the tables above", worksheet="Told", folded=True)
    z, raw = s["scaled"], s["logits"]

    def cell(name: str, of: Expr, title: str, **about: str) -> None:
        s.let(name, of, **{"format": ".4f", "title": title, "note": title, **about})

    cell("dog_power", s["powers"][DOG, 0], "e to the dog's logit, picture 1", format=".2f")
    cell("all_powers", s["powers_sum"][0, 0], "sum of the powers, picture 1", format=".2f")
    cell("dog_log", s["log_p"][DOG, 0], "log of the dog's share")
    cell("dog_again", s["exp_log_p"][DOG, 0], "e to that")
    cell("dog_share", s["p"][DOG, 0], "dog's share, picture 1")
    cell("plane_share", s["p"][PLANE, 0], "plane's share, picture 1")
    cell("dog_to_plane", s["dog_share"] / s["plane_share"], "the first / the second", format=".2f")
    cell("logits_apart", z[DOG, 0] - z[PLANE, 0], "dog's logit - plane's, picture 1", format=".2f")
    powers = s.let("powers_at_1", np.exp(raw), format=".4f", note="the powers at temperature 1")
    right = (s["target"] * raw).sum(axis=0)
    at_one = np.log(powers.sum(axis=0)) - right
    at_one = s.let("loss_at_1", at_one, role="loss", format=".4f", note="losses at temperature 1")
    for column, picture in enumerate(PICTURES):
        k = column + 1
        cell(f"fish_share_{k}", s["p"][FISH, column], f"fish's share, {picture}")
        cell(f"fish_alone_{k}", s["p_alone"][FISH, column], f"fish's sigmoid, {picture}")
        cell(f"sigmoids_{k}", s["p_alone_sum"][0, column], f"sum of the sigmoids, {picture}")
        cell(f"right_share_{k}", s["p_right"][0, column], f"right class's share, {picture}")
        cell(f"loss_{k}", s["loss"][0, column], f"loss of {picture}", role="loss")
        at_1 = at_one[0, column]
        cell(f"loss_{k}_at_1", at_1, f"loss of {picture} at temperature 1", role="loss")
    cell("most_alone", s["p_alone"].max(), "largest sigmoid")


def _bars(s: Sheet) -> None:
    s.group(
        "Bars", "A column for each picture, as the charts draw it", worksheet="Bars", folded=True
    )
    for column, picture in enumerate(PICTURES):
        for name, block in (("p", "p"), ("alone", "p_alone")):
            s.let(
                f"{name}_{column + 1}",
                s[block][:, column],
                format=".4f",
                note=f"{block} of {picture}",
            )


def _curves(s: Sheet) -> None:
    s.group(
        "Over the temperature",
        "What each temperature would make of the two pictures",
        worksheet="Temperature",
        folded=True,
    )
    low, high = np.log(COLDEST), np.log(HOTTEST)
    temperature = s.let(
        "curve_temperature",
        np.exp(low + row_index(CURVE + 1) * ((high - low) / CURVE)),
        note=f"temperatures from {COLDEST:g} to {HOTTEST:g}",
    )
    for column, picture in enumerate(PICTURES):
        number = column + 1
        scaled = s.let(
            f"curve_scaled_{number}",
            s["logits"][:, column].T / temperature,
            format=".3f",
            note=f"logits of {picture} / temperature",
        )
        powers = s.let(f"curve_powers_{number}", np.exp(scaled), note="e to them")
        right = s.let(
            f"curve_right_{number}",
            scaled @ s["target"][:, column],
            format=".3f",
            note="the right class's",
        )
        s.let(
            f"curve_loss_{number}",
            np.log(powers.sum(axis=1)) - right,
            role="loss",
            format=".4f",
            note=f"loss of {picture}",
        )
    powers = s["curve_powers_1"]
    for k, word in enumerate(CLASSES):
        s.let(
            f"curve_{word}",
            powers[:, k] / powers.sum(axis=1),
            format=".4f",
            note=f"softmax of {word}, picture 1",
        )
    _log_curves(s)


def _log_curves(s: Sheet) -> None:
    s.group("Minus the logarithm", "Of every share", worksheet="Temperature", folded=True)
    share = s.let(
        "curve_share",
        0.5 - 0.4999 * np.cos(row_index(CURVE + 1) * (np.pi / CURVE)),
        format=".4f",
        note="shares between 0 and 1, closer together near the ends",
    )
    s.let("curve_right", -np.log(share), role="loss", format=".4f", note="what each would cost")
    s.group("The five rows on it", "As the chart draws them", worksheet="Temperature", folded=True)
    s.let(
        "submitted",
        np.where(np.equal(s["is_cat"], 1), s["cat_prediction"], 1 - s["cat_prediction"]),
        format=".4f",
        note="the probability that was submitted for what is true",
    )


def _charts(s: Sheet) -> None:
    both = ((1, "input"), (2, "target"))
    for name, title, axis in (
        ("p", "Softmax: shares of one", "share"),
        ("alone", "Sigmoid: each class by itself", "is it there?"),
    ):
        s.chart(
            title,
            Axis("class"),
            Axis(axis, 0, 1),
            [
                Series("labels", f"{name}_{k}", f"picture {k}", mode="bars", role=role)
                for k, role in both
            ],
            note="A bar a class for each of the two pictures.",
        )
    temperatures = Axis("temperature (log scale)", COLDEST, HOTTEST, "log")
    roles = ("input", "weight", "parameter", "target", "activation")
    s.chart(
        "Picture 1's shares against the temperature",
        temperatures,
        Axis("share", 0, 1),
        [
            *(
                Series("curve_temperature", f"curve_{word}", word, role=role)
                for word, role in zip(CLASSES, roles, strict=True)
            ),
            Series("temperature", "right_share_1", "right class now", mode="markers", role="loss"),
        ],
        note=(
            "A line a class: all near a fifth where it is hot, one near 1 and the others near 0"
            " where it is cold."
        ),
    )
    s.chart(
        "The two losses against the temperature",
        temperatures,
        Axis("loss", 0, TOP),
        [
            Series("curve_temperature", "curve_loss_1", "loss of picture 1", role="input"),
            Series("curve_temperature", "curve_loss_2", "loss of picture 2", role="target"),
            Series("temperature", "loss_1", "picture 1 now", mode="markers", role="input"),
            Series("temperature", "loss_2", "picture 2 now", mode="markers", role="target"),
        ],
        note=(
            "A picture whose right class leads gets cheaper as it gets colder; one whose right"
            " class trails gets dearer without limit."
        ),
    )
    s.chart(
        "The five rows: cross-entropy on the curve of log loss",
        Axis("probability submitted for what is true", 0, 1),
        Axis("loss", 0, 5),
        [
            Series("curve_share", "curve_right", "log loss", role="target"),
            Series("submitted", "two_loss", "cross-entropy", mode="markers", role="loss"),
        ],
        note="The five rows as marks; at temperature 1 they lie on the curve of log loss.",
    )


def _sentences(s: Sheet) -> None:
    for number in (1, 2):
        s.say(
            f"Picture {number}: the right class got a share of {{right_share_{number}:.4f}}, and"
            f" minus its logarithm is {{loss_{number}:.4f}}."
        )
    s.say("The mean loss is {loss_mean:.4f}.")
    t, moved = s["temperature"], np.not_equal(s["shift"], 0)
    s.say(
        "Below temperature 1 the logits stand further apart: the largest share grows, the others"
        " give.",
        when=t < 1,
    )
    s.say(
        "Above temperature 1 the logits stand closer together: all shares move towards a fifth.",
        when=t > 1,
    )
    s.say(
        "The shift of {shift:.1f} is added to every logit: no share and no loss has moved, only"
        " the sigmoids.",
        when=moved,
    )
    s.say(
        "The sigmoids of picture 1 sum to {sigmoids_1:.4f}, those of picture 2 to {sigmoids_2:.4f}:"
        " they may say that nothing is there, or several things."
    )


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders, entropy_example.xlsx: the outputs of the two"
        " pictures, exp, sum, softmax and sigmoid (2016; course-v3, lesson 10)",
        "https://github.com/fastai/course-v3/tree/master/files/xl",
    )
    s.source(
        "Guo, Pleiss, Sun and Weinberger (2017), On calibration of modern neural networks: a"
        " temperature that makes certainty honest",
        "https://arxiv.org/abs/1706.04599",
    )
