"""The notebooks that a sheet must live in, each started with a configuration of its own: JupyterLab
over a folder, marimo over an app.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

# A sheet as a reader of the README shows it, and what Python heard of it.
MARIMO_APP = """
import marimo

app = marimo.App(width="medium")


@app.cell
def _():
    import marimo as mo
    from sheets.library.log_loss import log_loss
    from widgets import SheetWidget

    return SheetWidget, log_loss, mo


@app.cell
def _(SheetWidget, log_loss, mo):
    w = mo.ui.anywidget(SheetWidget(log_loss(), clip=0.02))
    w
    return (w,)


@app.cell
def _(mo, w):
    w.value
    mo.md(f"Python heard: clip {w.clip:g}, mean loss {w.values['loss_mean'][0, 0]:.4f}")
    return
"""


@contextmanager
def jupyterlab_server(folder: Path, settings: Path) -> Iterator[str]:
    """The address of a JupyterLab over `folder`; `settings` is an empty folder for
    its own files.
    """
    (settings / "labconfig").mkdir()
    port = free_port()
    command = [
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        f"--notebook-dir={folder}",
    ]
    command += [
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    own = {
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTERLAB_SETTINGS_DIR": str(settings / "lab"),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    with _started(
        command, own, f"http://127.0.0.1:{port}", "/api", settings / "log.txt"
    ) as address:
        yield address


@contextmanager
def marimo_server(folder: Path, run: str = "run") -> Iterator[str]:
    """The address of MARIMO_APP, to `run` or to `edit`; `folder` is an empty one for its files."""
    (folder / "app.py").write_text(MARIMO_APP)
    port = free_port()
    command = [
        "-m",
        "marimo",
        "-y",
        run,
        str(folder / "app.py"),
        "--headless",
        "--no-token",
        f"--port={port}",
    ]
    own = {f"XDG_{kind}_HOME": str(folder) for kind in ("CACHE", "CONFIG", "STATE")}
    own["MARIMO_SKIP_UPDATE_CHECK"] = "1"
    own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with _started(
        command, own, f"http://127.0.0.1:{port}", "/health", folder / "log.txt"
    ) as address:
        yield address


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def _started(
    command: list[str], own: dict[str, str], address: str, answers: str, said: Path
) -> Iterator[str]:
    """A server of Python's, from its first answer on.

    Raises AssertionError with what it said if there is none.
    """
    with said.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command], stdout=log, stderr=log, env={**os.environ, **own}
        )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}{answers}", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError(said.read_text())
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)
