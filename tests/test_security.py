"""What a stranger on the network and a hostile student can do to a lessons' server, its kernels,
its pages and its files: beyond what test_server.py tells of addresses and other sites,
test_workbook.py of damaged files, and test_links.py of damaged links.
"""

import html
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import IO
from urllib.parse import quote, urlsplit

import nbformat
import openpyxl
import pytest
from http_requests import ask
from quick import few_when_quick, thorough
from websocket import WebSocket, WebSocketBadStatusException, create_connection

import lessons.server
from lessons.command_line import main
from sheets import InputError
from sheets.language.blocks import Size
from sheets.library.depth_lab import depth_lab
from sheets.library.line_fit import line_fit
from sheets.library.log_loss import log_loss
from sheets.targets.excel import read_inputs, write
from widgets import SheetWidget

# The protocol that browsers choose; without it, messages are JSON.
V1 = "v1.kernel.websocket.jupyter.org"
CODE = "open('stranger', 'w')"
SHEET = (
    "from sheets.library.log_loss import log_loss\nfrom widgets import"
    " SheetWidget\nSheetWidget(log_loss())"
)
QUERY = "import os\nprint('asked', repr(os.environ['QUERY_STRING']))"

# The server of a class, with what takes minutes made short, and more that differs.
SHORT = """
import sys
from pathlib import Path
sys.path.insert(0, {lessons!r})
import lessons.voila.application as application
import lessons.voila.kernels as kernels
from lessons.server import serve_folder

usual = application.configuration
def configuration(*arguments):
    config = usual(*arguments)
    config.MappingKernelManager.update(cull_idle_timeout={idle}, cull_interval=1)
    return config
application.configuration = configuration
kernels.WarmKernels.visit_delay = {visit}
kernels.KERNEL_MEMORY = {memory}
kernels.KERNEL_ARGUMENTS = {arguments}
sys.exit(serve_folder(Path(sys.argv[1]), 0, {browser}, lambda: '<link rel="icon" href="data:,">', token={token!r}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("house") / "lessons"
    folder.mkdir()
    for name, source in {"sheet": SHEET, "query": QUERY}.items():
        nbformat.write(
            nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]),
            folder / f"{name}.ipynb",
        )
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("a secret")
    for hidden in (".env", ".secret.svg.bak", "class.csv", "model.safetensors"):
        (folder / hidden).write_text("a secret")
    return folder


@pytest.fixture(scope="module")
def address(lessons, folder) -> str:
    return lessons(folder)


def opened(address: str, lesson: str = "sheet") -> str:
    """The kernel of a lesson that is opened without a browser."""
    status, text, _ = ask(address, f"/lesson/{lesson}")
    assert status == 200
    return re.search(r'"kernelId": ?"([^"]+)"', text)[1]


def joined(address: str, kernel: str, **options) -> WebSocket:
    return create_connection(
        f"ws://{urlsplit(address).netloc}/api/kernels/{kernel}/channels", timeout=60, **options
    )


@pytest.fixture(scope="module")
def kernel(address) -> str:
    return opened(address)


# What stands in SHORT where a test says nothing else: seconds until a kernel ends that has no page,
# and that never had one; bytes that a kernel takes; how it is started.
USUAL = {
    "idle": 600,
    "visit": 600,
    "memory": 1,
    "arguments": ["--log-level=ERROR"],
    "token": "",
    "browser": False,
}


@contextmanager
def said(folder: Path, **own) -> Iterator[IO[str]]:
    """What a server says, whose browser says the address that it is to open."""
    program = SHORT.format(**USUAL | own, lessons=str(Path(__file__).resolve().parent.parent))
    environment = os.environ | {"BROWSER": "echo %s"}
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process.stdout
        finally:
            process.terminate()


@contextmanager
def server(folder: Path, **own) -> Iterator[str]:
    """Its address."""
    with said(folder, **own) as lines:
        yield lines.readline().split()[4]


# --- a kernel's websocket: everything that Jupyter's protocol has, except words with its widgets


NUMBER = "NUMBER"  # of a message: a kernel takes none twice


def header(kind: str) -> str:
    return json.dumps(
        {
            "msg_id": NUMBER,
            "msg_type": kind,
            "username": "",
            "session": "stranger",
            "version": "5.3",
            "date": "",
        }
    )


def two_kinds(first: str, second: str) -> str:
    """A header that says both, for two readers who might not take the same one."""
    return header(second).replace("{", f'{{"msg_type": "{first}", ', 1)


def send(socket: WebSocket, channel: str, head: str, content: dict) -> str:
    """The number of the message."""
    number = uuid.uuid4().hex
    head = head.replace(NUMBER, number)
    parts = [channel, head, "{}", "{}", json.dumps(content)]
    if socket.getsubprotocol() != V1:
        whole = dict(
            zip(
                ("header", "parent_header", "metadata", "content"),
                map(json.loads, parts[1:]),
                strict=True,
            )
        )
        text = json.dumps({"channel": channel, "buffers": [], **whole})
        socket.send(text.replace(json.dumps(json.loads(head)), head))
        return number
    data = [part.encode() for part in parts]
    begins = [8 * (len(data) + 2)]
    for part in data:
        begins.append(begins[-1] + len(part))
    socket.send_binary(
        b"".join(number.to_bytes(8, "little") for number in (len(begins), *begins)) + b"".join(data)
    )
    return number


def kinds_until_answered(socket: WebSocket, number: str) -> list[str]:
    """The kinds of all messages up to the answer to the question of that number."""
    kinds: list[str] = []
    while True:
        raw = socket.recv()
        assert raw, "the server closed the connection"
        text = raw if isinstance(raw, str) else raw.decode(errors="replace")
        kinds += re.findall(r'"msg_type": ?"(\w+)"', text)[:1]
        if number in text and kinds[-1] == "kernel_info_reply":
            return kinds


RUN = {
    "code": CODE,
    "silent": False,
    "store_history": False,
    "user_expressions": {"x": CODE},
    "allow_stdin": False,
    "stop_on_error": True,
}
BREAK = {
    "seq": 1,
    "type": "request",
    "command": "evaluate",
    "arguments": {"expression": CODE, "context": "repl"},
}
REFUSED = {
    "run": ("shell", header("execute_request"), RUN),
    "run, by the channel for interrupts": ("control", header("execute_request"), RUN),
    "run, by the channel for input": ("stdin", header("execute_request"), RUN),
    "run, called a question": ("shell", two_kinds("kernel_info_request", "execute_request"), RUN),
    "a question, called a run": ("shell", two_kinds("execute_request", "kernel_info_request"), RUN),
    "debug": ("control", header("debug_request"), BREAK),
    "answer an input": ("stdin", header("input_reply"), {"value": CODE}),
    "complete": ("shell", header("complete_request"), {"code": "import os; os.", "cursor_pos": 14}),
    "look at an object": (
        "shell",
        header("inspect_request"),
        {"code": "log_loss", "cursor_pos": 3, "detail_level": 1},
    ),
    "read what was run": (
        "shell",
        header("history_request"),
        {"hist_access_type": "tail", "n": 9, "raw": True, "output": True},
    ),
    "open a subshell": ("control", header("create_subshell_request"), {}),
    "interrupt": ("control", header("interrupt_request"), {}),
    "end": ("control", header("shutdown_request"), {"restart": False}),
}


@pytest.mark.parametrize("protocol", ["", V1])
def test_a_kernel_answers_none_of_it_but_what_it_is(address, folder, kernel, protocol):
    with closing(joined(address, kernel, subprotocols=[protocol] if protocol else None)) as socket:
        assert (socket.getsubprotocol() or "") == protocol
        for channel, head, content in REFUSED.values():
            send(socket, channel, head, content)
        answered = []
        for channel in ("control", "shell"):
            answered += kinds_until_answered(
                socket, send(socket, channel, header("kernel_info_request"), {})
            )
    assert set(answered) <= {"status", "kernel_info_reply"}
    assert not (folder / "stranger").exists() and not Path("stranger").exists()


def test_a_website_that_took_this_computer_s_name_cannot_join_a_kernel(address, kernel):
    for host, origin in (
        ("lessons.example.org", "http://lessons.example.org"),
        (urlsplit(address).netloc, "null"),
    ):
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        assert (
            ask(
                address,
                f"/api/kernels/{kernel}/channels",
                headers={**upgrade, "Host": host, "Origin": origin},
            )[0]
            == 403
        )


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/kernels/{}"), ("POST", "/voila/api/shutdown/{}")]
)
def test_another_site_cannot_end_a_kernel_even_with_its_id(address, kernel, method, path):
    another = {
        "Origin": "http://lessons.example.org",
        "Sec-Fetch-Site": "cross-site",
        "Cookie": "_xsrf=guessed",
    }
    for headers in ({}, another):
        assert ask(address, path.format(kernel), method, headers)[0] in (403, 404)
    assert ask(address, f"/api/kernels/{kernel}")[0] == 200


@pytest.mark.parametrize("action", ["interrupt", "restart"])
def test_a_kernel_cannot_be_interrupted_or_restarted(address, kernel, action):
    assert ask(address, f"/api/kernels/{kernel}/{action}", "POST")[0] in (403, 404)


def test_an_address_is_handed_to_the_kernel_as_text(address, folder):
    hostile = ("'); open('stranger', 'w'); ('", '"""+CODE+"""', "{0.__class__}", "\\'")
    query = "&".join(f"x={quote(each)}" for each in hostile)
    status, text, _ = ask(address, f"/lesson/query?{query}")
    assert status == 200 and "asked" in text and quote(hostile[0]) in html.unescape(text)
    assert not (folder / "stranger").exists()


# --- other accounts of the same computer


TOKEN = "a-secret"


@pytest.fixture(scope="module")
def locked(folder) -> Iterator[dict[str, str]]:
    """What the server of somebody else says: the `printed` address, and the one that its `browser`
    is to open.
    """
    with said(folder, token=TOKEN, browser=True) as lines:
        yield {"printed": lines.readline().split()[4], "browser": lines.readline().strip()}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?token=guessed",
        "/lesson/sheet",
        "/lesson/no_such",
        "/voila/render/sheet.ipynb",
        "/voila/static/voila.js",
        "/voila/templates/gradsheet/static/lesson.css",
        "/voila/labextensions/gradsheet/static/widgets_first.js",
        "/gradsheet/plotly-1.min.js",
        "/voila/files/picture.svg",
        "/login?next=/",
    ],
)
def test_who_was_not_told_the_token_is_shown_nothing(locked, path):
    status, text, headers = ask(locked["printed"], path)
    assert status == 403
    assert "open the address that stands in the window" in text and TOKEN not in text
    assert not [
        value for name, value in headers.items() if name == "Set-Cookie" and "username" in value
    ]


def test_a_lesson_and_its_kernel_answer_who_was_told_the_token_and_nobody_else(page, locked):
    page.goto(locked["printed"])
    start, _, query = page.url.partition("?")
    assert not query
    page.goto(f"{start}lesson/sheet")
    page.get_by_role("slider").first.wait_for()
    kernel = json.loads(page.locator("#jupyter-config-data").inner_text())["kernelId"]
    for method, path in (
        ("GET", "api/kernels/{}"),
        ("DELETE", "api/kernels/{}"),
        ("POST", "voila/api/shutdown/{}"),
    ):
        assert ask(start, f"/{path.format(kernel)}", method)[0] == 403
    with pytest.raises(WebSocketBadStatusException, match="403"):
        joined(start, kernel)
    assert page.request.get(f"{start}api/kernels/{kernel}").status == 200


def test_what_stands_on_the_browser_s_command_line_opens_once(locked):
    address = locked["browser"]
    query = f"/?{urlsplit(address).query}"
    assert TOKEN not in address
    status, _, headers = ask(address, query)
    assert (status, headers["Location"]) == (302, "/")
    assert ask(address, "/", headers={"Cookie": headers["Set-Cookie"].partition(";")[0]})[0] == 200
    assert ask(address, query)[0] == 403


def test_a_private_server_has_a_new_token_each_time(monkeypatch):
    given = []
    monkeypatch.setattr(lessons.server, "serve_folder", lambda *_, token, **__: given.append(token))
    for options in (["--private"], ["--private"], []):
        main(["serve", *options])
    assert len({*given}) == 3 and min(map(len, given[:2])) >= 32 and not given[2]


@pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such files: kernels listen on ports there"
)
def test_a_kernel_s_words_pass_through_files_that_nobody_else_can_open(address, kernel):
    connection = next(Path(tempfile.gettempdir()).glob(f"voila_*/kernel-{kernel}.json"))
    assert json.loads(connection.read_text())["transport"] == "ipc"
    assert len(list(connection.parent.glob(f"kernel-{kernel}-ipc-*"))) == 5
    assert connection.parent.stat().st_mode & 0o077 == 0


# --- what is served


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/voila/files/.git/config",
        "/voila/files/.env",
        "/voila/files/.secret.svg.bak",
        "/voila/files/class.csv",
        "/voila/files/model.safetensors",
        "/voila/files/sheet.ipynb%00.svg",
        "/voila/files/sheet.ipynb%3f.svg",
        "/voila/files/sheet.ipynb/x.svg",
        "/voila/files/%252e%252e/%252e%252e/etc/passwd",
        "/voila/files//etc/passwd",
        "/voila/files/..\\..\\etc\\passwd",
        "/voila/static//etc/passwd",
        "/voila/static/%2fetc%2fpasswd",
        "/voila/static/....//....//etc/passwd",
        "/voila/templates/../static/../../application.py",
        "/voila/templates/..%2f../static/application.py",
        "/voila/templates/gradsheet/static/../index.html.j2",
        "/voila/templates/gradsheet",
        "/voila/templates/gradsheet/static//etc/passwd",
        "/voila/labextensions//etc/passwd",
        "/voila/labextensions/gradsheet/%2e%2e/%2e%2e/application.py",
        "/proc/self/environ",
        "/lesson/sheet.ipynb",
        "/lesson/.git",
        "/voila/render/sheet.ipynb/",
        "/voila/render/.git/config.ipynb",
        "/voila/api/themes/..%2f..%2fapplication.py",
        "/api/contents/sheet.ipynb",
        "/api/kernelspecs/python3",
        "/kernelspecs/python3/logo-64x64.png",
        "/api/status",
        "/api/me",
        "/api/spec.yaml",
        "/api/shutdown",
        "/api/events/subscribe",
        "/metrics",
        "/nbconvert/html/sheet.ipynb",
        "/edit/sheet.ipynb",
        "/view/class.csv",
        "/lab",
        "/tree",
        "/lsp/ws/pylsp",
    ],
)
def test_nothing_but_lessons_and_their_pictures_is_served(address, path):
    status, text, _ = ask(address, path)
    assert 400 <= status < 500
    for inside in ("a secret", "SheetWidget", "root:", "import ", "PATH=", "LESSONS"):
        assert inside not in text


@pytest.mark.parametrize(
    "path",
    [
        "/lesson/{}",
        "/{}",
        "/lesson/sheet?{}",
        "/lesson/sheet?template=lab&theme={}",
        "/voila/static/{}",
    ],
)
def test_no_page_repeats_its_address(address, path):
    markup = "<script>alert(1)</script>"
    for written in (markup, quote(markup)):
        assert markup not in ask(address, path.format(written))[1]


# --- what a page is told: by its link, by its kernel's widgets


MARKUP = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
LINKS = {
    "markup": (
        f"clip={quote(MARKUP)}&{quote(MARKUP)}=1&preset={quote(MARKUP)}&mode={quote(MARKUP)}&hide={quote(MARKUP)}"
    ),
    "a prototype": (
        "__proto__=1&__proto__.hacked=1&constructor.prototype.hacked=1&hide=__proto__,constructor&lock=toString"
    ),
    "very long": f"clip={'9' * 200_000}&{'x' * 200_000}=1&prediction={'0.5,' * 50_000}1",
    "a formula": "clip=%3D1%2B1&nudge=%40SUM(1)",
    "a script's address": "mode=javascript:window.hacked=1&clip=javascript:window.hacked=1",
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_is_text_and_the_lesson_stands(page, page_file, kind):
    page.goto(f"{page_file(log_loss).as_uri()}#{LINKS[kind]}")
    page.wait_for_selector(".js-plotly-plot")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hacked === undefined && ({}).hacked === undefined")
    assert page.locator("article img, article script, article iframe").count() == 0
    assert page.locator("td[data-block='loss_mean']").inner_text() == "1.4067"


@pytest.fixture
def widget() -> Iterator[SheetWidget]:
    widget = SheetWidget(log_loss())
    yield widget
    widget.close()


def send_to(widget: SheetWidget, data: dict, buffers: list | None = None) -> None:
    """As if the page had sent it."""
    widget._handle_msg({"content": {"data": data}, "buffers": buffers or []})


HOSTILE = [
    "__import__('pathlib').Path('stranger').touch()",
    "=1+1",
    {"__class__": "os.system"},
    {"$type": "x", "py/object": "os.system"},
    ["a"],
    [[[[1]]]],
    "1" * 10_000,
    float("nan"),
    -1,
    1e400,
    b"\x80\x04cos\nsystem\n",
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:30])
def test_an_input_from_the_page_is_checked_and_never_run(widget, value):
    before = widget.inputs
    send_to(widget, {"method": "update", "state": {"clip": value}, "buffer_paths": []})
    assert widget.inputs == before and not Path("stranger").exists()


def test_a_page_cannot_reach_what_is_not_meant_for_it(widget):
    sheet, methods = widget.sheet, widget.workbook
    names = {
        "sheet": None,
        "workbook": "x",
        "values": 1,
        "comm": "x",
        "keys": [],
        "_trait_values": {},
        "__class__": "x",
        "__dict__": {},
    }
    send_to(widget, {"method": "update", "state": names, "buffer_paths": []})
    assert widget.sheet is sheet and widget.workbook == methods and isinstance(widget, SheetWidget)
    assert "__class__" not in widget.trait_values()


ENDLESS = [10**9, 10**30, -1, 1.5, "1", None]


@pytest.mark.parametrize("step", ENDLESS)
def test_a_workbook_of_endless_steps_is_refused_before_it_is_begun(monkeypatch, step):
    widget, sent = SheetWidget(line_fit()), []
    monkeypatch.setattr(
        widget, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    send_to(
        widget,
        {
            "method": "custom",
            "content": {"kind": "workbook", "number": 1, "inputs": {}, "step": step},
        },
    )
    assert len(sent) == 1 and sent[0][0]["refusal"] and not sent[0][1]
    widget.close()


@pytest.mark.parametrize(
    "size", few_when_quick([10**9, -1, 0, 1.5, "1e9", [1], {"a": 1}], lambda size: size == 10**9)
)
def test_a_size_from_the_page_stays_in_its_range(monkeypatch, size):
    widget, sent = SheetWidget(depth_lab()), []
    name = next(name for name, block in widget.sheet.inputs.items() if isinstance(block, Size))
    before = widget.sheet
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    send_to(
        widget,
        {"method": "custom", "content": {"kind": "resize", "number": 1, "inputs": {name: size}}},
    )
    assert name in sent[0]["refusal"] and widget.sheet is before
    widget.close()


# --- a workbook that was made to do harm


def edited_parts(changes: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """A lesson's workbook with parts of its file changed, or added."""
    original, out = io.BytesIO(), io.BytesIO()
    write(log_loss(), original)
    with (
        zipfile.ZipFile(original) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in dict.fromkeys([*source.namelist(), *changes]):
            data = source.read(name) if name in source.namelist() else b""
            target.writestr(name, changes.get(name, bytes)(data))
    return out.getvalue()


def entity(place: str) -> Callable[[bytes], bytes]:
    """A part whose first texts are what stands at an address."""
    declared = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{place}">]>'.encode()
    return lambda xml: re.sub(
        rb"<t[^>]*>[^<]*</t>", b"<t>&a;</t>", xml.replace(b"?>", b"?>" + declared, 1)
    )


def test_a_workbook_cannot_make_the_server_read_a_file_or_ask_an_address(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("0.25")
    for place in (secret.as_uri(), "http://127.0.0.1:9/secret"):
        try:
            answer = str(
                read_inputs(log_loss(), edited_parts({"xl/sharedStrings.xml": entity(place)}))
            )
        except InputError as refused:
            answer = str(refused)
        assert "0.25" not in answer


def with_formula(formula: str, value: float | None) -> bytes:
    """The lesson's workbook with a formula in the clip's cell, and what it said when the file was
    saved.
    """
    original = io.BytesIO()
    write(log_loss(), original)
    book = openpyxl.load_workbook(io.BytesIO(original.getvalue()))
    sheet, cell = book.defined_names["clip"].attr_text.replace("$", "").replace("'", "").split("!")
    part = f"xl/worksheets/sheet{book.sheetnames.index(sheet) + 1}.xml"
    held = b"" if value is None else f"<v>{value}</v>".encode()
    escaped = formula.replace("&", "&amp;").replace("<", "&lt;").encode()
    pattern = rf'(<c r="{cell}"[^>]*>)<v>[^<]*</v></c>'.encode()
    changed = lambda xml: re.sub(
        pattern, lambda match: match[1] + b"<f>" + escaped + b"</f>" + held + b"</c>", xml
    )
    data = edited_parts({part: changed})
    assert escaped in zipfile.ZipFile(io.BytesIO(data)).read(part)
    return data


@thorough
@pytest.mark.parametrize(
    "formula",
    few_when_quick(
        [
            "cmd|'/C calc'!A0",
            "[other.xlsx]Sheet1!A1",
            'WEBSERVICE("http://127.0.0.1:9/")',
            "CALL(1)",
        ],
        lambda formula: formula == "CALL(1)",
    ),
)
def test_a_formula_in_an_input_is_its_last_number_and_no_more(formula):
    assert read_inputs(log_loss(), with_formula(formula, 0.125))["clip"] == 0.125
    with pytest.raises(InputError, match="clip is empty"):
        read_inputs(log_loss(), with_formula(formula, None))


@thorough
def test_what_a_person_typed_elsewhere_goes_into_no_export():
    harm = '=HYPERLINK("http://127.0.0.1:9/")'
    original = io.BytesIO()
    write(log_loss(), original)
    book = openpyxl.load_workbook(io.BytesIO(original.getvalue()))
    book["Story"]["H40"] = harm
    saved, again = io.BytesIO(), io.BytesIO()
    book.save(saved)
    write(log_loss(), again, read_inputs(log_loss(), saved.getvalue()))
    with zipfile.ZipFile(again) as archive:
        assert not [name for name in archive.namelist() if b"HYPERLINK" in archive.read(name)]


# --- a class that is careless


def is_there(address: str, kernel: str) -> bool:
    return ask(address, f"/api/kernels/{kernel}")[0] == 200


def until_gone(address: str, kernel: str) -> None:
    last = time.monotonic() + 60
    while is_there(address, kernel):
        assert time.monotonic() < last, "the kernel is kept"
        time.sleep(0.2)


@pytest.mark.processes
def test_a_kernel_whose_page_is_gone_ends_and_one_with_a_page_stays(folder):
    with server(folder, idle=5) as address:
        stays = opened(address)
        with closing(joined(address, stays)):
            gone = opened(address)
            joined(address, gone).shutdown()  # as a computer that is switched off
            until_gone(address, gone)
            assert is_there(address, stays)
        until_gone(address, stays)


@pytest.mark.processes
def test_a_kernel_that_no_page_ever_joined_ends_sooner(folder):
    with server(folder, visit=2) as address:
        left, read = opened(address), opened(address)
        joined(address, read).close()
        until_gone(address, left)
        assert is_there(address, read)


@pytest.mark.processes
def test_a_lesson_whose_kernel_does_not_come_says_so_and_ends(folder):
    with server(folder, arguments=["--help"]) as address:  # which tells, and ends
        status, text, _ = ask(address, "/lesson/sheet")
        assert status == 200
        assert "The lesson could not be opened" in text and "Traceback" not in text


def test_a_silent_page_keeps_its_kernel():
    """Jupyter closes a page's websocket that has not answered for `ping_timeout`, and asks each
    `ping_interval`.
    """
    # Here, since each takes a second, which every process that collects the tests would wait for.
    from jupyter_server.base.websocket import WebSocketMixin

    from lessons.voila.application import configuration

    settings = configuration(Path(), "/").Voila.get("tornado_settings", {})
    silent = SimpleNamespace(settings=settings)
    silent.ping_interval = WebSocketMixin.ping_interval.fget(silent)
    assert WebSocketMixin.ping_timeout.fget(silent) >= 2 * silent.ping_interval


@pytest.mark.processes
def test_who_comes_when_the_memory_is_full_is_told_so(folder):
    with server(folder, memory=10**15) as address:
        status, text, _ = ask(address, "/lesson/sheet")
        assert status == 503
        assert "Too many lessons are open" in text and "static page" in text
        assert ask(address, "/lesson/no_such")[0] in (404, 503)
