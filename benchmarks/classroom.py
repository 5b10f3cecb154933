"""A class opens one lesson on one server at once: 30 students, 4 of them real Chromium pages and 26
that do over HTTP and websocket what a page does (30 browsers on the server's own cores would
measure the browsers): open the lesson, fetch every script that a browser fetches and, where the
page has a kernel, ask for the widgets and move a slider each second. Open is who has all of that; a
real page, whose slider answers. Memory is the processes' share (PSS) while all are open, and what a
student costs is what was added since before the first came, for each. Thirty kernels of the usual
way take minutes, so it is set beside ours with 8 students, 2 of them real pages: ours on `gradsheet
serve`, the same lesson with ipywidgets, FigureWidget and numpy in Voila as it is installed.
Processor time is the server's and its other processes', until all are open.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from . import slider
from .browser import chromium, opened
from .opening import press_until_answered
from .pages import LINE, OURS, USUAL, Lesson, to_the_end, wait_until_drawn
from .row import Row, median, megabytes, milliseconds, percentile, seconds
from .servers import our_server, server_at, stock_voila
from .slider import PRESSES, press
from .students import PATIENCE, students

CLASS, REAL = 30, 4  # students, and how many of them are real pages
GROUP, REAL_OF_GROUP = 8, 2  # as many as the usual way can bear
OPEN_BAR = 8.0  # seconds
COST_BAR = 3e6  # bytes of memory for a student who moves sliders
SLIDER_BAR = 50.0  # milliseconds at p95


class Measured(NamedTuple):
    """Seconds until each student was open, milliseconds of each press in the real pages, seconds of
    each move of the others', bytes of memory in all and for each student, seconds of processor time
    for each.
    """

    opened: list[float]
    pressed: list[float]
    moved: list[float]
    memory: int
    cost: float
    processor: float


def share(process: psutil.Process) -> int:
    """Bytes of memory that are the process's own, with its part of what it shares; where the system
    does not say, without that.
    """
    memory = process.memory_full_info()
    return getattr(memory, "pss", memory.uss)


def memory_of(server: psutil.Process) -> int:
    """Bytes, of the server and its other processes."""
    return sum(map(share, (server, *server.children(recursive=True))))


def files_of(browser: Any, address: str, lesson: Lesson) -> list[str]:
    """What a browser with an empty cache fetches from the lesson's server besides the page, in
    order.
    """
    asked: list[str] = []
    host = urlsplit(address).netloc
    with opened(browser, "about:blank") as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector(lesson.slider)
        wait_until_drawn(page, lesson)
    of_server = [each for each in asked if urlsplit(each).netloc == host and each != address]
    return [
        each
        for each in dict.fromkeys(of_server)
        if "/api/" not in each and urlsplit(each).scheme.startswith("http")
    ]


def set_off(page: Any, address: str) -> None:
    """Without waiting for an answer."""
    page.evaluate("address => { setTimeout(() => { location.href = address; }); }", address)


def usable(page: Any, lesson: Lesson) -> None:
    """Wait until the page's slider answers."""
    page.wait_for_selector(lesson.slider)
    page.evaluate(
        f"() => {{ window.opening = watchOpening({lesson.slider!r}, {lesson.number!r}, {LINE!r},"
        " 1) }"
    )
    page.focus(lesson.slider)
    press_until_answered(page)


def processor_time(server: psutil.Process) -> float:
    """Seconds, of the server and its kernels, since they started."""
    return sum(sum(each.cpu_times()[:2]) for each in (server, *server.children(recursive=True)))


