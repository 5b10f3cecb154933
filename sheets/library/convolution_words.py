"""What the sheet of a convolution says of its maps and its one number."""

from __future__ import annotations

import numpy as np

from .. import Sheet


def say_all(s: Sheet) -> None:
    dark, signed = np.equal(s["bright_cells"], 0), s["below_zero"] > 0
    lit = "The first map is above 0 in {bright_cells:d} of its {map_cells:d} cells, {brightest:.2f}"
    s.say(lit + " at most; ReLU made {below_zero:d} others 0.", when=(1 - dark) * signed)
    s.say(lit + " at most; no sum was below 0.", when=(1 - dark) * (1 - signed))
    s.say("The first map is black: this filter finds nothing in this picture.", when=dark)
    s.say("The activation, after all layers, is {activation:.4f}.")
    s.say(
        "The activation's gradient is above 0 for {raising:d} of the picture's {picture_cells:d}"
        " cells, and below 0 for {lowering:d}.",
    )
