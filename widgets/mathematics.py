"""LaTeX as MathML, which browsers draw without a script."""

from __future__ import annotations

import html
import re
from functools import lru_cache

import latex2mathml.converter

# What browsers assume of brackets and of mathematics inside text anyway, and the name space that HTML does not need.
ASSUMED = (' xmlns="http://www.w3.org/1998/Math/MathML"', ' stretchy="true" fence="true"', ' columnalign="left"', ' display="inline"')
BRACKET = re.compile(r'<mo form="(?:prefix|postfix)">(?=&#x0002[89];)')
ROW = re.compile("(<math[^>]*>)<mrow>(.*)</mrow>(</math>)", re.DOTALL)  # mathematics is a row
LONE = re.compile(r"<mrow>(<(mi|mn|mtext)\b[^>]*>[^<]*</\2>)</mrow>")  # and so is what stands alone
ENTITY = re.compile(r"&#x(?!0*(?:26|3C|3E);)[0-9A-F]+;")  # of characters that need none


@lru_cache(maxsize=4096)
def mathml(latex: str, display: str = "inline") -> str:
    """display: inline or block. The empty string stays empty."""
    found = latex2mathml.converter.convert(latex, display=display) if latex else ""
    for assumed in ASSUMED:
        found = found.replace(assumed, "")
    found = ENTITY.sub(lambda entity: html.unescape(entity[0]), BRACKET.sub("<mo>", found))
    return LONE.sub(r"\1", ROW.sub(r"\1\2\3", found))
