"""The panel's page in a browser: in Voila, and alone with a model of the test's."""

import io
import re
from dataclasses import replace

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from panels import SHOWN, at_rest, batch, click, ended, goes_on_after_a_reload

from sheets.library.log_loss import log_loss
from widgets.fine_tuning.panel import FineTuningPanel
from widgets.fine_tuning.panel.curves import PRETRAINED, Curves
from widgets.fine_tuning.panel.jobs import FAILED, RUNNING
from widgets.fine_tuning.panel.recording_files import LARGEST

LESSON = """
from dataclasses import replace
from pathlib import Path
from widgets.fine_tuning.learning import learner
from widgets.fine_tuning.panel import session
from widgets.fine_tuning.panel import FineTuningPanel
home = Path({home!r})
session.sessions = lambda: home / "sessions"
learner.cache_folder = lambda: home / "features"
FineTuningPanel(folders=[home])
"""


@pytest.fixture(scope="module")
def address(lessons, tmp_path_factory) -> str:
    import nbformat

    home = tmp_path_factory.mktemp("home")
    (home / "lessons").mkdir()
    cell = nbformat.v4.new_code_cell(LESSON.format(home=str(home)))
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Fine-tuning"), cell]),
        home / "lessons" / "panel.ipynb",
    )
    return lessons(home / "lessons")


