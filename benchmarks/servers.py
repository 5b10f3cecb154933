"""The servers behind the measured pages: ours as it is shipped, and Voila as it is installed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import socket
from urllib.parse import urlsplit

import psutil

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "lessons" / "log_loss.ipynb"
USUAL = Path(__file__).parent / "usual_way" / "log_loss_usual.py"
PATIENCE = 60  # seconds until a server that does not answer is given up


def usual_notebook() -> dict:
    """The lesson's notebook with its code the usual way; the text is the same."""
    notebook = json.loads(LESSON.read_text(encoding="utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["source"] = USUAL.read_text(encoding="utf-8")
    notebook["cells"] = [
        cell for cell in notebook["cells"] if cell["cell_type"] == "markdown" or cell is code
    ]
    return notebook


def free_port() -> int:
    with closing(socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def started(command: list[str], address: str) -> Iterator[None]:
    """A server that runs until the end of the block, from its first answer on.

    What it says is not shown unless it fails.
    """
    with tempfile.TemporaryFile("w+") as said:
        server = subprocess.Popen(command, stdout=said, stderr=said, cwd=ROOT)
        try:
            _await(address, server)
            yield
        except TimeoutError:
            said.seek(0)
            raise TimeoutError(
                f"{' '.join(command)} does not answer:\n{said.read()[-2000:]}"
            ) from None
        finally:
            server.terminate()
            ended(server)


def ended(server: subprocess.Popen) -> None:
    """Wait for its end, which one that has too much to do must be made to."""
    try:
        server.wait(timeout=30)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _await(address: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


def server_at(address: str) -> psutil.Process:
    """The server, started here, that listens at an address."""
    port = urlsplit(address).port
    for process in psutil.Process().children():
        if any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == port
            for each in process.net_connections()
        ):
            return process
    raise LookupError(f"nothing that was started here listens at {address}")


@contextmanager
def our_server() -> Iterator[str]:
    """`gradsheet serve`, as shipped. Gives the lesson's address."""
    port = free_port()
    start = f"http://127.0.0.1:{port}/"
    with started(
        [
            sys.executable,
            "-m",
            "lessons.command_line",
            "serve",
            "--port",
            str(port),
            "--no-browser",
        ],
        start,
    ):
        yield f"{start}lesson/log_loss"


@contextmanager
def stock_voila(
    *options: str, lessons: tuple[str, ...] = ("ours", "usual")
) -> Iterator[tuple[str, str]]:
    """Voila as it is installed, with its usual template.

    Gives the addresses of our lesson and of the usual one.

    lessons: which of the two are there. (A preheated Voila keeps a kernel for each.)
    """
    notebooks = {"ours": json.loads(LESSON.read_text(encoding="utf-8")), "usual": usual_notebook()}
    with tempfile.TemporaryDirectory() as folder:
        for name in lessons:
            (Path(folder) / f"{name}.ipynb").write_text(
                json.dumps(notebooks[name]), encoding="utf-8"
            )
        start = f"http://127.0.0.1:{free_port()}/voila/"
        command = [
            sys.executable,
            "-m",
            "voila",
            folder,
            f"--port={urlsplit(start).port}",
            "--no-browser",
            *options,
        ]
        with started(command, f"{start}tree"):
            yield f"{start}render/ours.ipynb", f"{start}render/usual.ipynb"
