"""Every limit that the checker of workbooks knows is found where it is broken: a small workbook of
ours, in whose file one thing is changed.
"""

from __future__ import annotations

import re
import zipfile
from functools import cache
from pathlib import Path

import pytest
import validity
import workbooks
from workbooks import register

from sheets import Sheet


def small() -> Sheet:
    s = Sheet("small", title="A number and its double", summary="A small one")
    s.group("Numbers", "what for")
    x = s.input("x", [[1.0], [2.0]], low=0, high=9)
    s.let("doubled", x * 2)
    s.say("Twice is {doubled[1, 1]:.1f}.")
    s.source("A page", "https://example.org")
    return s


SMALL = register("small_valid", small)


@cache
def parts() -> dict[str, str]:
    with zipfile.ZipFile(workbooks.path(SMALL)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def changed(part: str, pattern: str, new: str, folder: Path) -> Path:
    """The workbook with the first place of the pattern in that part replaced."""
    path = folder / "changed.xlsx"
    text, found = re.subn(pattern, lambda match: match.expand(new), parts()[part], count=1)
    assert found, f"{part} has no {pattern}"
    with zipfile.ZipFile(path, "w") as archive:
        for name, kept in parts().items():
            archive.writestr(name, text if name == part else kept)
    return path


BOOK, FIRST, STORY = "xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"
FORMULA = "<f>.*?</f>"
BROKEN = {
    "formula of": (FIRST, FORMULA, f"<f>{'1+' * 4100}1</f>"),
    "functions inside": (FIRST, FORMULA, f"<f>{'ABS(' * 65}1{')' * 65}</f>"),
    "literal of": (FIRST, FORMULA, f'<f>"{"x" * 256}"</f>'),
    "arguments": (FIRST, FORMULA, f"<f>MAX({'1,' * 255}1)</f>"),
    "no worksheet": (FIRST, FORMULA, "<f>Nowhere!A1</f>"),
    "refers to nothing": (FIRST, FORMULA, "<f>SUM(#REF!)</f>"),
    "reads as a cell": (BOOK, '<definedName name="x"', '<definedName name="W1"'),
    "name R1C1: reads": (BOOK, '<definedName name="x"', '<definedName name="R1C1"'),
    "name c: reads": (BOOK, '<definedName name="x"', '<definedName name="c"'),
    "not a name": (BOOK, '<definedName name="x"', '<definedName name="x y"'),
    "defined twice": (BOOK, '<definedName name="x"', '<definedName name="DOUBLED"'),
    "doubled, too long": (BOOK, 'sheet name="Story"', f'sheet name="{"S" * 32}"'),
    "row 1: doubled": (FIRST, '(<row r="1".*?)<row r="[0-9]+"', r'\1<row r="1"'),
    "points high": (FIRST, r'<row r="1"([^>]*?) ht="[^"]*"', r'<row r="1"\1 ht="410"'),
    "written twice": (FIRST, r"(<c [^>]*/>|<c .*?</c>)", r"\1\1"),
    "overlap": (FIRST, '(<mergeCell ref="A(\\d+):[^"]*"/>)', r'\1<mergeCell ref="A\2:A99"/>'),
    "merged twice": (FIRST, '(<mergeCell ref="[^"]*"/>)', r"\1\1"),
    "set twice": (FIRST, '(<col min="1"[^>]*>)', r"\1\1"),
    "characters wide": (FIRST, '(<col min="1"[^>]*width=)"[^"]*"', r'\1"256"'),
    "title of": (FIRST, 'errorTitle="x"', f'errorTitle="{"x" * 33}"'),
    "message of": (FIRST, ' error="', f' error="{"x" * 256}'),
    "link of": (STORY, 'location="[^"]*"', 'location="Nowhere!A1"'),
    "leads nowhere": (STORY, 'location="[^"]*"', ""),
    "text of": ("xl/sharedStrings.xml", "<si><t>", f"<si><t>{'x' * 32_768}"),
}


@pytest.mark.parametrize("said", BROKEN)
def test_a_broken_limit_is_found(said, tmp_path):
    found = validity.limits_broken(changed(*BROKEN[said], tmp_path))
    assert any(said in each for each in found), found


def test_none_is_broken_as_it_is_written():
    assert validity.limits_broken(workbooks.path(SMALL)) == []


@pytest.mark.thorough
def test_the_validator_finds_an_error(tmp_path):
    assert validity.validator_errors(changed(BOOK, "<sheets>", "<pages/><sheets>", tmp_path))
