"""A convolution by hand: a seven as a table of grey values, filters of nine weights that slide over
it, and one number at the end.
"""

from __future__ import annotations

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, correlate, pooled, row_index
from .convolution_numbers import DEEP, DENSE, FILTERS, SEVEN
from .convolution_words import say_all
from .stories import tell_story

SIDE = len(SEVEN)
MAP = SIDE - 2  # a window of three fits in so many places
PICTURES = "Pictures"  # the worksheet whose columns are as narrow as its rows are high
LARGEST = 10.0  # of a weight that may be typed
NAMED = list(FILTERS)
LEAST = 1e-9  # what is nearer to 0 is what adding left of it


def convolution() -> Sheet:
    s = Sheet(
        "convolution",
        title="A convolution: nine weights slide over a picture",
        summary=(
            "A handwritten seven is a table of 784 numbers. What do nine more numbers, a filter,"
            " see in it?"
        ),
    )
    image = _image(s)
    filters = _filters(s)
    maps = _first_layer(s, image, filters)
    activation = _deeper(s, maps)
    _counts(s)
    _gradients(s, activation)
    _down_a_column(s)
    _charts(s)
    tell_story(s, "convolution", _pictures())
    say_all(s)
    _sources(s)
    s.look = "conv_1"
    return s


def _image(s: Sheet) -> Expr:
    s.group(
        "The picture",
        "28 x 28 grey values of a handwritten seven: 0 is black, 1 is white",
        worksheet=PICTURES,
    )
    return s.input(
        "image",
        SEVEN,
        low=0,
        high=1,
        shown="grey",
        format=".2f",
        note="a handwritten seven: paint on it with the mouse, type, or paste other numbers",
    )


def _filters(s: Sheet) -> list[Expr]:
    """The two of the first layer: each has the numbers of its choice until they are typed over."""
    s.group("Filters of the first layer", "Nine weights each")
    first = s.choice("filter_1_is", NAMED[0], NAMED, note="what the first filter looks for")
    second = s.choice("filter_2_is", NAMED[1], NAMED, note="what the second filter looks for")
    s.group(
        "Filters by name",
        "Nine weights in a row each",
        worksheet="Filters",
        folded=True,
    )
    places = [f"{down} {across}" for down in ("top", "middle", "bottom") for across in "lcr"]
    known = s.input(
        "known_filters",
        list(FILTERS.values()),
        role="weight",
        low=-LARGEST,
        high=LARGEST,
        format=".2f",
        rows_named=NAMED,
        columns_named=places,
        note="the first two are the course's own, the others are classics",
    )
    s.group("The two filters", "By name, or your own: type over them", worksheet=PICTURES)
    return [
        s.input(
            f"filter_{k}",
            known[choice].reshape(3, 3),
            role="weight",
            low=-LARGEST,
            high=LARGEST,
            shown="heat",
            shown_range=(-1, 1),
            chosen_by=f"filter_{k}_is",
            note=f"nine weights; pick filter_{k}_is again to have them back",
        )
        for k, choice in ((1, first), (2, second))
    ]


def _first_layer(s: Sheet, image: Expr, filters: list[Expr]) -> list[Expr]:
    s.group(
        "First layer",
        "max(0, sum of nine products), at every place where the window fits",
        worksheet=PICTURES,
        folded=True,
    )
    maps = [
        s.let(
            f"conv_{k}",
            np.maximum(0, correlate(image, weights)),
            shown="grey",
            format=".2f",
            note=f"filter_{k} laid over each 3 x 3 window of the picture; below 0 becomes 0",
        )
        for k, weights in enumerate(filters, 1)
    ]
    s.group("Before ReLU", "What filter_1 answers, with its sign", folded=True, worksheet="Signs")
    s.let(
        "before_relu",
        correlate(image, filters[0]),
        shown="heat",
        format=".2f",
        note="the sum of nine products itself",
    )
    return maps


