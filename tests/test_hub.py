"""A class on one server: JupyterHub and its proxy as lessons/hub configures them, started for real,
with students in browsers.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest
import yaml
from browsers import watch
from engines import missing
from quick import thorough
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from widgets.fine_tuning import FOLDERS

HUB = Path(__file__).resolve().parent.parent / "lessons" / "hub"
PASSWORD = "correct horse"

# What a teacher writes: who may come in, and where the class finds it.
OWN_LINES = """
load_subconfig({config!r})
c.JupyterHub.authenticator_class = "dummy"
c.SharedPasswordAuthenticator.user_password = {password!r}
c.JupyterHub.load_groups = {{"teachers": {{"users": ["grace"]}}}}
c.JupyterHub.bind_url = "http://127.0.0.1:{0}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{1}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{2}"
"""


def free_ports(count: int) -> list[int]:
    with_port = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in with_port]
    for one in with_port:
        one.close()
    return ports


def wait_for(what: Callable[[], object], seconds: float = 60) -> None:
    last = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < last, "it did not come to pass"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A running hub: its `address`, which ends in a slash, and its `process`."""
    command = Path(sys.prefix, "bin", "jupyterhub")
    if not command.exists() or not command.with_name("configurable-http-proxy").exists():
        missing(
            "JupyterHub or its proxy is not installed: lessons/hub/jupyterhub_config.py says how"
        )
    folder = tmp_path_factory.mktemp("hub")
    ports = free_ports(3)
    own = folder / "class.py"
    own.write_text(
        OWN_LINES.format(*ports, config=str(HUB / "jupyterhub_config.py"), password=PASSWORD)
    )
    said = folder / "said.txt"
    with said.open("w") as log:
        process = subprocess.Popen(
            [command, "-f", own],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=os.environ | {"XDG_DATA_HOME": str(folder / "data"), FOLDERS: "/"},
        )
    address = f"http://127.0.0.1:{ports[0]}/"

    def ready() -> bool:
        assert process.poll() is None, said.read_text()
        try:
            return urlopen(address + "hub/login").status == 200
        except URLError:
            return False

    wait_for(ready)
    yield SimpleNamespace(
        address=address, process=psutil.Process(process.pid), folder=folder / "data"
    )
    everyone = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    _, alive = psutil.wait_procs(everyone[1:], timeout=10)
    assert not alive  # the proxy, every server and every kernel end with the hub


def servers(hub) -> dict[str, psutil.Process]:
    """The students' servers that run, by name."""
    running = {}
    for child in hub.process.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if "lessons.hub" in child.cmdline():
                running[child.environ()["JUPYTERHUB_USER"]] = child
    return running


def kernels_of(hub, name: str) -> list[psutil.Process]:
    """The kernels of a student's server."""
    return [one for one in servers(hub)[name].children() if "ipykernel_launcher" in one.cmdline()]


def sign_in(page, name: str) -> None:
    page.get_by_role("textbox", name="Username").fill(name)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def open_lesson(browser, hub, name: str) -> SimpleNamespace:
    """A student with a browser of their own: their `page`, the same lesson's `notebook` with a
    kernel, what `complaints` there are, what both have `asked` for, and their `home`.

    They come as by a link of the teacher's to a lesson, which names nobody and sets an input.
    """
    complaints: list[str] = []
    asked: set[str] = set()
    context = browser.new_context()
    page, notebook = context.new_page(), context.new_page()
    for each in (page, notebook):
        watch(each, complaints)
        each.on(
            "response",
            lambda response: response.status == 200 and asked.add(response.url.partition("?")[0]),
        )
    page.goto(hub.address + "hub/user-redirect/lesson/log_loss#clip=0.03")
    sign_in(page, name)
    page.wait_for_url(f"{hub.address}user/{name}/lesson/log_loss*", timeout=120_000)
    home = f"{hub.address}user/{name}/"
    notebook.goto(f"{home}voila/render/log_loss.ipynb")
    settled(notebook)
    with page.expect_response("**/log_loss/workbook*"):  # fetched ahead
        page.reload()
    settled(page)
    return SimpleNamespace(
        page=page, notebook=notebook, complaints=complaints, asked=asked, home=home
    )


def settled(page) -> None:
    """The lesson is open, and has sent what it had to."""
    clip(page).wait_for()
    page.wait_for_load_state("networkidle")


def clip(page):
    return page.get_by_role("textbox", name="clip", exact=True)


def kernel_of(student) -> str:
    """The address of the kernel that a student's notebook speaks to."""
    return "api/kernels/" + student.notebook.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
    )


@pytest.fixture(scope="module")
def ada(browser, hub) -> Iterator[SimpleNamespace]:
    student = open_lesson(browser, hub, "ada")
    yield student
    student.page.context.close()
    assert not student.complaints


@pytest.fixture(scope="module")
def bob(browser, hub) -> Iterator[SimpleNamespace]:
    student = open_lesson(browser, hub, "bob")
    yield student
    student.page.context.close()
    assert not student.complaints


