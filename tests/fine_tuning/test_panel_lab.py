"""The lesson in JupyterLab, which keeps no widget's page: a reload makes a new panel, and it finds
the run.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from panels import at_rest, click, goes_on_after_a_reload

from lessons.course import notebook

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lab(tmp_path):
    """The address of the lesson's notebook in a JupyterLab of its own, with nothing of this
    computer's.
    """
    shutil.copy(notebook("fine_tuning"), tmp_path / "lesson.ipynb")
    home = {
        name: str(tmp_path / name.lower())
        for name in ("HOME", "HF_HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--port=0",
        "--IdentityProvider.token=x",
        f"--ServerApp.root_dir={tmp_path}",
    ]
    apart = {
        **os.environ,
        **home,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    said = (tmp_path / "said").open("w")
    quiet = [
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, *quiet], env=apart, stdout=said, stderr=said
    )
    try:
        yield from ready(tmp_path)
    finally:
        server.terminate()
        server.wait(timeout=30)
        said.close()


def ready(folder: Path, patience: float = 90):
    """The address, once the server has written down that it listens."""
    end = time.monotonic() + patience
    while not (found := list(folder.glob("runtime/jpserver-*.json"))):
        assert time.monotonic() < end, (folder / "said").read_text()
        time.sleep(0.1)
    yield f"http://127.0.0.1:{json.loads(found[0].read_text())['port']}/lab/tree/lesson.ipynb?token=x"


def run_all(page) -> None:
    page.locator(".jp-RenderedMarkdown h1").first.wait_for()
    page.get_by_text("| Idle").wait_for()  # what is run before its kernel is there may be lost
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def test_the_lesson_lives_in_jupyterlab_and_a_reload_finds_the_run(page, lab, complaints):
    """JupyterLab itself takes most of the time: it is opened twice."""
    page.set_viewport_size({"width": 1366, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(lab)
    run_all(page)
    page.get_by_role("button", name="Do it all: fine_tune").wait_for()
    assert at_rest(page) == "Ready."
    page.get_by_role("textbox", name="Epochs of all layers").fill("900")
    click(page, "Train all layers")
    page.get_by_role("table", name="Epochs").locator("tbody tr >> nth=1").wait_for()
    page.reload()
    run_all(
        page
    )  # a JupyterLab keeps no widget's page: its cell makes a panel, which takes the session over
    page.get_by_text("Press Resume to go on").wait_for()
    goes_on_after_a_reload(page, 2)
    assert "Traceback" not in page.content()
    page.goto("about:blank")  # before its server goes
    assert not [text for text in complaints if "leaves the machine" in text]
    complaints.clear()  # what JupyterLab itself says is not ours to answer for
