"""LaTeX as MathML, which browsers draw without a script."""

from __future__ import annotations

from functools import lru_cache

import latex2mathml.converter

# What browsers assume of brackets anyway, and the name space that HTML does not need.
ASSUMED = (' xmlns="http://www.w3.org/1998/Math/MathML"', ' stretchy="true" fence="true"', ' columnalign="left"')


@lru_cache(maxsize=4096)
def mathml(latex: str, display: str = "inline") -> str:
    """display: inline or block. The empty string stays empty."""
    found = latex2mathml.converter.convert(latex, display=display) if latex else ""
    for assumed in ASSUMED:
        found = found.replace(assumed, "")
    return found
