"""The lessons' server, over a folder of small notebooks made here and in a real browser."""

import asyncio
import html
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from browsers import watch
from http_requests import ask

from sheets.library.log_loss import log_loss
from sheets.targets.excel import read_inputs
from widgets.plotly_script import plotly_file

SLIDER = """
import ipywidgets
slider = ipywidgets.FloatSlider(description="clip", step=0.5)
heard = ipywidgets.Label("nothing yet")
slider.observe(lambda change: setattr(heard, "value", f"Python heard {change['new']}"), "value")
ipywidgets.VBox([slider, heard])
"""

SURROUNDINGS = """
import json, os, sys
print(json.dumps({"query": os.environ["QUERY_STRING"], "folder": os.getcwd(), "python": sys.executable, "process": os.getpid()}))
"""

SHEET = """
from sheets.library.log_loss import log_loss
from widgets import SheetWidget
SheetWidget(log_loss())
"""

WAITING = """
import pathlib, time
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""

LATE = """
import time
time.sleep(1)
"""

# A widget that is gone again before the page asks for it.
CLOSED = """
import ipywidgets
from IPython.display import display
label = ipywidgets.Label("not for long")
display(label)
label.close()
"""

# A computer so slow that the widgets' library, which looks for a widget every 100 ms for two
# seconds, looks once; what the kernel says about the widgets comes after that look.
SLOW_COMPUTER = """
const setTimer = window.setTimeout;
window.setTimeout = (callback, delay, ...more) => setTimer(callback, delay === 100 ? 3000 : delay, ...more);
const Socket = window.WebSocket;
window.WebSocket = class extends Socket {
    set onmessage(hear) {
        super.onmessage = (event) => setTimer(() => hear(event), 300);
    }
};
"""

WIDE = """
# Wide

| a column with a long name | another column with a long name | a third column with a long name |
|---|---|---|
| 0.12345678901234567890 | 0.12345678901234567890 | 0.12345678901234567890 |

$$a + b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q + r + s + t + u + v + w + x + y + z = 1234567890$$

    a_line_of_code_that_is_longer_than_a_telephone_is_wide = and_cannot_be_broken_anywhere_because_it_has_no_spaces
