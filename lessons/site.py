"""`gradsheet site`: every lesson as static pages that share their scripts, with its workbook.

For a disk, or any host of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sheets import InputError
from sheets.library.catalogue import sheet_named
from sheets.targets.excel import write
from widgets.static_page import STYLE, shared_files

from .course import lesson_links, lessons, picture_file, sheet_lessons
from .pages import index_page, lesson_page, plain_page

START = "index.html"
STEPS = (
    10  # in the ready-made workbook of a sheet that trains: enough rows to see what to fill down
)
# A host shows this page at whatever address was asked for: the site begins in that folder, or in
# the nearest one above with its files.
NOT_FOUND = f"""<h1>There is no lesson at this address</h1>
<p>It may have been renamed, or the address has a typing error.</p>
<p><a href="{START}">All lessons</a></p>
<script>
const isSite = async (folder) => (await fetch(new URL("{STYLE}", folder), {{ method: "HEAD" }})).ok;
(async () => {{
  let folder = new URL(".", location);
  while (folder.protocol !== "file:" && folder.pathname !== "/" && !(await isSite(folder)))
    folder = new URL("..", folder);
  document.querySelector("a").href = new URL("{START}", folder);
}})();
</script>"""


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
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / STYLE).exists():
        for name in (START, "404.html", *map(page_address, lessons())):
            if (folder / name).exists():
                raise InputError(
                    f"{folder / name} is there already, and would be lost: choose another folder,"
                    " or move that file away"
                )
    pages = {
        START: index_page(page_address, workbook_address),
        "404.html": plain_page("No such lesson", NOT_FOUND),
    }
    files = shared_files() | {name: text.encode() for name, text in pages.items()}
    for name, content in files.items():
        yield _written(folder / name, content)
    for name in lessons():
        yield _written(folder / page_address(name), _lesson(name).encode())
        if picture_file(name).exists():
            yield _written(folder / picture_address(name), picture_file(name).read_bytes())
    for name in sheet_lessons():
        sheet = sheet_named(name)
        write(sheet, folder / workbook_address(name), steps=STEPS if sheet.carried else 0)
        yield folder / workbook_address(name)


def _lesson(name: str) -> str:
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
        preview=picture_address(name) if picture_file(name).exists() else "",
    )


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file
