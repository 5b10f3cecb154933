"""Cell styles by role, with the names that a spreadsheet program's gallery of styles shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import workbooks
from library_sheets import SHEETS
from openpyxl.utils import get_column_letter
from quick import few_when_quick

from sheets import Sheet
from sheets.language.roles import ROLES
from sheets.targets.excel.layout import MAIN, layout
from sheets.targets.excel.styles import heading_style_of, style_of

each_sheet = pytest.mark.parametrize("name", few_when_quick(SHEETS))


def of_every_role() -> Sheet:
    s = Sheet("of_every_role")
    s.group("All")
    for role in ROLES:
        s.input(f"one_{role}", 1.5, role=role)
        s.let(f"two_{role}", s[f"one_{role}"] * 2, role=role)
    return s


BOOK = workbooks.register("of_every_role", of_every_role)
LIBRARY = {
    name: workbooks.register(f"styled_{name}", SHEETS[name], False, False) for name in SHEETS
}


@cache
def styled(path: Path) -> dict[tuple[str, str], str]:
    """Worksheet and address of each cell: the name of its style."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(path) as file:
        styles = ET.fromstring(file.read("xl/styles.xml"))
        book = ET.fromstring(file.read("xl/workbook.xml"))
        pages = [each.attrib["name"] for each in book.iter(f"{main}sheet")]
        texts = [file.read(f"xl/worksheets/sheet{k + 1}.xml").decode() for k in range(len(pages))]
    names = {each.attrib["xfId"]: each.attrib["name"] for each in styles.iter(f"{main}cellStyle")}
    of_format = [names[each.attrib["xfId"]] for each in styles.find(f"{main}cellXfs")]
    return {
        (page, address): of_format[int(style)]
        for page, text in zip(pages, texts, strict=True)
        for address, style in re.findall(r'<c r="([A-Z]+\d+)" s="(\d+)"', text)
    }


@each_sheet
def test_every_cell_of_a_block_has_the_style_of_its_role(name):
    s, book = SHEETS[name](), openpyxl.load_workbook(workbooks.path(LIBRARY[name]))
    where = layout(s)
    for block in s.blocks.values():
        place = where.seen(block.name)
        for i, j in np.ndindex(block.shape):
            cell = book[place.worksheet].cell(place.row + 1 + i, place.column + 1 + j)
            assert cell.style == block.role.capitalize(), block.name
    assert set(map(style_of, {block.role for block in s.blocks.values()})) <= set(book.named_styles)


@each_sheet
def test_a_table_s_headings_have_a_style_too(name):
    s, book = SHEETS[name](), openpyxl.load_workbook(workbooks.path(LIBRARY[name]))
    where = layout(s)
    above = {n: at for n, at in where.labels.items() if at[1] >= where.seen(n).column}
    for block, (row, column) in above.items():
        cell = book[where.seen(block).worksheet].cell(row + 1, column + 1)
        assert cell.style == heading_style_of(s.blocks[block].role), block


def test_a_style_looks_as_the_page_shows_its_role():
    book = openpyxl.load_workbook(workbooks.path(BOOK))
    looks = {style.name: style for style in book._named_styles}
    for name, role in ROLES.items():
        look = looks[style_of(name)]
        assert look.fill.fgColor.rgb == f"FF{role.tint[1:]}"
        assert look.alignment.horizontal == "right" and look.border.left.style == "thin"


def test_excels_own_input_is_the_one_that_is_changed():
    """A second style called Input would be refused, or renamed."""
    with zipfile.ZipFile(workbooks.path(BOOK)) as file:
        text = file.read("xl/styles.xml").decode()
    (own,) = re.findall(r'<cellStyle name="Input"[^>]*>', text)
    assert 'builtinId="20"' in own and 'customBuiltin="1"' in own


def test_libreoffice_keeps_the_styles():
    """It calls Excel's own Input by a longer name."""
    where, ours = layout(of_every_role()), styled(workbooks.path(BOOK))
    kept = styled(workbooks.saved_by_libreoffice(BOOK))
    for name, place in where.blocks.items():
        at = MAIN, f"{get_column_letter(place.column + 1)}{place.row + 1}"
        assert ours[at] == style_of(of_every_role().blocks[name].role)
        assert kept[at] in (ours[at], f"Excel Built-in {ours[at]}")
