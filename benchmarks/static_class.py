"""300 students open the static page of one lesson at once, from Python's own file server (`python
-m http.server`): each asks for the page and all that it names, with an empty cache. There is no
kernel, so what is left to grow are the bytes sent; the server's memory is its share (PSS) before
the class and after it. Meanwhile the slider is pressed in a real page of the same site. Beside it
the same lesson the usual way, in Voila as it is installed: 3 students, one of them in a real page,
whose measured kernels are multiplied by 300.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from tornado.httpclient import AsyncHTTPClient

from . import classroom
from .browser import chromium, opened
from .classroom import SLIDER_BAR, presses, processor_time, share
from .pages import OURS, USUAL
from .row import Row, median, megabytes, milliseconds, percentile, seconds
from .servers import free_port, server_at, started, stock_voila

CLASS = 300
FEW = 3  # students the usual way
BAR = 60.0  # seconds
APART = 0.05  # seconds between one student's click on the link and the next one's
PATIENCE = 120  # seconds for one answer
NAMED = re.compile(
    r'<(?:script|link|img)[^>]*?(?:src|href)="([^"#:]+)"'
)  # by a page, on its own server


async def sized(address: str, client: AsyncHTTPClient) -> tuple[int, str]:
    """How many bytes stand at an address, and, of a page, its text."""
    page, size = address.endswith(".html"), 0
    kept: list[bytes] = []

    def arrived(part: bytes) -> None:
        nonlocal size
        size += len(part)
        if page:
            kept.append(part)

    await client.fetch(
        address, streaming_callback=arrived, request_timeout=PATIENCE, connect_timeout=PATIENCE
    )
    return size, b"".join(kept).decode()


async def visit(place: int, address: str, client: AsyncHTTPClient) -> int:
    """Bytes of the page and what it names."""
    await asyncio.sleep(APART * place)
    size, text = await sized(address, client)
    return size + sum(
        [
            (await sized(urljoin(address, name), client))[0]
            for name in dict.fromkeys(NAMED.findall(text))
        ]
    )


async def all_visits(address: str) -> list[int]:
    client = AsyncHTTPClient(max_clients=CLASS, force_instance=True)
    return await asyncio.gather(*(visit(place, address, client) for place in range(CLASS)))


class Fetched(NamedTuple):
    """Seconds until all have the page, bytes sent to each, seconds of the server's processor time
    for each, bytes of its memory before and after, milliseconds of each press in a real page
    meanwhile.
    """

    taken: float
    sent: list[int]
    processor: float
    before: int
    after: int
    pressed: list[float]


def whole_class(browser: Any, address: str) -> Fetched:
    server = server_at(address)
    with opened(browser, address) as page, ThreadPoolExecutor(1) as class_room:
        presses(page, OURS)
        before, used, began = share(server), processor_time(server), time.monotonic()
        others = class_room.submit(
            lambda: (asyncio.run(all_visits(address)), time.monotonic() - began)
        )
        pressed = presses(page, OURS)
        while not others.done():
            pressed += presses(page, OURS)
        sent, taken = others.result()
        return Fetched(
            taken, sent, (processor_time(server) - used) / CLASS, before, share(server), pressed
        )


def measure() -> list[Row]:
    from lessons.site import write_site

    with chromium() as browser:
        with tempfile.TemporaryDirectory() as folder:
            list(write_site(Path(folder)))
            site = f"http://127.0.0.1:{free_port()}/"
            command = [
                sys.executable,
                "-m",
                "http.server",
                str(urlsplit(site).port),
                "--bind",
                "127.0.0.1",
                "--directory",
                folder,
            ]
            with started(command, site):
                ours = whole_class(browser, f"{site}log_loss.html")
        with stock_voila(lessons=("usual",)) as (_, address):
            usual = classroom.whole_class(browser, address, USUAL, FEW, 1)
    return rows(ours, usual)


def rows(ours: Fetched, usual: classroom.Measured) -> list[Row]:
    kernels, tail, tail_usual = (
        CLASS * median(usual.kernels),
        percentile(ours.pressed, 95),
        percentile(usual.pressed, 95),
    )
    return [
        Row(
            f"{CLASS} students on a static site, until all have the page",
            seconds(ours.taken),
            bar=f"under {BAR:g} s",
            held=ours.taken < BAR,
        ),
        Row(
            "   bytes sent to each", megabytes(ours.sent[0]), f"to all {megabytes(sum(ours.sent))}"
        ),
        Row(
            "   processor time for each",
            milliseconds(1000 * ours.processor),
            f"a kernel the usual way {milliseconds(1000 * usual.processor)}",
            usual.processor / ours.processor,
        ),
        Row("   the server's memory before", megabytes(ours.before)),
        Row(
            "   the server's memory after",
            megabytes(ours.after),
            f"{CLASS} kernels the usual way {megabytes(kernels)}",
            kernels / ours.after,
        ),
        Row(
            f"slider to painted page while {CLASS} open, p95",
            milliseconds(tail),
            f"usual way, {FEW} students {milliseconds(tail_usual)}",
            tail_usual / tail,
            f"under {SLIDER_BAR:g} ms",
            tail < SLIDER_BAR,
        ),
    ]