@pytest.fixture(scope="module")
def stranger(browser) -> Iterator:
    """What asks without a login."""
    context = browser.new_context()
    yield context.request
    context.close()


# --- a lesson of one's own


def test_each_student_has_a_server_a_kernel_and_the_link_s_start(hub, ada, bob):
    assert (
        clip(ada.page).input_value() == clip(bob.page).input_value() == "0.03"
    )  # what the link said, kept through the login
    assert kernel_of(ada) != kernel_of(bob)
    assert servers(hub).keys() == {"ada", "bob"}
    for student in (ada, bob):
        assert (
            student.page.context.request.get(student.home + kernel_of(student)).json()[
                "connections"
            ]
            == 1
        )


def test_what_one_types_reaches_nobody_else_until_they_send_the_link(ada, bob):
    clip(ada.page).fill("0.07")
    clip(ada.page).press("Enter")
    ada.page.get_by_role("button", name="Copy link").click()
    link = ada.page.locator(".gradsheet input[readonly]").input_value()
    assert clip(bob.page).input_value() == "0.03"
    bob.page.reload()
    settled(bob.page)
    assert clip(bob.page).input_value() == "0.03"
    bob.page.goto(bob.home + "lesson/log_loss")
    settled(bob.page)
    assert clip(bob.page).input_value() != "0.07"
    bob.page.goto("about:blank")
    bob.page.goto(link)
    settled(bob.page)
    assert clip(bob.page).input_value() == "0.07"
    assert bob.page.url.startswith(bob.home)


def test_a_page_that_is_left_ends_its_kernel_here_too(hub, bob):
    """Bob leaves two notebooks; what remains is the kernel of the third, and the one kept warm."""
    for _ in range(2):
        bob.notebook.reload()
        settled(bob.notebook)
    wait_for(lambda: len(kernels_of(hub, "bob")) <= 2)
    assert bob.page.context.request.get(bob.home + kernel_of(bob)).status == 200


# --- what is refused


def turned_away(reply) -> bool:
    """Whether a request ended in a refusal or at the login."""
    return reply.status == 403 or (reply.status == 200 and urlsplit(reply.url).path == "/hub/login")


def test_whatever_a_lesson_is_made_of_is_its_student_s_alone(ada, bob, stranger):
    of_the_page = {address for address in ada.asked if address.startswith(ada.home)}
    assert len(of_the_page) > 10
    kinds = ("lesson/log_loss", "lesson/gradsheet.js", "log_loss/workbook", ".css", "plotly-")
    for kind in kinds:
        assert any(kind in address for address in of_the_page), kind
    others = {
        ada.home,
        ada.home + kernel_of(ada),
        ada.home + "no/such/address",
        ada.home + "voila/files/picture.svg",
    }
    for address in sorted(of_the_page | others):
        assert turned_away(bob.page.context.request.get(address)), address
        assert turned_away(stranger.get(address)), address


@pytest.mark.parametrize("method, path", [("DELETE", ""), ("POST", "voila/api/shutdown/")])
def test_nobody_else_ends_a_kernel(ada, bob, stranger, method, path):
    kernel = kernel_of(ada)
    address = ada.home + (path + kernel.rpartition("/")[2] if path else kernel)
    for other in (bob.page.context.request, stranger):
        assert other.fetch(address, method=method).status == 403
    assert ada.page.context.request.get(ada.home + kernel).status == 200


def test_nobody_else_speaks_to_a_kernel(ada, bob):
    def speak(page, address: str) -> str:
        return page.evaluate(
            """address => new Promise((resolve) => {
                const socket = new WebSocket(address);
                socket.onopen = () => { socket.close(); resolve("open"); };
                socket.onerror = () => resolve("refused");
            })""",
            address.replace("http:", "ws:") + "/channels",
        )

    kernel = ada.home + kernel_of(ada)
    start = bob.page.context.new_page()
    start.goto(bob.home)
    assert speak(ada.notebook, kernel) == "open"
    assert speak(start, kernel) == "refused"
    start.close()


def test_a_server_asks_for_the_login_at_its_own_door_too(hub, ada, bob):
    """Whoever has an account on the machine can go past the proxy."""
    [door] = {
        one.laddr
        for one in servers(hub)["ada"].net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr.port
    }
    assert door.ip == "127.0.0.1"
    for path, status in (
        ("user/ada/lesson/log_loss", 302),
        ("user/ada/" + kernel_of(ada), 403),
    ):
        assert (
            bob.page.context.request.get(
                f"http://127.0.0.1:{door.port}/{path}", max_redirects=0
            ).status
            == status
        )


@pytest.mark.parametrize(
    "path",
    [
        "api/terminals",
        "terminals/1",
        "api/contents",
        "api/kernelspecs",
        "lab",
        "tree",
        "files/student.py",
    ],
)
def test_a_student_has_lessons_and_nothing_else(ada, path):
    assert ada.page.context.request.get(ada.home + path).status == 404


