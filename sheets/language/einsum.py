"""np.einsum of one or two blocks: letters for their axes, `ij,jk->ik`.

A block has two axes; one letter is a vector, in one row or one column.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .errors import ShapeError, SheetError
from .expr import FUNCTIONS, Expr, lift, matmul, reduction, transpose
from .windows import vector_axis


class Lettered(NamedTuple):
    """A block whose rows and columns are called by letters; "": the axis has one element."""

    x: Expr
    down: str
    across: str

    @property
    def T(self) -> Lettered:
        return Lettered(transpose(self.x), self.across, self.down)

    @property
    def letters(self) -> str:
        return self.down + self.across

    def without(self, letters: str) -> Lettered:
        """Summed along these."""
        x, down, across = self
        if down and down in letters:
            x, down = reduction("sum", x, 0), ""
        if across and across in letters:
            x, across = reduction("sum", x, 1), ""
        return Lettered(x, down, across)


def einsum(subscripts: str, *operands: Any) -> Expr:
    """As np.einsum. What is left of one letter stands as it did: down or across."""
    wrong = f"np.einsum({subscripts!r})"
    if not isinstance(subscripts, str) or not 1 <= len(operands) <= 2:
        raise SheetError(f"{wrong}: letters, then one or two blocks")
    said, arrow, out = subscripts.replace(" ", "").partition("->")
    inputs = said.split(",")
    joined = "".join(inputs)
    if not arrow:
        out = "".join(sorted(letter for letter in set(joined) if joined.count(letter) == 1))
    known = joined.isalpha() and set(out) <= set(joined) and len(set(out)) == len(out) <= 2
    if not known or len(inputs) != len(operands) or any(len(x) > 2 or not x for x in inputs):
        rule = "each block has one or two letters, and what comes of it none, one or two of them"
        raise SheetError(f"{wrong}: {rule}")
    blocks = [_lettered(x, lift(block)) for x, block in zip(inputs, operands, strict=True)]
    others = "".join(b.letters for b in blocks[1:])
    first = blocks[0].without("".join(set(blocks[0].letters) - set(others + out)))
    product = first if len(blocks) == 1 else _product(first, blocks[1], out)
    product = product.without("".join(set(product.letters) - set(out)))
    return product.T.x if product.letters == out[::-1] and len(out) == 2 else product.x


def _lettered(letters: str, x: Expr) -> Lettered:
    if len(letters) == 2 and letters[0] == letters[1]:
        return Lettered(FUNCTIONS[np.diagonal](x), letters[0], "")
    if len(letters) == 2:
        return Lettered(x, letters[0], letters[1])
    if vector_axis(x) is None:
        raise ShapeError(f"np.einsum: {x!r} has rows and columns, and {letters!r} is one letter")
    return Lettered(x, letters, "") if vector_axis(x) == 0 else Lettered(x, "", letters)


def _product(a: Lettered, b: Lettered, out: str) -> Lettered:
    """Each times each where letters meet; along a letter that is not wanted, summed."""
    b = b.without("".join(set(b.letters) - set(a.letters + out)))
    shared = [letter for letter in a.letters if letter in b.letters]
    summed = [letter for letter in shared if letter not in out]
    if len(set(a.letters + b.letters)) > 2 or (len(summed) == 1 and len(shared) == 1):
        if len(summed) != 1 or len(shared) != 1:
            said = f"{a.letters},{b.letters}->{out}"
            raise SheetError(f"np.einsum({said!r}) would pass through three axes")
        (k,) = summed
        left = a if a.across == k else a.T
        right = b if b.down == k else b.T
        return Lettered(matmul(left.x, right.x), left.down, right.across)
    a = a if len(a.letters) == 2 or not b.letters else _laid(a, b, out)
    if a.letters and any(x and x == y for x, y in ((a.down, b.across), (a.across, b.down))):
        b = b.T
    elif len(b.letters) == 1 and len(a.letters) == 1 and a.letters != b.letters:
        b = b if (b.down == "") == (a.across == "") else b.T
    return Lettered(a.x * b.x, a.down or b.down, a.across or b.across)


def _laid(a: Lettered, b: Lettered, out: str) -> Lettered:
    """A vector laid along the axis that it shares with a table; of two vectors, down if it is first
    in what comes out.
    """
    if len(b.letters) == 2:
        return a if (a.down and a.down == b.down) or (a.across and a.across == b.across) else a.T
    return a.T if a.letters != b.letters and a.across and out[:1] == a.across else a


FUNCTIONS[np.einsum] = einsum