def test_the_panel_lives_in_voila(page, address, page_file):
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{address}lesson/panel")
    page.get_by_role("button", name="Do it all: fine_tune").wait_for(timeout=120_000)
    assert at_rest(page) == "Ready."
    page.get_by_role("textbox", name="Epochs of the head").fill("six")
    click(page, "Train the head")
    assert (
        "is 'six'; write a number" in page.get_by_role("alert").filter(has_text="six").inner_text()
    )
    page.get_by_role("textbox", name="Epochs of the head").fill("6")
    page.get_by_role("button", name="Train the head").focus()
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=5").wait_for(timeout=60_000)
    assert "Accuracy" in at_rest(page)
    page.wait_for_selector(".ft-live .js-plotly-plot >> nth=1")
    page.get_by_role("table", name="Confusion matrix").wait_for()

    page.get_by_role("textbox", name="Epochs of all layers").fill("900")
    click(page, "Train all layers")
    page.wait_for_function(
        "document.querySelector('.ft-job progress').value > 0 &&"
        " document.querySelector('.ft-left').textContent !== ''"
    )
    # Marked as disabled, and clicked all the same; what is drawn meanwhile moves it about, or puts
    # another in its place.
    for _ in range(3):
        page.get_by_role("button", name="Train all layers").evaluate("(button) => button.click()")
        page.wait_for_timeout(2000)
        if page.get_by_role("alert").filter(has_text="still under way").count():
            break
    page.get_by_role("alert").filter(has_text="still under way").wait_for()
    page.get_by_role("textbox", name="Rate of the first layer").fill(
        "0.001"
    )  # the page stays alive
    page.keyboard.press("Tab")
    page.get_by_role("table", name="The parameter groups").locator("tbody tr >> nth=0").filter(
        has_text="0.001"
    ).wait_for()
    click(page, "Stop")
    assert "Stopped. What was learnt is kept" in at_rest(page)
    click(page, "Resume")
    page.wait_for_selector(".ft-job[data-state='running']")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=8").wait_for(timeout=60_000)

    page.reload()
    goes_on_after_a_reload(page, 9)

    click(page, "Look at the results now")
    page.get_by_text("The results are those of the network as it is now").wait_for(timeout=60_000)
    page.get_by_role("textbox", name="clip").fill("0.02")
    page.keyboard.press("Tab")
    page.get_by_text("Clipped at 0.02, the expected log loss").wait_for()
    cost = re.search(r"Clipped at 0.02, the expected log loss is (\d\.\d+)", page.content())[1]
    link, _, inputs = (
        page.get_by_role("link", name="Open the log-loss lesson")
        .evaluate("link => link.href")
        .partition("#")
    )
    assert link == f"{address}lesson/log_loss" and "clip=0.02" in inputs
    lesson = page.context.new_page()
    lesson.goto(
        f"{page_file(log_loss).as_uri()}#{inputs}"
    )  # that lesson's page, with these predictions
    assert float(lesson.locator("[data-block='loss_mean']").first.inner_text()) == pytest.approx(
        float(cost), abs=1e-4
    )
    lesson.close()
    with page.expect_download() as download:
        click(page, "Download head.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes())).sheetnames

    for size, said in (
        (LARGEST + 1, "has 8.0 MB, and a recording has at most 8"),
        (LARGEST, "no recording that can be played"),
    ):
        page.get_by_label("Open a recording").set_input_files(
            {"name": "x.jsonl", "mimeType": "text/plain", "buffer": b" " * size}
        )
        page.get_by_role("alert").filter(
            has_text=said
        ).wait_for()  # the largest one reaches Python, and its answer the page

    page.get_by_text("Take other pictures, or another body").click()
    page.get_by_label("Pictures", exact=True).select_option("folder")
    page.get_by_role("textbox", name="Folder of pictures", exact=True).fill("/etc")
    click(page, "Read them, and begin anew")
    page.get_by_role("alert").filter(has_text="/etc: this page may not use it").wait_for()
    assert (
        page.get_by_role("textbox", name="Folder of pictures", exact=True).input_value() == "/etc"
    )
    assert (
        page.get_by_role("table", name="Confusion matrix").count() == 1
    )  # what there was is there
    assert not [
        each["id"] for each in Axe().run(page).response["violations"]
    ]  # with results, and a refusal at its field
    page.get_by_label("Pictures", exact=True).select_option("digits")
    page.get_by_role("textbox", name="About how many pictures").fill("10")
    click(page, "Read them, and begin anew")
    page.get_by_role("table", name="Classes and their pictures").get_by_role(
        "cell", name="5", exact=True
    ).first.wait_for()
    assert "Traceback" not in page.content()


def test_what_ran_away_is_cut_off_and_a_busy_refusal_goes_with_its_job(page, opened_once):
    """Without Python: its state is a panel's that was opened, with other runs."""
    curves, state = Curves(), opened_once.get_state()
    for number, loss in enumerate((0.5, 0.7, 4.4e19, 0.3), 1):
        curves.hear(PRETRAINED, batch(1, number, loss))
    curves.hear(PRETRAINED, replace(ended(1), valid_loss=4.4e19))
    page.set_content("<body></body>")
    told = {
        "glance": {},
        "runs": curves.runs,
        "job": {**state["job"], "state": RUNNING},
        "refused": {},
    }
    page.evaluate(SHOWN, [str(opened_once._esm), {**state, **told}])
    page.get_by_text("cut off above 2", exact=False).wait_for()  # four times the first loss
    assert page.get_by_role("table", name="Epochs").get_by_role("cell", name="4.4e19").count() == 1
    page.evaluate(
        "() => { window.model.send = ({ number }) => window.model.answer({ number, refusal: 'it is"
        " still under way' }); }"
    )
    page.get_by_role("button", name="Compute the features").click(force=True)  # marked as disabled
    page.get_by_role("alert").filter(has_text="still under way").wait_for()
    page.get_by_role("textbox", name="Rate of the first layer").fill("nonsense")
    page.keyboard.press("Tab")
    page.get_by_role("alert").filter(has_text="write a number").wait_for()
    page.evaluate("window.model.tell('job', {...window.model.get('job'), state: 'finished'})")
    assert page.locator(".gs-refusal:not(:empty)").all_inner_texts() == [
        "Rate of the first layer is 'nonsense'; write a number, such as 2 or 1e-3."
    ]
    page.evaluate("() => { window.model.send = ({ number }) => window.model.answer({ number }); }")
    page.set_viewport_size({"width": 1280, "height": 200})
    page.get_by_role("button", name="Play recording 1").click()
    page.wait_for_function(
        "document.querySelector('.ft-live').getBoundingClientRect().top > -2"
    )  # far above what was pressed


def test_a_refusal_takes_the_focus_after_a_press_alone_and_no_number_outlives_its_choice(page):
    """Without Python, which could not be opened, so that only the choice is there."""
    p = FineTuningPanel(recordings=[])
    refused = {"folder": "there is no such folder"}
    p.job, p.refused = {**p.job, "state": FAILED}, refused
    page.set_content("<body></body>")
    page.evaluate(SHOWN, [str(p._esm), p.get_state()])
    page.locator(".gs-refusal").filter(has_text="no such folder").wait_for(
        state="attached"
    )  # of a field that is not shown yet
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_label("Pictures", exact=True).select_option("folder")
    page.get_by_role("textbox", name="About how many").fill("12")
    click(page, "Read them, and begin anew")
    tell = "([name, value]) => window.model.tell(name, value)"
    page.evaluate(tell, ["refused", refused])
    assert page.evaluate("document.activeElement.ariaLabel") == "Folder of pictures"
    page.get_by_role("textbox", name="Seed").focus()
    page.evaluate(tell, ["refused", refused])  # drawn anew
    assert page.evaluate("document.activeElement.ariaLabel") == "Seed"
    kept = {
        "data": "/photos",
        "labels": "folder",
        "body": "digits",
        "sample": None,
        "batch_size": 4,
        "seed": 0,
    }
    page.evaluate(tell, ["choice", kept])
    names = ("Folder of pictures", "About how many", "Pictures in a batch", "Seed")
    assert [page.get_by_role("textbox", name=name).input_value() for name in names] == [
        "/photos",
        "",
        "4",
        "0",
    ]
    click(page, "Read them, and begin anew")
    page.evaluate(tell, ["refused", {}])
    page.evaluate(
        tell, ["choice", {**kept, "seed": 1}]
    )  # it was read: its fields need the page's place no more
    assert page.locator(".ft-choose").get_attribute("open") is None
    assert (
        page.evaluate("document.activeElement.textContent")
        == "Take other pictures, or another body"
    )
