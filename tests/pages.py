"""What tests do on a sheet's page in a real browser, and what they read off it."""

from __future__ import annotations

import numpy as np

from sheets import Sheet, values
from sheets.language.blocks import Block, Setting, choices_of, is_endless, may_be_empty
from sheets.language.formats import shown, written
from sheets.targets.numpy import is_said

INSIDE = (
    "{ left: box.left + xaxis._offset + xaxis.c2p(x), top: box.top + yaxis._offset + yaxis.c2p(y) }"
)


PLACE = f"""([chart, x, y]) => {{
    const plot = document.querySelector(`[data-part="chart-${{chart + 1}}"] .js-plotly-plot`);
    plot.scrollIntoView({{ block: "center" }});
    const {{ xaxis, yaxis }} = plot._fullLayout;
    const box = plot.getBoundingClientRect();
    return {INSIDE};
}}"""


# Of tables, whose rows and cells are alike, leaves the first rows and columns: axe takes a second
# for each hundred cells.
FEW_CELLS = """() => {
    const entered = (node) => node.matches(":has([tabindex='0']), [tabindex='0']");
    for (const node of document.querySelectorAll("tr:nth-child(n+5), td:nth-child(n+8)"))
        if (!entered(node)) node.remove();
}"""


def violations(page) -> list:
    """What axe-core finds on the page: each rule that is broken, with the first three places.

    Of what keeps its rules axe gives no list, which takes it a third of the time.
    """
    from axe_playwright_python.sync_playwright import Axe

    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"][:3]])
        for each in answer["violations"]
    ]


# Types a text into the field of a block.
SET = """([name, text]) => {
    const field = document.querySelector(`.gs-field[aria-label="${name}"]`);
    field.value = text;
    field.dispatchEvent(new Event("change"));
}"""


# Dispatches a paste of a text on an element.
PASTE = """([selector, text]) => {
    const data = new DataTransfer();
    data.setData("text", text);
    const options = { clipboardData: data, bubbles: true, cancelable: true };
    document.querySelector(selector).dispatchEvent(new ClipboardEvent("paste", options));
}"""


# Plotly has drawn every chart that is seen as large as its place is.
FITTED = """() => [...document.querySelectorAll(".js-plotly-plot")].every((plot) => {
    const svg = plot.querySelector(".main-svg"); // plotly's layout may be ahead of it
    const [width, height] = ["width", "height"].map((side) => Number(svg.getAttribute(side)));
    const same = (a, b) => Math.abs(a - b) <= 1;
    return !plot.clientWidth || (same(width, plot.clientWidth) && same(height, plot.clientHeight));
})"""


# How far the page is wider than its window, and the controls that lie beyond its edge where nothing
# scrolls them into view.
SIDEWAYS = """() => {
    const width = document.documentElement.clientWidth;
    const kept = (node) => ["auto", "scroll", "hidden"].includes(getComputedStyle(node).overflowX);
    const scrolls = (node) => node && (kept(node) || scrolls(node.parentElement));
    const controls = [...document.querySelectorAll("button, input, select, summary")];
    const hidden = controls.filter((node) => {
        const box = node.getBoundingClientRect();
        const beyond = box.right > width + 1 || box.left < -1;
        return box.width > 2 && beyond && !scrolls(node.parentElement);
    });
    const names = hidden.map((node) => node.outerHTML.slice(0, 120));
    return [document.documentElement.scrollWidth - width, names];
}"""


def fitted(page) -> None:
    """Wait until charts that came to another place are as large as it is."""
    frame(page)
    page.wait_for_function(FITTED)
    frame(page)


def frame(page) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def cell(page, block: str, row: int = 0, column: int = 0):
    """A cell of the sheet; the stage above it may show the same one."""
    return page.locator(f"td[data-block='{block}'][data-row='{row}'][data-col='{column}']").last


def open_panel(page, title: str) -> None:
    """Show a part of what stands below the stage."""
    page.get_by_role("button", name=title, exact=True).click()


def choose_step(page, title: str) -> None:
    """Stand where the first sheet's step of this title begins: its move made, nothing played."""
    sheet = page.locator("article.gradsheet").first
    sheet.get_by_role("button", name=title, exact=True).click()
    move = sheet.locator(".gs-move")
    if move.is_visible():
        move.click()
    start = sheet.get_by_role("button", name="To the start")
    if start.count():
        start.click()
    frame(page)


def open_all(page) -> None:
    page.evaluate(
        "document.querySelectorAll('details.gs-group').forEach((folded) => { folded.open = true; })"
    )
    page.wait_for_function(
        "[...document.querySelectorAll('details.gs-group')].every((folded) =>"
        " folded.querySelector('td'))"
    )


def give_up(page) -> None:
    """See the number that the introduction asks for, if it asks for one."""
    ways_out = page.locator(".gs-card [data-opening]").get_by_role("button", name="Give up")
    if ways_out.count() and ways_out.is_visible():
        ways_out.click()
        frame(page)


def check_every_cell(page, sheet: Sheet, inputs: dict, steps: int = 0) -> None:
    """Each cell drawn shows the reference's number; each sentence that holds is said,
    and no other.
    """
    frame(page)
    give_up(page)
    computed = values(sheet, inputs, steps)
    cells = page.evaluate(
        "Array.from(document.querySelectorAll('td[data-block]'), (td) => "
        "[td.dataset.block, +td.dataset.row, +td.dataset.col, td.textContent])"
    )
    assert (
        len(cells)
        >= len([b for b in sheet.blocks.values() if not isinstance(b, Setting)])
        - page.locator("details:not([open])").count() * 4
    )
    for name, row, column, text in cells:
        assert text == cell_text(sheet.blocks[name], float(computed[name][row, column])), (
            name,
            row,
            column,
        )
    said = [written(s.pieces, computed) for s in sheet.sentences if is_said(s, computed)]
    shown_there = page.locator(".gs-sentences p").all_inner_texts()
    assert shown_there == said, (shown_there, said)


def cell_text(block: Block, x: float) -> str:
    """What a cell shows: nothing where it is empty or left out."""
    if choices_of(block) and not np.isnan(x):
        return choices_of(block)[int(x)]
    is_empty = may_be_empty(block) if np.isnan(x) else is_endless(block) and np.isinf(x)
    return "" if is_empty else shown(x, block.format)


def place(page, chart: int, x: float, y: float) -> tuple[float, float]:
    fitted(page)
    at = page.evaluate(PLACE, [chart, x, y])
    return at["left"], at["top"]


def drag(page, chart: int, start: tuple[float, float], *stops: tuple[float, float]) -> None:
    page.mouse.move(*place(page, chart, *start))
    page.mouse.down()
    for stop in stops:
        page.mouse.move(*place(page, chart, *stop), steps=4)
    page.mouse.up()
    frame(page)


def data(page, chart: int) -> list:
    """What plotly itself holds, once it has come to rest."""
    page.wait_for_timeout(400)
    return page.evaluate(
        f"document.querySelectorAll('.js-plotly-plot')[{chart}].data.map((d) => [Array.from(d.x),"
        " Array.from(d.y)])"
    )
