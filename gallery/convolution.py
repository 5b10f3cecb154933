"""The course's convolution by hand: two layers of 3 x 3 filters look at a seven.

The numbers are those of conv-example.xlsx of https://github.com/fastai/course22 (Apache-2.0).
"""

import numpy as np

from sheets import Sheet, backprop, correlate, pooled
from sheets.library.convolution_numbers import DEEP, DENSE, FILTERS, SEVEN

EDGES = [np.reshape(FILTERS[name], (3, 3)) for name in ("bottom edge", "right edge")]


def convolution() -> Sheet:
    s = Sheet("convolution_by_hand", "A convolution, by hand", "Two layers look at a seven.")
    s.group("Picture")
    x = s.input("image", SEVEN, low=0, high=1, shown="grey")
    s.group("Filters")
    weight = {"role": "weight", "shown": "heat"}
    first = [s.input(f"filter_{k}", f, **weight) for k, f in enumerate(EDGES, 1)]
    deep = [
        [s.input(f"deep_{k}_{j}", f, **weight) for j, f in enumerate(pair, 1)]
        for k, pair in enumerate(DEEP, 1)
    ]
    dense = [s.input(f"dense_{k}", f, **weight) for k, f in enumerate(DENSE, 1)]
    s.group("Maps")
    maps = [
        s.let(f"conv_{k}", np.maximum(0, correlate(x, f)), shown="grey")
        for k, f in enumerate(first, 1)
    ]
    for k, filters in enumerate(deep, 1):
        both = sum(correlate(m, f) for m, f in zip(maps, filters, strict=True))
        seen = s.let(f"conv_2_{k}", np.maximum(0, both), shown="grey")
        s.let(f"pool_{k}", pooled(seen, (2, 2), np.max), shown="grey")
    dots = sum((s[f"pool_{k}"] * d).sum() for k, d in enumerate(dense, 1))
    s.let("activation", dots, role="loss")
    backprop(s, "activation", ["filter_1", "filter_2"])
    s.introduce("How much of a seven is it?", pictures=["image", "conv_1", "conv_2"])
    s.say("The activation is {activation:.4f}.")
    return s