"""

# Loads that are broken off. `BROKEN_OFF=200 .venv/bin/pytest tests/test_server.py -k left` is the
# bar: ten seconds after that many, at most two kernels more than pages.
BROKEN_OFF = int(os.environ.get("BROKEN_OFF", "12"))
SECONDS_TO_END = 10 if "BROKEN_OFF" in os.environ else 60


def write(folder: Path, name: str, *cells: str, metadata: dict | None = None) -> None:
    """A notebook whose cells are text where they start with `#`, code otherwise."""
    make = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook(
        cells=[make[cell.strip().startswith("#")](cell) for cell in cells], metadata=metadata or {}
    )
    nbformat.write(notebook, folder / f"{name}.ipynb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house") / "lessons"
    folder.mkdir()
    write(folder, "slider", "# One slider & its label\n\nSome text with $x^2$ in it.", SLIDER)
    write(folder, "surroundings", SURROUNDINGS)
    write(
        folder,
        "elsewhere",
        SURROUNDINGS,
        metadata={"kernelspec": {"name": "an-environment-of-mine", "display_name": "mine"}},
    )
    write(folder, "failing", "# Failing", "secret = 'swordfish'\n1 / 0", "print('not reached')")
    write(folder, "waiting", "# Waiting", SLIDER, WAITING)
    write(folder, "late", "# Late", LATE, SLIDER, "# Between", LATE)
    write(folder, "closed", "# Closed", CLOSED, "# The end")
    write(folder, "sheet", "# A sheet\n\n" + "Much text. " * 100, SHEET)
    write(
        folder,
        "wide",
        WIDE,
        "print('word ' * 200)",
        "import ipywidgets\nipywidgets.HBox([ipywidgets.FloatSlider()] * 4)",
    )
    (folder / "source.py").write_text("print('a source')")
    (folder / "notes.txt").write_text("a note")
    (folder / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder.parent / "outside.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return folder


@pytest.fixture(scope="module")
def address(lessons, folder) -> str:
    return lessons(folder)


@pytest.fixture(scope="module")
def slider(browser, address) -> Iterator[tuple]:
    """A page that shows the lesson `slider`, for tests that leave it as it is, and the addresses
    that it has asked for.
    """
    complaints: list[str] = []
    asked: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        watch(page, complaints)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address + "lesson/slider")
        page.get_by_role("slider").wait_for()
        yield page, asked
    assert not complaints, "\n".join(complaints)


def kernel_of(page) -> str:
    return json.loads(page.locator("#jupyter-config-data").inner_text())["kernelId"]


# --- what a person sees


def test_the_start_page_leads_to_the_lessons(page, address):
    page.goto(address)
    assert page.get_by_role("link").all_inner_texts() == [
        "closed",
        "elsewhere",
        "failing",
        "late",
        "sheet",
        "slider",
        "surroundings",
        "waiting",
        "wide",
    ]
    page.get_by_role("link", name="slider").click()
    page.get_by_role("slider").wait_for()
    assert page.url == address + "lesson/slider"


def test_a_lesson_opens_and_its_slider_reaches_python(page, address):
    page.goto(address + "lesson/slider")
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_text("Python heard 0.5").wait_for()
    page.locator(
        "mjx-container"
    ).wait_for()  # the mathematics is set, by what the server brings along
    page.get_by_role("status").wait_for(state="detached")
    assert page.title() == "One slider & its label"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("meta[name=viewport]").count() == 1
    assert "FloatSlider" not in page.content()  # the sources stay with the teacher


def test_voilas_own_address_of_a_lesson_works_too(page, address):
    page.goto(address + "voila/render/slider.ipynb")
    page.get_by_role("slider").wait_for()


def test_text_is_shown_while_the_lesson_opens(page, address, folder):
    page.emulate_media(reduced_motion="reduce")
    page.goto(address + "lesson/waiting", wait_until="commit")
    page.get_by_role("heading", name="Waiting").wait_for()
    opening = page.get_by_role("status")
    assert opening.inner_text() == "Opening the lesson…"
    assert opening.evaluate("notice => getComputedStyle(notice).animationName") == "none"
    (folder / "go").touch()
    page.get_by_role("slider").wait_for()
    opening.wait_for(state="detached")


def test_a_widget_is_shown_on_a_slow_computer(page, address):
    page.add_init_script(SLOW_COMPUTER)
    page.goto(address + "lesson/slider")
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_text("Python heard 0.5").wait_for()
    page.get_by_role("status").wait_for(state="detached")


def test_a_widget_that_comes_late_is_shown(page, address):
    page.add_init_script(SLOW_COMPUTER)
    page.goto(address + "lesson/late")
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_text("Python heard 0.5").wait_for()


def apology(page, loads: list[str]) -> None:
    """The page says that a part is missing, after it was loaded twice, in its own words; and stays
    as it is.
    """
    alert = page.get_by_role("alert")
    alert.wait_for()
    page.wait_for_timeout(1000)
    assert "could not be shown" in alert.inner_text()
    assert alert.get_by_role("button").inner_text() == "Load the page again"
    assert page.get_by_role("status").count() == 0
    for words in ("Error", "error", "model", "Loading widget"):
        assert words not in page.locator("body").inner_text()
    assert len(loads) == 2


def test_a_widget_that_cannot_be_shown_is_said_to_be_missing(page, address, complaints):
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    page.goto(address + "lesson/closed", wait_until="commit")
    apology(page, loads)
    assert page.get_by_role("heading", name="The end").is_visible()
    assert complaints and all("widget model not found" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize("missing", ["**/api/kernels/*", "**/voila.js"])
def test_without_its_kernel_or_front_end_a_page_says_so_and_can_be_loaded_again(
    page, address, complaints, missing
):
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    page.route(missing, lambda route: route.fulfill(status=404))
    page.goto(address + "lesson/slider", wait_until="commit")
    apology(page, loads)
    complaints.clear()
    page.unroute(missing)
    page.get_by_role("button", name="Load the page again").click()
    page.get_by_role("slider").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_sheet_takes_the_width_of_the_window_and_text_does_not(page, address):
    page.set_viewport_size({"width": 2200, "height": 1000})
    page.goto(address + "lesson/sheet")
    page.get_by_role("slider").first.wait_for()
    width = lambda selector: page.locator(selector).first.bounding_box()["width"]
    assert 1800 < width(".gradsheet") <= 1900
    assert width(".jp-MarkdownOutput") <= 46 * 16


def test_a_telephone_shows_a_lesson_without_scrolling_sideways(page, address):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(address + "lesson/wide")
    page.get_by_role("slider").first.wait_for()
    page.locator("mjx-container").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_lesson_that_fails_says_so_in_a_sentence(page, address):
    page.goto(address + "lesson/failing")
    assert "stopped with an error" in page.get_by_role("alert").inner_text()
    for private in ("ZeroDivisionError", "Traceback", "swordfish", "not reached"):
        assert private not in page.content()


@pytest.mark.parametrize(
    "path", ["lesson/no_such", "voila/render/no_such.ipynb", "no/such/address", "lesson/"]
)
def test_an_address_without_a_lesson_says_so(page, address, complaints, path):
    assert page.goto(address + path).status == 404
    assert page.get_by_role("heading").inner_text() == "There is no lesson at this address"
    assert page.get_by_role("link", name="All lessons").get_attribute("href") == "/"
    assert [complaint for complaint in complaints if "404" not in complaint] == []
    complaints.clear()


def test_an_edited_notebook_is_shown_at_the_next_reload(page, address, folder):
    write(folder, "edited", "# Before")
    page.goto(address + "lesson/edited")
    page.get_by_role("heading", name="Before").wait_for()
    write(folder, "edited", "# After")
    page.reload()
    page.get_by_role("heading", name="After").wait_for()
    (folder / "edited.ipynb").unlink()


# --- what the page asks for


def test_only_the_front_end_extensions_that_a_lesson_needs_are_loaded(slider):
    _, asked = slider
    extensions = {
        url.split("/labextensions/")[1].split("/static/")[0]
        for url in asked
        if "/labextensions/" in url
    }
    assert extensions == {
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
        "anywidget",
        "gradsheet",
    }


def test_the_page_names_the_installed_plotly(slider, address):
    page, _ = slider
    path = page.locator("meta[name=gradsheet-plotly]").get_attribute("content")
    status, text, headers = ask(address, path)
    assert (status, text) == (200, plotly_file().read_bytes().decode())
    assert "immutable" in headers["Cache-Control"] and headers["Content-Type"].startswith(
        "text/javascript"
    )
    page.add_script_tag(url=path)
    assert page.evaluate("typeof Plotly.newPlot") == "function"


def test_everything_moves_with_the_base_url(page, lessons, folder):
    address = lessons(folder, "/course/")
    assert address.endswith("/course/")
    page.goto(address)
    page.get_by_role("link", name="slider").click()
    page.get_by_role("slider").press("ArrowRight")
    page.get_by_text("Python heard 0.5").wait_for()
    path = page.locator("meta[name=gradsheet-plotly]").get_attribute("content")
    assert path.startswith("/course/gradsheet/plotly-")
    assert ask(address, path, "HEAD")[0] == 200
    assert ask(address, "/lesson/slider")[0] == 404


# --- the kernels


def surroundings(address: str, path: str) -> dict:
    """What the notebook of that name printed."""
    text = html.unescape(ask(address, path)[1])
    return json.loads(text[text.index('{"query"') : text.index("</pre>")])


@pytest.mark.parametrize("name", ["surroundings", "elsewhere"])
def test_a_lesson_runs_in_this_python_whatever_kernel_it_names(address, folder, name):
    started = surroundings(address, f"/lesson/{name}?clip=0.05&seed=3")
    assert Path(started["python"]) == Path(sys.executable)
    assert Path(started["folder"]) == folder
    assert started["query"] == "clip=0.05&seed=3"


def test_every_page_has_a_kernel_of_its_own(address):
    """The first may take the warm kernel; the others find none, and start theirs."""
    processes = [surroundings(address, "/lesson/surroundings")["process"] for _ in range(3)]
    assert len(set(processes)) == 3


def test_closing_the_page_ends_its_kernel(page, address):
    page.goto(address + "lesson/slider")
    page.get_by_role("slider").wait_for()
    kernel = kernel_of(page)
    assert ask(address, f"/api/kernels/{kernel}")[0] == 200
    page.goto(address)
    until = time.monotonic() + 30
    while (status := ask(address, f"/api/kernels/{kernel}")[0]) != 404 and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert status == 404


def test_nothing_is_kept_of_a_kernel_that_has_ended():
    from lessons.voila.kernels import RunningPython, WarmKernels

    async def kept() -> set[str]:
        kernels = WarmKernels(kernel_spec_manager=RunningPython())
        kernel = await kernels.start_kernel(kernel_name="python3")
        kernels.notify_connect(kernel)
        assert kernels._visited == {kernel}
        await kernels.shutdown_kernel(kernel, now=True)
        return kernels._visited

    with ThreadPoolExecutor(1) as thread:  # the tests' own has the browser's loop running
        assert thread.submit(asyncio.run, kept()).result() == set()


@pytest.mark.processes
def test_a_warm_kernel_that_cannot_move_to_its_lesson_is_ended(tmp_path):
    from lessons.voila.kernels import RunningPython, WarmKernels

    async def kept() -> tuple[str | None, list[str]]:
        kernels = WarmKernels(kernel_spec_manager=RunningPython())
        kernels.warm_up()
        taken = await kernels._take_warm(str(tmp_path / "removed"), {})
        return taken, kernels.list_kernel_ids()

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, kept()).result() == (None, [])


def test_a_lesson_for_which_no_memory_is_left_says_so(
    page, lessons, folder, complaints, monkeypatch
):
    monkeypatch.setenv(
        "MEM_LIMIT", "1000000"
    )  # as JupyterHub's spawners tell a student's server, in bytes
    assert page.goto(lessons(folder) + "lesson/slider").status == 503
    assert page.get_by_role("heading").inner_text() == "Too many lessons are open"
    assert "Close the pages of other lessons" in page.locator("main").inner_text()
    assert all("503" in complaint for complaint in complaints)
    complaints.clear()


def test_a_page_whose_kernel_is_gone_says_so_and_makes_its_workbook_itself(
    page, address, complaints
):
    page.goto(address + "lesson/sheet")
    page.wait_for_selector(".js-plotly-plot")
    page.wait_for_timeout(8000)  # what a workbook is made of is there by then
    page.evaluate(
        """() => {
            const kernel = JSON.parse(document.getElementById("jupyter-config-data").textContent).kernelId;
            const form = new FormData();
            form.append("_xsrf", document.cookie.match(/\\b_xsrf=([^;]*)/)[1]);
            navigator.sendBeacon(`/voila/api/shutdown/${kernel}`, form);
        }"""
    )
    page.get_by_text("Python does not answer").wait_for()
    page.get_by_role("textbox", name="clip").first.fill("0.03")
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download workbook").click()
    assert read_inputs(log_loss(), str(download.value.path()))["clip"].tolist() == [[0.03]]
    page.goto("about:blank")  # which tries no longer to connect
    complaints.clear()  # of a connection that is no more


# --- what a stranger can do
#
# On this computer: open lessons, each of which starts a kernel that runs the notebook and nothing
# else, and fetch the pictures beside the notebooks. Whoever is told a kernel's id (a secret that
# only its page knows) can talk to its widgets or end it; no message of theirs runs code. From
# elsewhere on the web: follow a link to a lesson, but read nothing and start nothing behind one's
# back.


@pytest.mark.parametrize(
    "path",
    [
        "/voila/files/slider.ipynb",
        "/voila/files/source.py",
        "/voila/files/notes.txt",
        "/voila/files/../outside.svg",
        "/voila/files/..%2foutside.svg",
        "/voila/files/%2e%2e/outside.svg",
        "/voila/static/../../../voila/app.py",
        "/voila/static/..%2f..%2fapp.py",
        "/voila/templates/gradsheet/static/../index.html.j2",
        "/voila/templates/gradsheet/static/..%2findex.html.j2",
        "/voila/templates/gradsheet/static/%2e%2e/index.html.j2",
        "/voila/labextensions/..%2f..%2f..%2fpyvenv.cfg",
        "/voila/render/source.py",
        "/voila/render/..%2fslider.ipynb",
        "/lesson/..%2fslider",
        "/gradsheet/plotly-..%2f..%2f__init__.py",
        "/files/notes.txt",
        "/notes.txt",
        "/voila/tree",
        "/voila/api/contents/",
        "/voila/execution/0",
        "/voila/query/0",
        "/api/contents",
        "/api/kernels",
        "/api/kernelspecs",
        "/api/sessions",
        "/api/terminals",
        "/terminals/1",
        "/terminals/websocket/1",
        "/login",
    ],
)
def test_nothing_else_is_served(address, path):
    status, text, _ = ask(address, path)
    assert 400 <= status < 500
    for inside in ("a source", "a note", "<svg", "nbformat", "import ", "extends", "home ="):
        assert inside not in text


def test_pictures_beside_the_notebooks_are_served(address):
    assert ask(address, "/voila/files/picture.svg")[0] == 200


@pytest.mark.parametrize(
    "path", ["/api/kernels", "/api/terminals", "/api/contents/x.ipynb", "/lesson/slider", "/"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_started_or_changed(address, method, path):
    assert ask(address, path, method)[0] in (403, 404, 405)


def test_a_page_elsewhere_can_neither_read_nor_start_a_lesson(address):
    renamed = {"Host": "lessons.example.org"}
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
    assert ask(address, "/", headers=renamed)[0] == 403
    assert ask(address, "/lesson/surroundings", headers=renamed)[0] == 403
    assert ask(address, "/lesson/surroundings", headers=embedded)[0] == 403
    status, _, headers = ask(address, "/lesson/surroundings", headers=linked)
    assert status == 200
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


def test_a_page_elsewhere_cannot_join_a_kernel(slider, address):
    kernel = kernel_of(slider[0])
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    path = f"/api/kernels/{kernel}/channels"
    assert ask(address, path, headers={**upgrade, "Origin": "http://lessons.example.org"})[0] == 403


def test_a_page_cannot_run_code_in_its_kernel(slider, folder):
    """The kernel answers the harmless message that was sent after the harmful one, so the harmful
    one was dropped, not delayed.
    """
    page, _ = slider
    page.evaluate(
        """async () => {
            const kernel = JSON.parse(document.getElementById("jupyter-config-data").textContent).kernelId;
            const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernel}/channels`);
            const send = (type, content) => socket.send(JSON.stringify({
                channel: "shell", content, metadata: {}, parent_header: {}, buffers: [],
                header: {msg_id: type, msg_type: type, username: "", session: "stranger", version: "5.3", date: ""},
            }));
            await new Promise((opened) => { socket.onopen = opened; });
            const answered = new Promise((resolve) => {
                socket.onmessage = ({data}) => { if (JSON.parse(data).msg_type === "kernel_info_reply") resolve(); };
            });
            send("execute_request", {code: "open('stranger', 'w')", silent: false, store_history: false,
                                     user_expressions: {}, allow_stdin: false, stop_on_error: true});
            send("kernel_info_request", {});
            await answered;
            socket.close();
        }"""
    )
    assert not (folder / "stranger").exists()


@pytest.mark.parametrize("message", ["'{'", "'[]'", "new Uint8Array([1, 2, 3])"])
def test_what_is_no_message_ends_the_connection(slider, message):
    page, _ = slider
    code = page.evaluate(
        f"""() => new Promise((closed) => {{
            const kernel = JSON.parse(document.getElementById("jupyter-config-data").textContent).kernelId;
            const socket = new WebSocket(`ws://${{location.host}}/api/kernels/${{kernel}}/channels`);
            socket.onclose = ({{code}}) => closed(code);
            socket.onopen = () => socket.send({message});
        }})"""
    )
    assert code == 1007


# --- starting and ending


def test_kernels_speak_in_the_folder_that_the_environment_names_if_it_is_short(monkeypatch):
    from lessons.voila.kernels import short_folder

    for folder, expected in (("/var/tmp", "/var/tmp"), ("/" + "long/" * 20, "/tmp")):
        monkeypatch.setattr("tempfile.tempdir", folder)
        assert short_folder() == expected


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_localhost_may_mean_either_address():
    from lessons.server import bind

    sockets = bind(0)
    families = {one.family: one.getsockname()[:2] for one in sockets}
    for one in sockets:
        one.close()
    try:
        with socket.socket(socket.AF_INET6) as other:
            other.bind(("::1", 0))
    except OSError:
        pytest.skip("this computer has no IPv6 address")
    port = families[socket.AF_INET][1]
    assert families == {socket.AF_INET: ("127.0.0.1", port), socket.AF_INET6: ("::1", port)}


def python(program: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60
    )


@pytest.mark.processes
def test_importing_the_server_is_cheap():
    heavy = "{'voila', 'tornado', 'IPython', 'jupyter_server', 'plotly', 'numpy'}"
    assert (
        python(f"import sys, lessons.server; print({heavy} & set(sys.modules))").stdout.strip()
        == "set()"
    )


def test_a_port_that_is_taken_is_refused_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = python(
            f"import lessons.server; raise SystemExit(lessons.server.serve({port}, False))"
        )
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        == f"gradsheet: port {port} is taken by another program. Choose another one with --port, or"
        " leave --port out."
    )


def test_a_port_that_does_not_exist_is_refused_in_a_sentence():
    done = python("import lessons.server; raise SystemExit(lessons.server.serve(123456, False))")
    assert (done.returncode, done.stderr.strip()) == (
        2,
        "gradsheet: there is no port 123456: ports are numbered from 1 to 65535.",
    )


def test_without_a_port_a_free_one_is_found():
    program = (
        "import lessons.server as s\n[port] = {one.getsockname()[1] for one in s.bind(None)}\n"
        "print(port)"
    )
    with socket.socket() as usual:
        usual.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            usual.bind(("127.0.0.1", 8866))
            usual.listen()
        except OSError:
            pass  # another program has it, which serves as well
        assert int(python(program).stdout) != 8866


@contextmanager
def own_server(folder: Path, **options) -> Iterator[tuple[str, subprocess.Popen]]:
    """A server of the test's own, which it may end: its address, and its process."""
    program = "from lessons.server import *; from pathlib import Path; import sys\n"
    program += "sys.exit(serve_folder(Path(sys.argv[1]), 0, False, str))"
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as server:
        try:
            yield server.stdout.readline().split()[4], server
        finally:
            server.terminate()
            server.wait(timeout=60)