def test_a_lesson_s_kernel_has_no_key_to_the_hub_and_none_of_its_folders(hub, ada):
    server = servers(hub)["ada"]
    assert "JUPYTERHUB_API_TOKEN" in server.environ()
    for kernel in kernels_of(hub, "ada"):
        assert not {"JUPYTERHUB_API_TOKEN", FOLDERS} & kernel.environ().keys()


# --- the teacher


def test_a_teacher_ends_a_server_and_its_kernels_and_opens_nobody_s(hub, browser, ada, bob):
    kernels = {name: kernels_of(hub, name) for name in servers(hub)}
    assert kernels["ada"] and kernels["bob"]
    grace = browser.new_context()
    page, ask = grace.new_page(), grace.request
    page.goto(hub.address + "hub/login?next=/hub/admin")
    sign_in(page, "grace")
    page.get_by_text("ada", exact=True).first.wait_for()
    assert turned_away(ask.get(ada.home))
    assert {"ada", "bob"} < {user["name"] for user in ask.get(hub.address + "hub/api/users").json()}
    assert ask.post(hub.address + "hub/api/users/mallory").status == 403
    [proof] = [
        cookie["value"]
        for cookie in grace.cookies()
        if (cookie["name"], cookie["path"]) == ("_xsrf", "/hub/")
    ]
    assert ask.delete(
        hub.address + "hub/api/users/ada/server", headers={"X-XSRFToken": proof}
    ).status in (202, 204)
    wait_for(lambda: "ada" not in servers(hub))
    _, alive = psutil.wait_procs(kernels["ada"], timeout=10)
    assert not alive
    assert all(kernel.is_running() for kernel in kernels["bob"])
    for each in (ada.page, ada.notebook):
        each.goto("about:blank")
    ada.complaints.clear()  # its page has noticed
    grace.close()


# --- what is configured


@pytest.mark.processes
def test_a_student_s_server_started_by_hand_says_who_starts_it():
    unset = {
        name: value for name, value in os.environ.items() if not name.startswith("JUPYTERHUB_")
    }
    done = subprocess.run(
        [sys.executable, "-m", "lessons.hub"],
        env=unset,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert (
        done.stderr == "JUPYTERHUB_SERVICE_URL is not set: JupyterHub starts this server"
        " (lessons/hub/jupyterhub_config.py).\n"
    )


@pytest.fixture(scope="module")
def configured(tmp_path_factory) -> Config:
    """What lessons/hub/jupyterhub_config.py says before a teacher adds to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        return PyFileConfigLoader(str(HUB / "jupyterhub_config.py")).load_config()


@thorough
def test_as_it_stands_nobody_comes_in_and_only_this_computer_is_answered(configured):
    from jupyterhub.auth import PAMAuthenticator

    assert (
        "authenticator_class" not in configured.JupyterHub
    )  # which leaves JupyterHub's own, the accounts of this computer
    login = PAMAuthenticator(config=configured)
    assert not login.check_allowed("ada", {"name": "ada"})
    assert not login.admin_users
    assert urlsplit(configured.JupyterHub.bind_url).hostname == "127.0.0.1"


@pytest.fixture(scope="module")
def values() -> dict:
    """What lessons/hub/values.yaml says to Kubernetes."""
    return yaml.safe_load((HUB / "values.yaml").read_text())


def test_kubernetes_runs_the_same_server_with_the_same_limits_and_roles(configured, values):
    students = values["singleuser"]
    image = (HUB / "Dockerfile").read_text()
    assert students["cmd"] == ["python", *configured.Spawner.cmd[1:]]
    assert json.loads(image.rpartition("CMD ")[2]) == students["cmd"]
    assert (
        f"gradsheet:{students['image']['tag']} ." in image and f"USER {students['uid']}\n" in image
    )
    assert students["memory"]["limit"] == configured.Spawner.mem_limit
    [culler] = configured.JupyterHub.services
    assert {
        f"--timeout={values['cull']['timeout']}",
        f"--max-age={values['cull']['maxAge']}",
    } < set(culler["command"])
    [teacher] = [role for role in configured.JupyterHub.load_roles if role["name"] == "teacher"]
    assert values["hub"]["loadRoles"]["teacher"].items() < teacher.items()


def test_kubernetes_has_the_same_login_page(values):
    [login] = values["hub"]["extraFiles"].values()
    assert login["stringData"] == (HUB / "templates" / "login.html").read_text()
    assert values["hub"]["templatePaths"] == [str(PurePosixPath(login["mountPath"]).parent)]


def test_kubernetes_starts_no_hub_that_is_open_to_the_world(values):
    def start(authenticator: str) -> None:
        exec(
            values["hub"]["extraConfig"]["login.py"],
            {"c": Config(JupyterHub={"authenticator_class": authenticator})},
        )

    for nobodys in (values["hub"]["config"]["JupyterHub"]["authenticator_class"], "dummy"):
        with pytest.raises(SystemExit, match="Nobody can come in yet"):
            start(nobodys)
    start("generic-oauth")
    assert values["hub"]["config"]["Authenticator"] == {"allow_all": False, "admin_users": []}
    assert not any(values["singleuser"]["networkPolicy"]["egressAllowRules"].values())