def _deeper(s: Sheet, maps: list[Expr]) -> Expr:
    s.group(
        "Filters of the second layer",
        "Nine weights for each of the two maps below, in the course not trained but drawn",
        worksheet="Layer_2",
        folded=True,
    )
    weights = [
        [
            s.input(
                f"deep_filter_{out}_{into}",
                DEEP[out - 1][into - 1],
                role="weight",
                low=-LARGEST,
                high=LARGEST,
                shown="heat",
                format=".2f",
                note=f"of map {out}, laid over conv_{into}",
            )
            for into in (1, 2)
        ]
        for out in (1, 2)
    ]
    s.group("Second layer", "Eighteen products a cell", worksheet="Layer_2", folded=True)
    deep = [
        s.let(
            f"deep_{out}",
            np.maximum(0, sum(correlate(m, f) for m, f in zip(maps, pair, strict=True))),
            shown="grey",
            format=".2f",
            note="a window of each map of the first layer, nine weights for each",
        )
        for out, pair in enumerate(weights, 1)
    ]
    s.group("Max pool", "The largest of each 2 x 2 cells", worksheet="Pool", folded=True)
    pools = [
        s.let(
            f"pool_{out}",
            pooled(m, (2, 2), np.max),
            shown="grey",
            format=".2f",
            note=f"the largest of 2 x 2 cells of deep_{out}",
        )
        for out, m in enumerate(deep, 1)
    ]
    s.group("Dense weights", "One for each pooled cell", worksheet="Pool", folded=True)
    dense = [
        s.input(
            f"dense_{out}",
            DENSE[out - 1],
            role="weight",
            low=-LARGEST,
            high=LARGEST,
            shown="heat",
            format=".2f",
            note=f"a weight for each cell of pool_{out}",
        )
        for out in (1, 2)
    ]
    s.group("Result")
    return s.let(
        "activation",
        sum((p * d).sum() for p, d in zip(pools, dense, strict=True)),
        format=".4f",
        note="every pooled cell times its dense weight, added: one number",
    )


def _counts(s: Sheet) -> None:
    image, first, signed = s["image"], s["conv_1"], s["before_relu"]
    counts = {
        "ink_cells": (image > LEAST, "cells of the picture that are not black"),
        "bright_cells": (first > LEAST, "cells of conv_1 above 0"),
        "below_zero": (signed < -LEAST, "cells that ReLU makes 0"),
    }
    for name, (which, note) in counts.items():
        s.let(name, which.sum(), format="d", note=note)
    s.let("picture_cells", SIDE * SIDE, format="d", note="cells of the picture")
    s.let("map_cells", MAP * MAP, format="d", note="cells of a map of the first layer")
    s.let("deep_cells", (MAP - 2) ** 2, format="d", note="cells of a map of the second layer")
    s.let("pooled_cells", ((MAP - 2) // 2) ** 2, format="d", note="cells that pooling leaves")
    s.let("brightest", first.max(), format=".2f", note="the largest number of conv_1")
    s.let("darkest", signed.min(), format=".2f", note="the least sum before ReLU")


def _gradients(s: Sheet, activation: Expr) -> None:
    s.group(
        "Gradients",
        "How the activation moves when each number moves by a little",
        worksheet="Gradients",
        folded=True,
    )
    found = backprop(s, "activation", ["image", "filter_1", "filter_2"], title=None)
    s.group("Its signs", "Cells of the picture, by the sign of their gradient")
    slopes = found["image"]
    raising = s.let(
        "raising", (slopes > LEAST).sum(), format="d", note="cells whose gradient is above 0"
    )
    lowering = s.let(
        "lowering", (slopes < -LEAST).sum(), format="d", note="cells whose gradient is below 0"
    )
    s.let(
        "no_slope",
        SIDE * SIDE - raising - lowering,
        format="d",
        note="cells to which ReLU passes nothing back",
    )


def _down_a_column(s: Sheet) -> None:
    """The picture and the first map along one column, as lines."""
    s.group("Down one column", "The same numbers as lines", worksheet="Column", folded=True)
    column = s.parameter(
        "column", 10, 1, MAP, whole=True, format="d", note="of the map; the chart goes down it"
    )
    s.let("place", row_index(MAP) + 1, format="d", note="the row of the map")
    for name, block, start, note in (
        ("picture_down", s["image"], 1, "the picture there, in the middle of each window"),
        ("map_down", s["before_relu"], 0, "what filter_1 answers there, before ReLU"),
    ):
        turned = block.T[column - 1 + start]
        s.let(name, turned.T[start : start + MAP], format=".2f", note=note)


def _charts(s: Sheet) -> None:
    s.chart(
        "Down one column",
        Axis("row of the map", 1, MAP),
        Axis("number", -3.2, 3.2),
        [
            Series("place", "picture_down", "the picture", role="input"),
            Series("place", "map_down", "the map", role="activation"),
        ],
        note="The picture's grey values down one column, and the sum of nine products at each row.",
    )


def _pictures() -> dict[str, np.ndarray]:
    """The story's other pictures."""
    lower = np.roll(SEVEN, 1, axis=0)
    return {"nothing": np.zeros_like(SEVEN), "a row lower": lower}


def _sources(s: Sheet) -> None:
    s.source(
        "fast.ai, Practical Deep Learning for Coders: a convolution in a spreadsheet"
        " (conv-example.xlsx)",
        "https://github.com/fastai/course22/tree/master/xl",
    )
    s.source(
        "Y. LeCun, C. Cortes, C. Burges: the MNIST database of handwritten digits",
        "http://yann.lecun.com/exdb/mnist/",
    )
