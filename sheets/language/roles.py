"""What a block is for, told by colour, by a mark and in words: the same in every face.

Tints of Okabe and Ito's palette (2008).
"""

from __future__ import annotations

from typing import NamedTuple


class Role(NamedTuple):
    """How a role looks, and what it means in a legend."""

    colour: str  # of lines, marks and text: 4.5:1 or more on its tint and on white
    tint: str  # of cells, behind black text
    mark: str  # so that colour is never alone
    meaning: str


ROLES = {
    "input": Role("#0068A3", "#DCEBF7", "✎", "input: yours to change"),
    "target": Role("#8A5A00", "#FCEFD3", "◎", "target: what is true"),
    "parameter": Role("#5B3F8C", "#E9E2F5", "≡", "parameter: a setting to try"),
    "weight": Role("#00735A", "#D6F0E8", "◆", "weight: what training changes"),
    "activation": Role("#444444", "#F2F2F2", "ƒ", "activation: computed from the cells before it"),
    "loss": Role("#B23C00", "#FCE1D4", "▼", "loss: what should become small"),
    "gradient": Role(
        "#A3437A", "#F7E1EE", "∂", "gradient: how the loss moves when this cell moves"
    ),
    "noise": Role("#5F6B73", "#E6EAED", "~", "noise: drawn from the seed"),
}
