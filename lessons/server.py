"""`gradsheet serve`: the lessons in the browser, from this computer to this computer."""

import errno
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from socket import socket

from widgets.fine_tuning import FOLDERS

LESSONS = Path(__file__).resolve().parent
HOST, HOST_6 = "127.0.0.1", "::1"
USUAL_PORT = 8866


def serve(
    port: int | None = None,
    open_browser: bool = True,
    pictures: Sequence[Path] = (),
    private: bool = False,
    own: str = "",
) -> int:
    """Serve the lessons until interrupted, and return the exit code. own: a teacher's file or
    folder, whose sheets are the lessons.

    Without a port: 8866, or a free one if that is taken.

    pictures: folders, as whole paths, that the pages may use besides those that the environment
    names. private: whether only the browser that opens the printed address is answered, on a
    computer with other people's accounts.
    """
    if pictures:
        os.environ[FOLDERS] = os.pathsep.join(
            filter(None, [os.environ.get(FOLDERS), *map(str, pictures)])
        )
    token = secrets.token_urlsafe() if private else ""
    return serve_folder(LESSONS, port, open_browser, start_page, token=token, own=own)


def start_page() -> str:
    """The start page, as HTML. Its links are relative, so that it may stand under any base URL."""
    from lessons.pages import index_page

    return index_page(lambda name: f"lesson/{name}")


def serve_folder(
    folder: Path,
    port: int | None,
    open_browser: bool,
    start_page: Callable[[], str],
    base_url: str = "/",
    token: str = "",
    own: str = "",
) -> int:
    """Serve the notebooks of `folder`, each as `lesson/NAME`, until interrupted, and return the
    exit code.

    Port 0 is any free one. `base_url` begins and ends with a slash. With a token, only who opens
    the address that is printed, which ends in it, is answered; without one, every account of this
    computer.
    """
    try:
        sockets = bind(port)
    except (OSError, ValueError) as refusal:
        print(
            f"gradsheet: {why_not(USUAL_PORT if port is None else port, refusal)}", file=sys.stderr
        )
        return 2
    bound = sockets[0].getsockname()[1]
    if port is None and bound != USUAL_PORT:
        print(
            f"Port {USUAL_PORT} is taken by another program, so the lessons use port {bound}.",
            flush=True,
        )
    ticket = (
        secrets.token_urlsafe() if token and open_browser else ""
    )  # opens once: others can read what a browser is started with

    def address(secret: str) -> str:
        return f"http://{HOST}:{bound}{base_url}" + (f"?token={secret}" if secret else "")

    def when_ready() -> None:
        print(f"The lessons are at {address(token)} (Ctrl+C ends them).", flush=True)
        if open_browser:
            # In a thread of its own: some browsers keep the caller waiting until they are closed.
            threading.Thread(target=webbrowser.open, args=[address(ticket)], daemon=True).start()

    from lessons.voila.application import (
        LessonServer,
        configuration,
    )  # not above: Voila takes a second to import

    LessonServer.run(
        configuration(folder, base_url, token, ticket), sockets, start_page, when_ready, own
    )
    return 0


def bind(port: int | None) -> list[socket]:
    """Listening sockets on this computer alone.

    Raises OSError, or ValueError for a number that is no port's.
    """
    if port is not None and not 0 <= port <= 65535:
        raise ValueError(port)
    from tornado.netutil import bind_sockets

    if port is not None:
        return both(bind_sockets(port, HOST))
    try:
        return both(bind_sockets(USUAL_PORT, HOST))
    except OSError:
        return both(bind_sockets(0, HOST))


def both(sockets: list[socket]) -> list[socket]:
    """These, and the same port of this computer's IPv6 address, where there is one and nobody has
    it: what `localhost` means differs from computer to computer.
    """
    from tornado.netutil import bind_sockets

    try:
        return [*sockets, *bind_sockets(sockets[0].getsockname()[1], HOST_6)]
    except OSError:
        return sockets


def why_not(port: int, refusal: Exception) -> str:
    """In a sentence, why `port` could not be had."""
    if isinstance(refusal, ValueError):
        return f"there is no port {port}: ports are numbered from 1 to 65535."
    if isinstance(refusal, PermissionError):
        return (
            f"this computer keeps port {port} to itself. Choose another one above 1023, with"
            " --port."
        )
    if isinstance(refusal, OSError) and refusal.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken by another program. Choose another one with --port, or leave"
            " --port out."
        )
    return f"port {port} cannot be used: {refusal}."
