"""The lesson where it is lived with a kernel: in Voila, in JupyterLab and in marimo, in a real
browser.
"""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import nbformat
import openpyxl
import pytest
from browsers import watch
from notebook_servers import jupyterlab_server, marimo_server
from pages import choose_step

import lessons.course
from sheets import values
from sheets.library.log_loss import log_loss

HEARING = """
import os
import ipywidgets
from sheets.library.log_loss import log_loss
from widgets import SheetWidget
widget = SheetWidget(log_loss())
heard = ipywidgets.Label("nothing yet")
count = [0]
def hear(change):
    count[0] += 1
    heard.value = f"Python heard {count[0]}: {widget.clip} {len(widget.prediction)} {float(widget.values['loss_mean'][0, 0]):.4f}"
widget.observe(hear, ["clip", "prediction"])
button = ipywidgets.Button(description="From Python")
button.on_click(lambda _: widget.set(clip=0.25, is_cat=[1, 0], prediction=[0.5, 0.5]))
ipywidgets.VBox([heard, button, ipywidgets.Label(f"process {os.getpid()}"), widget])
"""


def loss_mean(**inputs) -> str:
    return f"{values(log_loss(), inputs)['loss_mean'][0, 0]:.4f}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house") / "lessons"
    folder.mkdir()
    shutil.copy(lessons.course.notebook("log_loss"), folder)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(HEARING)]),
        folder / "hearing.ipynb",
    )
    return folder


@pytest.fixture(scope="module")
def voila(lessons, folder) -> str:
    return lessons(folder)


@pytest.fixture(scope="module")
def lesson(browser, voila) -> Iterator:
    """A page with a kernel, which tests of workbooks leave with other numbers."""
    yield from shared_page(browser, f"{voila}lesson/log_loss")


@pytest.fixture(scope="module")
def hearing(browser, voila) -> Iterator:
    """A page whose kernel says what it hears; tests begin with Reset."""
    yield from shared_page(browser, f"{voila}lesson/hearing")


def shared_page(browser, address: str) -> Iterator:
    complaints: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        watch(page, complaints)
        yield opened(page, address)
    assert not complaints, "\n".join(complaints)


def opened(page, address: str):
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot >> nth=1", timeout=60_000)
    return page


def check_stage(page, view: str) -> None:
    """The stage is no higher than what is seen of a notebook, and a large number has its name."""
    seen, stage = page.locator(view).first.bounding_box(), page.locator(".gs-stage").bounding_box()
    assert 400 < stage["height"] <= seen["height"]
    number = page.locator(".gs-figures dd").first.bounding_box()
    name = page.locator(".gs-figures dt").first.bounding_box()
    assert 0 < name["x"] - number["x"] - number["width"] < 20


def type_clip(page, text: str) -> None:
    page.get_by_role("textbox", name="clip").fill(text)
    page.keyboard.press("Enter")


def wait_for_mean(page, text: str) -> None:
    page.locator("td[data-block='loss_mean']").get_by_text(text, exact=True).wait_for()


def check_notes(page) -> None:
    """The notes of who teaches open in a window of their own."""
    page.get_by_role("button", name="Present").click()
    with page.expect_popup() as notes:
        page.keyboard.press("s")
    notes.value.get_by_role("heading", name="The opening").wait_for()
    for _ in range(2):  # the question, then the move
        notes.value.keyboard.press("n")
    notes.value.get_by_role("heading", name=f"1. {log_loss().presets[0].title}").wait_for()


# --- Voila


def test_the_lesson_lives_in_voila(page, voila):
    opened(page, f"{voila}lesson/log_loss")
    type_clip(page, "0.05")
    wait_for_mean(page, loss_mean(clip=0.05))
    for label in ("Lessons", "More lessons"):  # above and below
        links = page.get_by_role("navigation", name=label, exact=True)
        assert links.get_by_role("link", name="All lessons").get_attribute("href") == "/"
        assert links.get_by_role("link", name="Next: ").get_attribute("href") == "/lesson/softmax"
    check_notes(page)


def test_the_workbook_goes_to_excel_and_comes_back(lesson, tmp_path):
    page = lesson
    choose_step(page, "Clip at 0.05")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    download.value.save_as(tmp_path / "log_loss.xlsx")
    book = openpyxl.load_workbook(tmp_path / "log_loss.xlsx")
    for name, number in {"clip": 0.1, "prediction": 0.625}.items():
        worksheet, area = next(iter(book.defined_names[name].destinations))
        book[worksheet][area.split(":")[0].replace("$", "")].value = number
    book.save(tmp_path / "edited.xlsx")
    page.locator("input[type=file]").set_input_files(tmp_path / "edited.xlsx")
    page.wait_for_function(
        "document.querySelector('.gs-said .gs-note').textContent.includes('are on the page')"
    )
    assert page.get_by_role("textbox", name="clip").input_value() == "0.1"
    assert (
        page.locator(".gs-below td[data-block='prediction'][data-row='0']").inner_text() == "0.625"
    )
    before = page.locator("td[data-block='loss_mean']").inner_text()
    page.locator("input[type=file]").set_input_files(Path(__file__))
    page.wait_for_function(
        "document.querySelector('.gs-said .gs-note').textContent.startsWith('Nothing was changed')"
    )
    assert page.locator("td[data-block='loss_mean']").inner_text() == before


