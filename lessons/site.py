"""`gradsheet site`: every lesson as static pages that share their scripts, with its workbook.

For a disk, or any host of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sheets import InputError
from sheets.library.catalogue import sheet_named
from sheets.targets.excel import write
from widgets.programs import ScriptFiles
from widgets.static_page import STYLE, shared_files

from .course import lesson_links, lessons, sheet_lessons
from .pages import INDEX_STYLE, index_page, lesson_page, plain_page

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


def write_site(folder: Path) -> Iterator[Path]:
    """Write the site, which links to nothing outside the folder; yields each file when it is
    written.

    Raises InputError where a file of somebody else's would be lost: where there is a page of the
    same name, and no site of ours yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / STYLE).exists():
        for name in (START, "404.html", *map(page_address, lessons())):
            if (folder / name).exists():
                raise InputError(
                    f"{folder / name} is there already, and would be lost: choose another folder,"
                    " or move that file away"
                )
    pages = {
        START: index_page(page_address, workbook_address, COURSE_STYLE),
        "404.html": plain_page("No such lesson", NOT_FOUND, COURSE_STYLE),
        COURSE_STYLE: INDEX_STYLE,
        WAY_BACK: LEADS_BACK,
    }
    files = shared_files() | {name: text.encode() for name, text in pages.items()}
    for name, content in files.items():
        yield _written(folder / name, content)
    for name in lessons():
        scripts = ScriptFiles(name)
        yield _written(folder / page_address(name), _lesson(name, scripts).encode())
        for file, content in scripts.files().items():
            yield _written(folder / file, content)
    for name in sheet_lessons():
        sheet = sheet_named(name)
        write(sheet, folder / workbook_address(name), steps=STEPS if sheet.carried else 0)
        yield folder / workbook_address(name)


def _lesson(name: str, scripts: ScriptFiles) -> str:
    """A lesson's page. Where JavaScript is off it says so, and offers what needs none."""
    above = lesson_links(name, page_address, START)
    if name in sheet_lessons():
        file = f'<a href="{workbook_address(name)}">its workbook</a>'
        above += (
            f"<noscript><p>The sheet on this page needs JavaScript. Without it, take {file}"
            " instead.</p></noscript>"
        )
    return lesson_page(
        name,
        before=above,
        after=lesson_links(name, page_address, START, "More lessons"),
        beside=True,
        scripts=scripts,
    )


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file
