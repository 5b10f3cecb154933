"""A convolution by hand: a seven as a table of grey values, filters of nine weights that slide over
it, and one number at the end.
"""

from __future__ import annotations

import numpy as np

from .. import Axis, Expr, Series, Sheet, backprop, correlate, pooled, row_index, uniform
from .convolution_numbers import DEEP, DENSE, FILTERS, SEVEN
from .convolution_words import say_all
from .stories import tell_story

SIDE = len(SEVEN)
MAP = SIDE - 2  # a window of three fits in so many places
PICTURES = "Pictures"  # the worksheet whose columns are as narrow as its rows are high
LARGEST = 10.0  # of a weight that may be typed
NAMED = list(FILTERS)
COLOURS = ("red", "green", "blue")
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
    _window(s)
    _colour(s)
    _dropout(s)
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
        title="the picture",
        note="a handwritten seven: paint on it with the mouse, type, or paste other numbers",
    )


def _filters(s: Sheet) -> list[Expr]:
    """The two of the first layer: each has the numbers of its choice until they are typed over."""
    s.group("Filters of the first layer", "Nine weights each")
    first, second = (
        s.choice(
            f"filter_{k}_is", NAMED[k - 1], NAMED, title=f"filter {k} looks for", note="by name"
        )
        for k in (1, 2)
    )
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
            title=f"filter {k}",
            note=f"nine weights; pick what filter {k} looks for again to have them back",
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
            title=f"map {k}",
            note=f"filter {k} laid over each 3 x 3 window of the picture; below 0 becomes 0",
        )
        for k, weights in enumerate(filters, 1)
    ]
    s.group("Before ReLU", "What filter 1 answers, with its sign", folded=True, worksheet="Signs")
    s.let(
        "before_relu",
        correlate(image, filters[0]),
        shown="heat",
        format=".2f",
        title="map 1 before ReLU",
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
                title=f"filter of second map {out} for map {into}",
                note=f"nine weights, laid over map {into}",
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
            title=f"second map {out}",
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
            title=f"pooled map {out}",
            note=f"the largest of 2 x 2 cells of second map {out}",
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
            title=f"dense weights {out}",
            note=f"a weight for each cell of pooled map {out}",
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
        "bright_cells": (first > LEAST, "cells of map 1 above 0"),
        "below_zero": (signed < -LEAST, "cells that ReLU makes 0"),
    }
    for name, (which, note) in counts.items():
        s.let(name, which.sum(), format="d", note=note)
    s.let("picture_cells", SIDE * SIDE, format="d", note="cells of the picture")
    s.let("map_cells", MAP * MAP, format="d", note="cells of a map of the first layer")
    s.let("deep_cells", (MAP - 2) ** 2, format="d", note="cells of a map of the second layer")
    s.let("pooled_cells", ((MAP - 2) // 2) ** 2, format="d", note="cells that pooling leaves")
    s.let("brightest", first.max(), format=".2f", note="the largest number of map 1")
    s.let("darkest", signed.min(), format=".2f", note="the least sum before ReLU")


def _gradients(s: Sheet, activation: Expr) -> None:
    s.group(
        "Gradients",
        "How the activation moves when each number moves by a little",
        worksheet="Gradients",
        folded=True,
    )
    gradients = backprop(s, "activation", ["image", "filter_1", "filter_2"], title=None)
    s.group("Its signs", "Cells of the picture, by the sign of their gradient")
    slopes = gradients["image"]
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
        ("map_down", s["before_relu"], 0, "what filter 1 answers there, before ReLU"),
    ):
        turned = block.T[column - 1 + start]
        s.let(name, turned.T[start : start + MAP], format=".2f", note=note)


def _window(s: Sheet) -> None:
    """Where the window lies while it slides: row by row, a cell of the map each step."""
    s.group("The window slides", "A step, a cell of map 1", worksheet="Window", folded=True)
    t = s.input("t", 0, low=0, high=MAP * MAP - 1, whole=True, format="d", note="steps so far")
    down = np.floor(t / MAP)
    s.let("window_row", down + 1, format="d", note="of map 1, from 1")
    s.let("window_column", t - down * MAP + 1, format="d", note="of map 1, from 1")
    s.let(
        "t_next", np.minimum(t + 1, MAP * MAP - 1), format="d", note="the next place, or the last"
    )
    under = s["before_relu"][s["window_row"] - 1].T[s["window_column"] - 1]
    s.let("window_sum", under, format=".2f", note="the sum of the nine products there")
    s.carry(t="t_next")


def _colour(s: Sheet) -> None:
    """A picture in colour is three tables, and a filter has nine weights for each."""
    s.group(
        "A picture in colour",
        "A red and a white square on blue: three tables of 0 to 255",
        worksheet="Colour",
        folded=True,
    )
    tables = [
        s.input(
            name,
            table,
            low=0,
            high=255,
            shown="grey",
            format="d",
            note=f"how much {name}, 0 to 255",
        )
        for name, table in zip(COLOURS, squares(), strict=True)
    ]
    s.group("The colour looked for", "It counts for, the two others against", folded=True)
    wanted = s.choice("colour_is", COLOURS[0], COLOURS, title="colour looked for", note="by name")
    s.group("Its filter", "Twenty-seven weights", worksheet="Colour", folded=True)
    weights = [
        s.input(
            f"filter_{name}",
            np.where(np.equal(wanted, place), 1 / 9, -1 / 18) + np.zeros((3, 3)),
            role="weight",
            low=-LARGEST,
            high=LARGEST,
            shown="heat",
            format=".3f",
            chosen_by="colour_is",
            title=f"filter for {name}",
            note=f"nine weights, laid over the table of {name}",
        )
        for place, name in enumerate(COLOURS)
    ]
    s.group("Its map", "Twenty-seven products a cell", worksheet="Colour", folded=True)
    total = sum(correlate(x, f) for x, f in zip(tables, weights, strict=True))
    s.let(
        "colour_map",
        np.maximum(0, total),
        shown="grey",
        format=".1f",
        title="map of the colours",
        note="what the filter finds in all three tables, added",
    )
    s.let(
        "red_cells",
        (s["colour_map"] > 1).sum(),
        format="d",
        title="cells above 1",
        note="cells of that map above 1",
    )
    s.let(
        "colour_most",
        s["colour_map"].max(),
        format=".0f",
        title="largest of the map",
        note="the largest number of that map",
    )


def squares() -> list[np.ndarray]:
    """Red, green and blue of a red and a white square on blue ground."""
    red, green, blue = np.zeros((10, 14)), np.zeros((10, 14)), np.full((10, 14), 255.0)
    blue[3:7, 2:6] = 0
    for table in (red, green):
        table[3:7, 8:12] = 255
    red[3:7, 2:6] = 255
    return [red, green, blue]


def _dropout(s: Sheet) -> None:
    """Map 1 with cells left out by chance, as a network is trained."""
    s.group("Dropout", "Which cells are left out is drawn anew by each seed")
    p = s.parameter(
        "dropout", 0.5, 0, 0.9, step=0.05, symbol="p", note="the chance of a cell to be left out"
    )
    seed = s.parameter(
        "dropout_seed", 1, 0, 1000, whole=True, format="d", note="another seed, other cells"
    )
    s.group("Drawn for dropout", worksheet="Dropout", folded=True)
    drawn = uniform(s, "dropout_drawn", (MAP, MAP), seed, format=".3f")
    kept = s.let("kept", np.where(drawn < p, 0, 1), format="d", note="1 where a cell stays")
    s.group("Map 1 with dropout", worksheet="Dropout", folded=True)
    look = {"shown": "grey", "format": ".2f"}
    dropped = s.let(
        "dropped", s["conv_1"] * kept, title="map 1, cells left out", note="as it is drawn", **look
    )
    scaled = s.let(
        "dropped_scaled",
        dropped / (1 - p),
        title="the same, divided by 1 - p",
        note="as libraries do: its sum is that of the map, on average",
        **look,
    )
    for name, block, title, note in (
        ("map_sum", s["conv_1"], "sum", "of map 1"),
        ("dropped_sum", dropped, "sum of what is left", "of map 1 with cells left out"),
        ("scaled_sum", scaled, "sum, divided by 1 - p", "of the same, divided by 1 - p"),
    ):
        s.let(name, block.sum(), format=".1f", title=title, note=f"the sum {note}")


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