def test_a_workbook_dropped_on_the_page_is_read(lesson, tmp_path):
    from sheets.targets.excel import write

    write(log_loss(), tmp_path / "dropped.xlsx", {"clip": 0.125})
    data = list((tmp_path / "dropped.xlsx").read_bytes())
    lesson.evaluate(
        """(data) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(data)], "dropped.xlsx"));
            const drop = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true });
            document.querySelector(".gradsheet").dispatchEvent(drop);
        }""",
        data,
    )
    lesson.wait_for_function(
        "document.querySelector('input[type=text][aria-label=clip]').value === '0.125'"
    )


def test_python_hears_of_settled_inputs_and_the_page_of_python(hearing):
    page = hearing
    slider = page.get_by_role("slider", name="clip")
    slider.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")  # a drag: many moves, few messages
    page.wait_for_function("document.body.textContent.includes('Python heard')")
    page.wait_for_timeout(500)  # whatever was still on its way
    heard = page.get_by_text("Python heard").inner_text().split()
    clip = page.get_by_role("textbox", name="clip").input_value()
    assert heard[3] == clip and heard[5] == page.locator("td[data-block='loss_mean']").inner_text()
    assert int(heard[2].rstrip(":")) < 20
    choose_step(page, "Clip at 0.05")
    page.wait_for_function("document.body.textContent.includes(': 0.05 40 ')")
    page.get_by_role("button", name="From Python").click()
    wait_for_mean(page, loss_mean(clip=0.25, is_cat=[1, 0], prediction=[0.5, 0.5]))
    assert page.locator(".gs-below td[data-block='prediction']").count() == 2


def test_the_page_answers_without_its_kernel(hearing):
    page = hearing
    page.get_by_role("button", name="Reset").click()
    wait_for_mean(page, loss_mean())
    process = int(page.get_by_text("process ").inner_text().split()[1])
    os.kill(process, getattr(signal, "SIGSTOP", signal.SIGTERM))
    try:
        type_clip(page, "0.05")
        wait_for_mean(page, loss_mean(clip=0.05))
        choose_step(page, "Clip at 0.02")
        page.wait_for_function(
            "document.querySelector(\"td[data-block='row_count']\").textContent === '40'"
        )
    finally:
        os.kill(process, getattr(signal, "SIGCONT", signal.SIGTERM))


# --- JupyterLab


@pytest.fixture(scope="module")
def jupyterlab(folder, tmp_path_factory):
    with jupyterlab_server(folder, tmp_path_factory.mktemp("settings")) as address:
        yield address


def test_the_lesson_lives_in_jupyterlab(page, jupyterlab):
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{jupyterlab}/lab/tree/log_loss.ipynb")
    page.get_by_text("| Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run").first.click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.wait_for_selector(".js-plotly-plot >> nth=1", timeout=60_000)
    check_stage(page, ".jp-WindowedPanel-outer")
    type_clip(page, "0.05")
    wait_for_mean(page, loss_mean(clip=0.05))
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    target = page.locator(".gs-below td[data-block='prediction'][data-row='0']")
    target.focus()
    for key in (
        "0",
        ".",
        "5",
        "Enter",
    ):  # in JupyterLab's command mode a digit would make a heading
        page.keyboard.press(key)
    wait_for_mean(page, loss_mean(clip=0.05, prediction=[0.5, 0.1, 0.5, 0.9, 0.02]))
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert page.locator(".jp-Notebook .jp-CodeCell").count() == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    assert download.value.suggested_filename == "log_loss.xlsx"
    check_notes(page)


# --- marimo


@pytest.fixture(scope="module")
def marimo(tmp_path_factory):
    with marimo_server(tmp_path_factory.mktemp("marimo")) as address:
        yield address


def test_a_sheet_lives_in_marimo(page, marimo):
    """There the page stands in a shadow root, which hides from the document what has the focus."""
    opened(page, marimo)
    check_stage(page, "body")
    type_clip(page, "0.05")
    wait_for_mean(page, loss_mean(clip=0.05))
    page.get_by_text(f"Python heard: clip 0.05, mean loss {loss_mean(clip=0.05)}").wait_for()
    target = page.locator(".gs-below td[data-block='prediction'][data-row='0']")
    target.focus()
    for key in ("0", ".", "5", "Enter"):
        page.keyboard.press(key)
    wait_for_mean(page, loss_mean(clip=0.05, prediction=[0.5, 0.1, 0.5, 0.9, 0.02]))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    assert download.value.suggested_filename == "log_loss.xlsx"
    page.get_by_role("button", name="Present").click()
    page.get_by_role("textbox", name="clip").focus()
    page.keyboard.press("n")  # a letter typed, no key of the presentation
    page.get_by_role("button", name="Next step").focus()
    for _ in range(2):  # the question, then the move
        page.keyboard.press("n")
    first = log_loss().presets[0]
    figures = page.locator(".gs-figures dd")  # the sheet itself is out of sight meanwhile
    figures.get_by_text(loss_mean(**first.inputs), exact=True).wait_for()
    page.keyboard.press("Escape")
