"""From opening the lesson's address to the first usable slider: one whose key press has changed the
mean loss. Charts are drawn when their lines stand: ours at first without plotly, which brings
what a pointer finds out and can drag, once the reader pauses. The keys are pressed as soon as the
slider is there, again and again until one is answered. Each visit has an empty cache. Voila as it
is installed starts a kernel when the page is asked for; its own preheating keeps one that has run
the whole notebook; `gradsheet serve` has the page in memory, and no kernel.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from .browser import chromium, opened
from .pages import DRAWN, OURS, USUAL, Lesson
from .row import Row, median, seconds
from .servers import our_server, stock_voila

ROUNDS = 3
BAR = 2.0  # times faster with a kernel
SERVED_BAR = 4.0  # without
REST = 6.0  # seconds after a visit that makes its server start another kernel
KEYS = ("End", *["ArrowLeft"] * 100)
PATIENCE = 150  # milliseconds for an answer before the next press


class Opening(NamedTuple):
    """Seconds from opening the address until the slider is there, until it has answered, until the
    charts are drawn.
    """

    shown: float
    answer: float
    charts: float

    @property
    def deaf(self) -> float:
        """How long the slider was there without answering."""
        return self.answer - self.shown


def opening(browser: Any, address: str, lesson: Lesson) -> Opening:
    with opened(browser, address) as page:
        page.evaluate(
            f"() => {{ window.opening = watchOpening({lesson.slider!r}, {lesson.number!r},"
            f" {DRAWN!r}, {lesson.lines}) }}"
        )
        page.wait_for_selector(lesson.slider)
        page.focus(lesson.slider)
        press_until_answered(page)
        page.wait_for_function("opening.charts !== null")
        times = page.evaluate("opening")
    return Opening(times["shown"] / 1000, times["answer"] / 1000, times["charts"] / 1000)


def press_until_answered(page: Any) -> None:
    for key in KEYS:
        page.keyboard.press(key)
        for _ in range(PATIENCE // 10):
            if page.evaluate("opening.answer") is not None:
                return
            page.wait_for_timeout(10)
    raise TimeoutError(f"the slider of {page.url} does not answer")


def frame_size(event: dict) -> int:
    """Of a websocket frame; a binary one is told in base 64."""
    payload = event["response"]["payloadData"]
    return len(payload) * 3 // 4 if event["response"]["opcode"] == 2 else len(payload)


def bytes_received(browser: Any, address: str, lesson: Lesson) -> int:
    """What opening the lesson sends to the browser, over HTTP (unpacked) and the kernel's
    websocket, until all has come to rest.
    """
    received = 0

    def count(size: Callable[[dict], int]) -> Callable[[dict], None]:
        def add(event: dict) -> None:
            nonlocal received
            received += size(event)

        return add

    with opened(browser, "about:blank") as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.dataReceived", count(lambda event: event["dataLength"]))
        session.on("Network.webSocketFrameReceived", count(frame_size))
        page.goto(address)
        page.wait_for_selector(lesson.slider)
        page.wait_for_timeout(4000)
    return received


def static_page(folder: str) -> str:
    """The lesson as one file, by its address."""
    from lessons.pages import lesson_page

    path = Path(folder) / "log_loss.html"
    path.write_text(lesson_page("log_loss"), encoding="utf-8")
    return path.as_uri()


def measure() -> list[Row]:
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        served = stack.enter_context(our_server())
        ours, usual = stack.enter_context(stock_voila())
        _, preheated = stack.enter_context(
            stock_voila("--preheat_kernel=True", "--pool_size=1", lessons=("usual",))
        )
        static = static_page(stack.enter_context(tempfile.TemporaryDirectory()))
        visits = {
            "static": (static, OURS, 0.0),
            "ours": (ours, OURS, 1.0),
            "usual": (usual, USUAL, 1.0),
        }
        visits |= {"preheated": (preheated, USUAL, REST), "served": (served, OURS, REST)}
        openings: dict[str, list[Opening]] = {name: [] for name in visits}
        time.sleep(REST)
        for _ in range(ROUNDS):
            for name, (address, lesson, rest) in visits.items():
                openings[name].append(opening(browser, address, lesson))
                time.sleep(rest)
        sizes = [bytes_received(browser, served, OURS), bytes_received(browser, usual, USUAL)]
    return rows(openings, sizes)


def rows(openings: dict[str, list[Opening]], sizes: list[int]) -> list[Row]:
    def compared(
        what: str,
        mine: str,
        other: str,
        said: str = "stock Voila",
        bar: float = 0,
        part: str = "answer",
    ) -> Row:
        ours, theirs = (
            median([getattr(one, part) for one in openings[name]]) for name in (mine, other)
        )
        held = (f"{bar:g} times faster", theirs / ours >= bar) if bar else ()
        return Row(
            what, seconds(ours), f"usual way, {said} {seconds(theirs)}", theirs / ours, *held
        )

    shipped = "gradsheet serve"
    return [
        compared(f"open to usable slider, {shipped}", "served", "usual", bar=SERVED_BAR),
        compared("   of it the slider there but not answering", "served", "usual", part="deaf"),
        compared(f"open to usable slider, {shipped}", "served", "preheated", "preheated Voila"),
        compared("open to usable slider, both stock Voila, cold kernels", "ours", "usual", bar=BAR),
        compared("open to usable slider, static page from file://", "static", "usual"),
        compared(f"open to both charts drawn, {shipped}", "served", "usual", part="charts"),
        Row(
            f"sent to the browser at opening, {shipped}",
            f"{sizes[0] / 1e6:.1f} MB",
            f"usual way, stock Voila {sizes[1] / 1e6:.1f} MB",
            sizes[1] / sizes[0],
        ),
    ]