def break_off(address: str, path: str, read: int) -> None:
    """Ask for a page, and leave once so many bytes of it have come."""
    host = urlsplit(address)
    with socket.create_connection((host.hostname, host.port)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host.netloc}\r\n\r\n".encode())
        if read:
            connection.recv(read)


@pytest.mark.processes
def test_pages_that_were_left_before_they_stood_keep_no_kernel(page, folder):
    """Loads that are broken off at once, and while the first cell waits, beside a page that stays:
    a kernel is left for that page, one is kept warm, and one may be on its way.
    """
    with own_server(folder) as (address, server):
        page.goto(address + "lesson/slider")
        page.get_by_role("slider").wait_for()
        for k in range(BROKEN_OFF):
            break_off(address, "/lesson/waiting", read=k % 2)
        kernels = lambda: psutil.Process(server.pid).children(recursive=True)
        until = time.monotonic() + SECONDS_TO_END
        while len(kernels()) > 1 + 2 and time.monotonic() < until:
            time.sleep(0.2)
        assert len(kernels()) <= 1 + 2
        page.get_by_role("slider").press("ArrowRight")
        page.get_by_text("Python heard 0.5").wait_for()
        page.goto("about:blank")  # before the server ends, whose end a page would complain of


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no interrupt for one process")
def test_an_interrupt_ends_the_server_and_its_kernels(folder):
    heard = lambda: signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # where the tests themselves run in the background, it is ignored
    with own_server(folder, preexec_fn=heard) as (address, server):
        assert ask(address, "/lesson/surroundings")[0] == 200
        kernels = psutil.Process(server.pid).children(recursive=True)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0
    assert kernels
    _, alive = psutil.wait_procs(kernels, timeout=30)
    assert not alive
