"""300 students open the static page of one lesson at once, from Python's own file server (`python -m http.server`): each asks for the page
and all that it names, with an empty cache. There is no kernel, so what is left to grow are the bytes sent; the server's memory is its share
(PSS) before the class and after it. Beside it, what 300 kernels would take in Voila is 300 times measurement 8's.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin

from tornado.httpclient import AsyncHTTPClient

from .classroom import share
from .row import Row, megabytes, seconds
from .servers import free_port, server_at, started

CLASS = 300
BAR = 60.0  # seconds
APART = 0.05  # seconds between one student's click on the link and the next one's
PATIENCE = 120  # seconds for one answer
NAMED = re.compile(r'<(?:script|link|img)[^>]*?(?:src|href)="([^"#:]+)"')  # by a page, on its own server


async def sized(address: str, client: AsyncHTTPClient) -> tuple[int, str]:
    """How many bytes stand at an address, and, of a page, its text."""
    page, size = address.endswith(".html"), 0
    kept: list[bytes] = []

    def arrived(part: bytes) -> None:
        nonlocal size
        size += len(part)
        if page:
            kept.append(part)

    await client.fetch(address, streaming_callback=arrived, request_timeout=PATIENCE, connect_timeout=PATIENCE)
    return size, b"".join(kept).decode()


async def visit(place: int, address: str, client: AsyncHTTPClient) -> int:
    """Bytes of the page and what it names."""
    await asyncio.sleep(APART * place)
    size, text = await sized(address, client)
    return size + sum([(await sized(urljoin(address, name), client))[0] for name in dict.fromkeys(NAMED.findall(text))])


async def whole_class(address: str) -> list[int]:
    client = AsyncHTTPClient(max_clients=CLASS, force_instance=True)
    return await asyncio.gather(*(visit(place, address, client) for place in range(CLASS)))


def measure() -> list[Row]:
    from lessons.site import write_site

    with tempfile.TemporaryDirectory() as folder:
        list(write_site(Path(folder)))
        port = free_port()
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", folder]
        with started(command, f"http://127.0.0.1:{port}/") as address:
            server = server_at(address)
            before, used = share(server), sum(server.cpu_times()[:2])
            began = time.monotonic()
            sent = asyncio.run(whole_class(f"{address}log_loss.html"))
            taken = time.monotonic() - began
            after, used = share(server), sum(server.cpu_times()[:2]) - used
    return [
        Row(f"{CLASS} students on a static site, until all have the page", seconds(taken), bar=f"under {BAR:g} s", held=taken < BAR),
        Row("   bytes sent to each", megabytes(sent[0]), f"to all {megabytes(sum(sent))}"),
        Row("   the server's processor time", seconds(used)),
        Row("   the server's memory before and after", f"{megabytes(before)} and {megabytes(after)}"),
    ]
