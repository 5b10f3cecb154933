"""A class opens one lesson on one Voila server at once: 30 students, 4 of them real Chromium pages and 26 that do over HTTP and websocket
what a page does (30 browsers on the server's own cores would measure the browsers): open the lesson, which runs in a kernel of its own,
fetch every script that a browser fetches, ask for the widgets, and then move a slider each second. Open is who has every widget; a real
page, whose slider answers. Memory is each process's share (PSS) while all are open.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from .browser import chromium, opened
from .opening import press_until_answered
from .pages import LINE, OURS, Lesson, wait_until_drawn
from .row import Row, median, megabytes, milliseconds, percentile, seconds
from .servers import our_server, server_at
from .slider import round_of
from .students import PATIENCE, students

CLASS = 30
REAL = 4
OPEN_BAR = 60.0  # seconds
SLIDER_BAR = 50.0  # milliseconds at p95


class Measured(NamedTuple):
    """Seconds until each student was open, milliseconds of each press in the real pages, seconds of each move of the others', bytes."""

    opened: list[float]
    pressed: list[float]
    moved: list[float]
    server: int
    kernels: list[int]


def share(process: psutil.Process) -> int:
    """Bytes of memory that are the process's own, with its part of what it shares; where the system does not say, without that."""
    memory = process.memory_full_info()
    return getattr(memory, "pss", memory.uss)


def files_of(browser: Any, address: str, lesson: Lesson) -> list[str]:
    """What a browser with an empty cache fetches from the lesson's server besides the page, in order."""
    asked: list[str] = []
    host = urlsplit(address).netloc
    with opened(browser, "about:blank") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector(lesson.slider)
        wait_until_drawn(page)
    of_server = [each for each in asked if urlsplit(each).netloc == host and each != address]
    return [each for each in dict.fromkeys(of_server) if "/api/" not in each and urlsplit(each).scheme.startswith("http")]


def set_off(page: Any, address: str) -> None:
    """Without waiting for an answer."""
    page.evaluate("address => { setTimeout(() => { location.href = address; }); }", address)


def usable(page: Any, lesson: Lesson) -> None:
    """Wait until the page's slider answers."""
    page.wait_for_selector(lesson.slider)
    page.evaluate(f"() => {{ window.opening = watchOpening({lesson.slider!r}, {lesson.number!r}, {LINE!r}, 1) }}")
    page.focus(lesson.slider)
    press_until_answered(page)


def whole_class(browser: Any, address: str, lesson: Lesson) -> Measured:
    server = server_at(address)
    files = files_of(browser, address, lesson)
    time.sleep(8)  # until the kernel that this page took is replaced
    with ExitStack() as stack:
        pages = [stack.enter_context(opened(browser, "about:blank")) for _ in range(REAL)]
        began = time.monotonic()
        others = stack.enter_context(students(CLASS - REAL, address, files))
        real = []
        for page in pages:
            set_off(page, address)
        for page in pages:
            page.set_default_timeout(1000 * PATIENCE)
            usable(page, lesson)
            real.append(time.monotonic() - began)
        while len(others.opened) < CLASS - REAL and time.monotonic() - began < PATIENCE:
            time.sleep(0.1)
        kernels = [share(each) for each in server.children(recursive=True)]
        of_server = share(server)
        pressed = []
        for page in pages:
            page.bring_to_front()
            wait_until_drawn(page)
            page.evaluate(f"() => {{ window.painted = watchPainting({lesson.number!r}, {LINE!r}) }}")
            pressed += round_of(page, lesson)
    return Measured(sorted([*others.opened, *real]), pressed, others.moved, of_server, kernels)


def measure() -> list[Row]:
    with chromium() as browser, our_server() as address:
        found = whole_class(browser, address, OURS)
    last, tail, moved = max(found.opened), percentile(found.pressed, 95), 1000 * percentile(found.moved, 95)
    all_open = len(found.opened) == CLASS and last < OPEN_BAR
    whole = found.server + sum(found.kernels)
    return [
        Row(f"{CLASS} students on one server, until all are open", seconds(last), bar=f"under {OPEN_BAR:g} s", held=all_open),
        Row("   until half of them are", seconds(median(found.opened))),
        Row(f"slider to painted page while {CLASS} are open, p50", milliseconds(median(found.pressed))),
        Row(
            f"slider to painted page while {CLASS} are open, p95",
            milliseconds(tail),
            bar=f"under {SLIDER_BAR:g} ms",
            held=tail < SLIDER_BAR,
        ),
        Row("   a student's move, to the kernel and back, p95", milliseconds(moved)),
        Row("memory of one student's kernel", megabytes(median(found.kernels))),
        Row(f"   of the server itself, and with its {len(found.kernels)} kernels", f"{megabytes(found.server)}, {megabytes(whole)}"),
    ]
