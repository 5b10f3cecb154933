"""What tests share: what a quick run leaves out, the order of files where processes share them, and
fixtures for pages, a real Chromium and a lessons' server.

* `browser`: one Chromium for the whole run. None to be found: skipped at home with the reason,
  failed where the environment says CI.
* `page`: a fresh page in it. Its test fails on a console error, on an error nobody caught, and on
  a request that leaves the machine.
* `complaints`: what `page` holds against its test so far: a test that provokes an error looks for
  it here and takes it out.
* `few_sizes`: within it, static pages carry those sheets alone that differ in one size: all of them
  take longer to write than everything that a test then does.
* `page_file`, `lesson_file`: the file of a sheet's or a lesson's static page, written once a run;
  a lesson's is of few sizes.
* `opened`: opens, in `page`, the page of the sheet that a function makes, with its charts drawn.
* `lessons`: starts a lessons' server over a folder of notebooks and gives its address.
"""

import gc
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from unittest import mock

import engines
import pytest
from browsers import launch, watch
from engines import missing

# What a test needs, by the fixture that starts it: each becomes a mark, for `pytest -m browser`.
NEEDS = {
    "browser": "browser",
    "lessons": "server",
    "jupyterlab": "server",
    "marimo": "server",
    "hub": "server",
    "lab": "server",
    "locked": "server",
    "site": "site",
}

# The others are set by hand: `mutants` where mistakes are made on purpose, `processes` where Python
# is started anew, `thorough` where a test does for many cases what others do for a few.
MARKS = sorted({*NEEDS.values(), "training", "mutants", "processes", "thorough"})

# About how many seconds such a test takes; any other a tenth.
SECONDS = {"server": 5, "browser": 3, "training": 3, "site": 3, "thorough": 0.5}

TRAINING = Path(__file__).parent / "fine_tuning"

SERVE = """
import sys
from pathlib import Path
from lessons.server import serve_folder
from lessons.voila.application import LessonServer

LessonServer.makes_ahead = False  # a test asks for few of the real lessons

def start_page():
    links = [f'<li><a href="lesson/{path.stem}">{path.stem}</a></li>' for path in sorted(folder.glob("*.ipynb"))]
    return '<!DOCTYPE html><html lang="en"><title>The lessons</title><link rel="icon" href="data:,"><h1>The lessons</h1>' + "".join(links)

folder = Path(sys.argv[1])
sys.exit(serve_folder(folder, 0, False, start_page, sys.argv[2]))
"""


def pytest_addoption(parser):
    parser.addoption(
        "--quick",
        action="store_true",
        help="under a minute: no browser, LibreOffice, server, PyTorch, training; no mutants; few"
        " of the library's sheets",
    )


def pytest_configure(config):
    for mark in MARKS:
        config.addinivalue_line("markers", f"{mark}: what the test needs, see tests/conftest.py")
    engines.quick = config.getoption("quick")


def pytest_ignore_collect(collection_path, config):
    """Collecting the tests of training imports torch, which takes seconds."""
    return True if config.getoption("quick") and collection_path == TRAINING else None


def pytest_collection_modifyitems(config, items):
    """Mark each test by what it needs; a quick run leaves those tests out.

    LibreOffice and PyTorch are no fixtures: a quick run skips a test when it asks for them.
    """
    for item in items:
        for fixture in NEEDS.keys() & set(item.fixturenames):
            item.add_marker(NEEDS[fixture])
        if TRAINING in item.path.parents:
            item.add_marker("training")
    if config.getoption("quick"):
        slow = {item for item in items if any(map(item.get_closest_marker, MARKS))}
        config.hook.pytest_deselected(items=[*slow])
        items[:] = [item for item in items if item not in slow]
    if "PYTEST_XDIST_WORKER" in os.environ:
        _longest_files_first(items)


def _longest_files_first(items) -> None:
    """So that no process is left with a long file when the others have done theirs."""
    seconds: Counter = Counter()
    for item in items:
        marks = [SECONDS[mark.name] for mark in item.iter_markers() if mark.name in SECONDS]
        seconds[item.path] += max(marks, default=0.1)
    items.sort(key=lambda item: -seconds[item.path])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where several processes share the tests (`pytest -n 2`), those of a file stay in one, and the
    files keep their order, in which the longest come first.
    """
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_collection_finish():
    """What is imported by now stays: the collector, which would look at all of it again and again,
    leaves it out, and comes less often, since a workbook that is read is many small objects.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    with sync_playwright() as playwright:
        browser = launch(playwright)
        if browser is None:
            missing("there is no Chromium, Chrome or Edge on this computer")
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser, complaints):
    context = browser.new_context()
    page = context.new_page()
    watch(page, complaints)
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def page_file(tmp_path_factory) -> Callable[..., Path]:
    """`page_file(make)`: the page, with no server, of the sheet that `make()` returns; written once
    a run.
    """
    from widgets.plotly_script import plotly_file
    from widgets.static_page import static_page

    folder = tmp_path_factory.mktemp("pages")

    @cache
    def written(make: Callable) -> Path:
        sheet = make()
        file = folder / f"{len(list(folder.iterdir()))}_{sheet.name}.html"
        file.write_text(
            static_page(sheet.title, [sheet], plotly_address=plotly_file().as_uri()),
            encoding="utf-8",
        )
        return file

    return written


@pytest.fixture(scope="session")
def few_sizes() -> Callable:
    """`with few_sizes():`"""
    return partial(mock.patch, "widgets.other_sizes.MOST_SHEETS", 16)


@pytest.fixture(scope="session")
def lesson_file(tmp_path_factory, few_sizes) -> Callable[[str], Path]:
    """`lesson_file(name)`: the lesson's static page as the site has it, with the way to other
    lessons; written once a run, for all processes that share the tests.
    """
    from lessons.course import lesson_links
    from lessons.pages import lesson_page
    from widgets.plotly_script import plotly_file

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "lessons"
    folder.mkdir(exist_ok=True)

    @cache
    def written(name: str) -> Path:
        file = folder / f"{name}.html"
        if not file.exists():
            links = lesson_links(name, "{}.html".format, "index.html")
            with few_sizes():
                text = lesson_page(name, before=links, plotly_address=plotly_file().as_uri())
            half = file.with_suffix(f".{os.getpid()}")
            half.write_text(text, encoding="utf-8")
            half.replace(file)
        return file

    return written


@pytest.fixture
def opened(page, page_file) -> Callable:
    """`opened(make)`: `page`, showing that sheet with its charts drawn."""

    def show(make: Callable):
        page.set_viewport_size({"width": 1400, "height": 1000})
        page.goto(page_file(make).as_uri())
        page.wait_for_function(
            f"document.querySelectorAll('.js-plotly-plot').length === {len(make().charts)}"
        )
        return page

    return show


@pytest.fixture(scope="session")
def lessons(tmp_path_factory) -> Iterator[Callable[..., str]]:
    """`lessons(folder, base_url="/")`: the address of a new server over the notebooks in `folder`;
    it ends with the run.
    """
    servers = []

    def start(folder: Path, base_url: str = "/") -> str:
        said = tmp_path_factory.mktemp("server") / "stderr.txt"
        with said.open("w") as errors:
            server = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(folder), base_url],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        servers.append(server)
        too_late = threading.Timer(60, server.kill)
        too_late.start()
        line = server.stdout.readline()
        too_late.cancel()
        assert line.startswith("The lessons are at "), (
            f"the server did not start: {line}{said.read_text()}"
        )
        return line.split()[4]

    yield start
    for server in servers:
        server.terminate()
    for server in servers:
        server.wait(timeout=30)
        server.stdout.close()