def whole_class(browser: Any, address: str, lesson: Lesson, count: int, real: int) -> Measured:
    """`count` students, `real` of them in browsers.

    Raises ConnectionError where one of them cannot open the lesson.
    """
    server = server_at(address)
    files = files_of(browser, address, lesson)
    time.sleep(8)  # until a kernel that this page took is replaced
    before = memory_of(server)
    with ExitStack() as stack:
        pages = [stack.enter_context(opened(browser, "about:blank")) for _ in range(real)]
        used, began = processor_time(server), time.monotonic()
        others = stack.enter_context(students(count - real, address, files))
        in_browsers = []
        for page in pages:
            set_off(page, address)
        for page in pages:
            page.set_default_timeout(1000 * PATIENCE)
            usable(page, lesson)
            in_browsers.append(time.monotonic() - began)
        while len(others.opened) < count - real and time.monotonic() - began < PATIENCE:
            time.sleep(0.1)
        used = processor_time(server) - used
        memory = memory_of(server)
        pressed = []
        for page in pages:
            pressed += presses(page, lesson)
    return Measured(
        sorted([*others.opened, *in_browsers]),
        pressed,
        others.moved,
        memory,
        (memory - before) / count,
        used / count,
    )


def presses(page: Any, lesson: Lesson) -> list[float]:
    """Milliseconds of each of a round of presses on a page's slider; of one that is not answered,
    how long it was waited for.
    """
    page.bring_to_front()
    wait_until_drawn(page, lesson)
    page.evaluate(f"() => {{ window.painted = watchPainting({lesson.number!r}, {LINE!r}) }}")
    to_the_end(page, lesson)
    return [
        answered(page, key)
        for key in ["ArrowLeft"] * (PRESSES // 2) + ["ArrowRight"] * (PRESSES // 2)
    ]


def answered(page: Any, key: str) -> float:
    from playwright.sync_api import TimeoutError

    try:
        press(page, key)
    except TimeoutError:
        return slider.PATIENCE
    return page.evaluate("painted.at(-1)")


def measure() -> list[Row]:
    with chromium() as browser:
        with our_server() as address:
            measured = whole_class(browser, address, OURS, CLASS, REAL)
        with our_server() as address:
            ours = whole_class(browser, address, OURS, GROUP, REAL_OF_GROUP)
        with stock_voila(lessons=("usual",)) as (_, address):
            usual = whole_class(browser, address, USUAL, GROUP, REAL_OF_GROUP)
    return [*rows(measured), *compared(ours, usual)]


def rows(measured: Measured) -> list[Row]:
    last, tail = max(measured.opened), percentile(measured.pressed, 95)
    all_open = len(measured.opened) == CLASS and last < OPEN_BAR
    return [
        Row(
            f"{CLASS} students on one server, until all are open",
            seconds(last),
            bar=f"under {OPEN_BAR:g} s",
            held=all_open,
        ),
        Row("   until half of them are", seconds(median(measured.opened))),
        Row(
            f"slider to painted page while {CLASS} are open, p50",
            milliseconds(median(measured.pressed)),
        ),
        Row(
            f"slider to painted page while {CLASS} are open, p95",
            milliseconds(tail),
            bar=f"under {SLIDER_BAR:g} ms",
            held=tail < SLIDER_BAR,
        ),
        Row(
            "memory that one more student costs the server",
            megabytes(measured.cost),
            bar=f"under {megabytes(COST_BAR)}",
            held=measured.cost < COST_BAR,
        ),
        Row("   of the server and its other processes in all", megabytes(measured.memory)),
    ]


def compared(ours: Measured, usual: Measured) -> list[Row]:
    """The same class, ours and the usual way."""

    def row(what: str, shown: Callable[[float], str], of: Callable[[Measured], float]) -> Row:
        return Row(what, shown(of(ours)), f"usual way {shown(of(usual))}", of(usual) / of(ours))

    return [
        row(
            f"{GROUP} students on one server, until all are open",
            seconds,
            lambda measured: max(measured.opened),
        ),
        row(
            f"   slider to painted page while {GROUP} are open, p50",
            milliseconds,
            lambda measured: median(measured.pressed),
        ),
        row(
            f"   slider to painted page while {GROUP} are open, p95",
            milliseconds,
            lambda measured: percentile(measured.pressed, 95),
        ),
        row(
            "   processor time until a student is open",
            seconds,
            lambda measured: measured.processor,
        ),
        Row(
            "   memory that one more student costs the server",
            megabytes(ours.cost),
            f"usual way {megabytes(usual.cost)}",
        ),
    ]
