"""LaTeX as MathML, which browsers draw without a script."""

from __future__ import annotations

import html
import re
from functools import lru_cache

import latex2mathml.converter

# What browsers assume of brackets and of mathematics inside text anyway, and the name space that
# HTML does not need.
ASSUMED = (
    ' xmlns="http://www.w3.org/1998/Math/MathML"',
    ' stretchy="true"',
    ' fence="true"',
    ' columnalign="left"',
    ' display="inline"',
)
# What stands first in its row is a prefix, what stands last a postfix.
FORM = re.compile(r' form="(?:prefix|postfix)"')
# A name in \mathrm, letter by letter.
WORD = re.compile(r'<mrow>((?:<mi mathvariant="normal">\w</mi>){2,})</mrow>')
TAG = re.compile("<[^>]*>")
ROW = re.compile("(<math[^>]*>)<mrow>(.*)</mrow>(</math>)", re.DOTALL)  # mathematics is a row
LONE = re.compile(r"<mrow>(<(mi|mn|mtext)\b[^>]*>[^<]*</\2>)</mrow>")  # and so is what stands alone
ENTITY = re.compile(r"&#x[0-9A-F]+;")


@lru_cache(maxsize=4096)
def mathml(latex: str, display: str = "inline") -> str:
    """display: inline or block. The empty string stays empty."""
    text = latex2mathml.converter.convert(latex, display=display) if latex else ""
    for assumed in ASSUMED:
        text = text.replace(assumed, "")
    text = ENTITY.sub(
        lambda entity: html.escape(html.unescape(entity[0]), quote=False), FORM.sub("", text)
    )
    text = WORD.sub(lambda word: f"<mi>{TAG.sub('', word[1])}</mi>", text)
    return LONE.sub(r"\1", ROW.sub(r"\1\2\3", text))
