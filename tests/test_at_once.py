"""The lessons' own server: pages of sheets from memory, without a kernel, and what they ask."""

import asyncio
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openpyxl
import pytest
from http_requests import ask
from pages import frame
from quick import thorough

from lessons.apart import HOUSE, Apart
from lessons.course import FOLDER, sheet_lessons
from lessons.voila.at_once import Answers
from sheets import values
from sheets.library.log_loss import log_loss
from sheets.library.matmul_stack import matmul_stack
from sheets.targets.excel import write
from sheets.targets.excel.reading import TOO_LARGE
from widgets.other_sizes import other_sizes, sizes_of


def awaited(coroutine):
    """Its result, from a thread of its own: playwright keeps a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(scope="module")
def house(lessons) -> str:
    """The address of a server over the real lessons."""
    return lessons(FOLDER)


def opened(page, address: str):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot", timeout=60_000)
    return page


def test_every_lesson_of_a_sheet_is_a_page_that_brings_no_kernel(house):
    for name in sheet_lessons():
        status, text, headers = ask(house, f"/lesson/{name}")
        assert (status, headers["Cache-Control"]) == (200, "no-cache")
        assert f'data-asks="{name}"' in text and "kernelId" not in text


def test_every_page_can_be_made_ahead_and_is_made_once(monkeypatch):
    asked = []

    async def run(_, function: str, *arguments):
        asked.append((function.partition(":")[2], *arguments[:1]))
        return ["one", "two"] if asked[-1][0] == "names" else b"a page"

    monkeypatch.setattr(Apart, "run", run)

    async def made_and_asked_for() -> bytes | None:
        answers = Answers()
        await answers.make_all()
        return await answers.page("two")

    assert awaited(made_and_asked_for()) == b"a page"
    assert asked == [("names", ""), ("page", "one"), ("page", "two")]


SHIFTS = """window.shifts = [];
new PerformanceObserver((seen) => window.shifts.push(...seen.getEntries().map((one) => one.value)))
  .observe({ type: "layout-shift", buffered: true });"""


def test_on_a_phone_no_lesson_jumps_when_its_sheet_opens(page, house):
    """Its scripts come after the prepared page was painted, as on a slow line."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script(SHIFTS)
    held: list = []
    page.route("**/gradsheet.js*", lambda route: held.append(route))
    for name in sheet_lessons():
        page.goto(f"{house}lesson/{name}", wait_until="commit")
        page.wait_for_selector("[data-gradsheet] > p:only-child")
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
        frame(page)
        held.pop().continue_()
        page.wait_for_selector(".js-plotly-plot", timeout=60_000)
        frame(page)
        assert page.evaluate("shifts.reduce((sum, one) => sum + one, 0)") < 0.02, name


def test_what_such_a_page_shares_may_be_kept(house):
    for name in ("gradsheet.js", "gradsheet.css", "plotly.min.js"):
        status, text, headers = ask(house, f"/lesson/{name}")
        assert status == 200 and "immutable" in headers["Cache-Control"] and len(text) > 10_000


def test_the_way_to_the_other_lessons(page, house):
    opened(page, f"{house}lesson/log_loss")
    links = page.get_by_role("navigation", name="Lessons", exact=True)
    links.get_by_role("link", name="Next: ").click()
    page.wait_for_url(f"{house}lesson/{sheet_lessons()[1]}*")
    page.get_by_role("navigation", name="More lessons").get_by_role(
        "link", name="All lessons"
    ).click()
    page.wait_for_url(house)


def test_any_size_is_made_and_its_workbook_too(page, house, tmp_path):
    """Of more sizes together than a file holds."""
    sizes = {"layers": 5, "width_1": 3, "width_2": 5, "width_4": 2}
    sheet = matmul_stack().with_inputs({"layers": 5}).with_inputs(sizes)
    assert sizes not in [sizes_of(other) for other in other_sizes(matmul_stack())]
    settings = "&".join(f"{name}={size}" for name, size in sizes.items())
    opened(page, f"{house}lesson/matmul_stack#{settings}")
    page.locator("td[data-block='h_2'][data-col='4']").first.wait_for(state="attached")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(tmp_path / "tall.xlsx")
    book = openpyxl.load_workbook(tmp_path / "tall.xlsx", data_only=True)
    worksheet, area = next(iter(book.defined_names["h_2"].destinations))
    cells = book[worksheet][area.replace("$", "")]
    assert np.array_equal([[c.value for c in row] for row in cells], values(sheet)["h_2"])


def test_an_edited_workbook_is_read_and_another_file_is_refused(page, house, tmp_path):
    write(log_loss(), tmp_path / "edited.xlsx", {"clip": 0.125})
    opened(page, f"{house}lesson/log_loss")
    page.locator("input[type=file]").set_input_files(tmp_path / "edited.xlsx")
    note = page.locator(".gs-said .gs-note")
    note.get_by_text("are on the page").wait_for()
    assert page.get_by_role("textbox", name="clip", exact=True).input_value() == "0.125"
    page.locator("input[type=file]").set_input_files(__file__)
    note.get_by_text("Nothing was changed").wait_for()


@thorough
def test_a_file_that_is_too_large_is_told_so():
    answers = Answers()
    try:
        reply = awaited(answers.answer("inputs", "log_loss", {}, bytes(20_000_001)))
    finally:
        answers.end()
    assert reply == {"refusal": TOO_LARGE}


def test_a_server_that_is_gone_is_told_and_the_page_goes_on(page, house, complaints):
    """Its own workbook is still made: the page has fetched what that needs."""
    with page.expect_response("**/log_loss/workbook*"):
        opened(page, f"{house}lesson/log_loss")
    page.context.set_offline(True)
    page.locator("input[type=file]").set_input_files(__file__)
    page.get_by_text("The lessons' server does not answer").wait_for()
    page.get_by_role("textbox", name="clip", exact=True).fill("0.05")
    page.keyboard.press("Enter")
    expected = f"{values(log_loss(), {'clip': 0.05})['loss_mean'][0, 0]:.4f}"
    page.locator("td[data-block='loss_mean']").get_by_text(expected, exact=True).wait_for()
    with page.expect_download():
        page.get_by_role("button", name="Download workbook").click()
    complaints.clear()  # the browser's own word about the request


@pytest.mark.thorough
def test_the_process_apart_is_begun_anew_after_an_edit_and_when_it_dies():
    async def processes() -> list[int]:
        answers, found = Answers(), []
        try:
            await answers.names()
            answers._begin_anew_after_an_edit()
            found.append(await answers.apart.run("os:getpid"))
            os.utime(HOUSE / "lessons" / "asked.py")
            answers._begin_anew_after_an_edit()
            found.append(await answers.apart.run("os:getpid"))
            os.kill(found[-1], getattr(signal, "SIGKILL", signal.SIGTERM))
            await answers.names()
            found.append(await answers.apart.run("os:getpid"))
        finally:
            answers.end()
        return found

    assert len(set(awaited(processes()))) == 3


def test_the_process_apart_raises_what_its_function_raises():
    apart = Apart()
    try:
        with pytest.raises(ZeroDivisionError):
            awaited(apart.run("operator:truediv", 1, 0))
    finally:
        apart.end()
