"""`gradsheet site`: every lesson as static pages that share their scripts, with its workbook.

For a disk, or any host of files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sheets import InputError, Sheet, SheetError
from sheets.library.catalogue import sheet_named
from sheets.targets.excel import write
from widgets.programs import ScriptFiles
from widgets.static_page import STYLE, shared_files

from .course import lesson_links, lessons, picture_file, sheet_lessons
from .own import own_page, short_titles
from .pages import INDEX_STYLE, index_page, lesson_page, own_index, plain_page

START = "index.html"
STEPS = (
    10  # in the ready-made workbook of a sheet that trains: enough rows to see what to fill down
)
COURSE_STYLE, WAY_BACK = "course.css", "way_back.js"
# A host shows this page at whatever address was asked for: the site begins in that folder, or in
# one above. The script knows, as it knows its own address; so it is looked for in each.
DEEPEST = 4  # folders of a wrong address that are climbed
NOT_FOUND = f"""<h1>There is no lesson at this address</h1>
<p>It may have been renamed, or the address has a typing error.</p>
<p><a href="{START}">All lessons</a></p>
{"".join(f'<script src="{"../" * up}{WAY_BACK}"></script>' for up in range(DEEPEST + 1))}"""
LEADS_BACK = f"""const from = (name) => new URL(name, document.currentScript.src);
document.querySelector("a").href = from("{START}");
document.querySelector("link[rel=stylesheet]").href = from("{COURSE_STYLE}");
"""


def page_address(name: str) -> str:
    return f"{name}.html"


def workbook_address(name: str) -> str:
    return f"{name}.xlsx"


def picture_address(name: str) -> str:
    return f"{name}.webp"


def write_site(folder: Path) -> Iterator[Path]:
    """Write the site, which links to nothing outside the folder; yields each file when it is
    written.

    Raises InputError where a file of somebody else's would be lost: where there is a page of the
    same name, and no site of ours yet.
    """
    yield from _begun(folder, lessons(), index_page(page_address, workbook_address, COURSE_STYLE))
    for name in lessons():
        page, around = partial(lesson_page, name), _around(name, name in sheet_lessons())
        if picture_file(name).exists():
            around["preview"] = picture_address(name)
            yield _written(folder / picture_address(name), picture_file(name).read_bytes())
        yield from _pages(folder, name, page, around)
    for name in sheet_lessons():
        yield _workbook(folder, name, sheet_named(name))


def write_own_site(folder: Path, sheets: Mapping[str, Sheet]) -> Iterator[Path | str]:
    """The same of a teacher's own sheets; in place of a workbook that cannot be, the sentence that
    says why.
    """
    files: dict[str, str] = {}
    refused: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    _check_nothing_is_lost(folder, list(sheets))
    for name, sheet in sheets.items():
        try:
            files[name] = _workbook(folder, name, sheet).name
        except (InputError, SheetError) as refusal:
            refused.append(f"no workbook of {name}: {refusal}")
    yield from refused
    yield from (folder / file for file in files.values())
    start = own_index(sheets, page_address, lambda name: files.get(name, ""), COURSE_STYLE)
    yield from _begun(folder, list(sheets), start)
    for name, sheet in sheets.items():
        around = _around(name, name in files, short_titles(sheets))
        yield from _pages(folder, name, partial(own_page, sheet), around)


def _pages(
    folder: Path, name: str, page: Callable[..., str], around: dict[str, Any]
) -> Iterator[Path]:
    """A page and the scripts that are its own."""
    scripts = ScriptFiles(name)
    yield _written(folder / page_address(name), page(**around, scripts=scripts).encode())
    for file, content in scripts.files().items():
        yield _written(folder / file, content)


def _begun(folder: Path, names: Sequence[str], start: str) -> Iterator[Path]:
    """The folder with what is not one lesson's. start: the start page."""
    folder.mkdir(parents=True, exist_ok=True)
    _check_nothing_is_lost(folder, names)
    pages = {
        START: start,
        "404.html": plain_page("No such lesson", NOT_FOUND, COURSE_STYLE),
        COURSE_STYLE: INDEX_STYLE,
        WAY_BACK: LEADS_BACK,
    }
    files = shared_files() | {name: text.encode() for name, text in pages.items()}
    for name, content in files.items():
        yield _written(folder / name, content)


def _check_nothing_is_lost(folder: Path, names: Sequence[str]) -> None:
    if (folder / STYLE).exists():
        return
    for name in (START, "404.html", *map(page_address, names)):
        if (folder / name).exists():
            raise InputError(
                f"{folder / name} is there already, and would be lost: choose another folder,"
                " or move that file away"
            )


def _workbook(folder: Path, name: str, sheet: Sheet) -> Path:
    file = folder / workbook_address(name)
    write(sheet, file, steps=STEPS if sheet.carried else 0)
    return file


def _around(name: str, workbook: bool, among: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What stands around a lesson. Where JavaScript is off its page says so, and offers what needs
    none. workbook: whether there is one; among: as for `lesson_links`.
    """
    above = lesson_links(name, page_address, START, among=among)
    if workbook:
        file = f'<a href="{workbook_address(name)}">its workbook</a>'
        above += (
            f"<noscript><p>The sheet on this page needs JavaScript. Without it, take {file}"
            " instead.</p></noscript>"
        )
    after = lesson_links(name, page_address, START, "More lessons", among)
    return {"before": above, "after": after, "beside": True}


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file
