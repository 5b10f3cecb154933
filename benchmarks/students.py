"""Students without a browser: each opens a lesson over HTTP and, where the page has a kernel, its
websocket, as a page does, and moves a slider now and then: one that computes itself tells nobody.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE = 120  # seconds for one answer
APART = 0.1  # seconds between one student's click on the link and the next one's
PACE = 1.0  # seconds between two moves of a student's slider
PROTOCOL = "v1.kernel.websocket.jupyter.org"  # the one that browsers choose
LARGEST = 100_000_000  # bytes of a message: plotly's figures are sent whole
CLIPS = (0.01, 0.02, 0.05, 0.1)


@dataclass
class Attendance:
    """Seconds from the first click until each student had every widget; seconds of each move until
    its kernel was idle again; what kept a student from either.
    """

    opened: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)


def message(kind: str, content: dict[str, Any]) -> tuple[str, bytes]:
    """Its id, and the message as the websocket takes it."""
    number = uuid.uuid4().hex
    header = {
        "msg_id": number,
        "msg_type": kind,
        "username": "",
        "session": "student",
        "version": "5.3",
        "date": "",
    }
    parts = {
        "header": header,
        "parent_header": {},
        "metadata": {"version": "1.0.0"},
        "content": content,
    }
    return number, serialize_msg_to_ws_v1(
        parts, "shell", pack=lambda part: json.dumps(part).encode()
    )


async def heard(socket: WebSocketClientConnection) -> dict[str, Any]:
    """The next of the kernel's messages."""
    raw = await asyncio.wait_for(socket.read_message(), PATIENCE)
    if raw is None:
        raise ConnectionError("the server closed a kernel's websocket")
    _, (header, parent, _, content, *_) = deserialize_msg_from_ws_v1(raw)
    return {
        "header": json.loads(header),
        "parent_header": json.loads(parent),
        "content": json.loads(content),
    }


async def fetched(address: str) -> str:
    answer = await AsyncHTTPClient().fetch(
        address, request_timeout=PATIENCE, connect_timeout=PATIENCE
    )
    return answer.body.decode(errors="replace")


async def kernel_of(address: str, page: str) -> WebSocketClientConnection | None:
    """Join the kernel that a lesson's page names; None where it names none."""
    kernel = re.search(r'"kernelId": ?"([^"]+)"', page)
    if kernel is None:
        return None
    channels = f"ws://{urlsplit(address).netloc}/api/kernels/{kernel[1]}/channels"
    request = HTTPRequest(channels, request_timeout=PATIENCE, connect_timeout=PATIENCE)
    return await websocket_connect(request, max_message_size=LARGEST, subprotocols=[PROTOCOL])


async def widgets_of(socket: WebSocketClientConnection) -> dict[str, dict[str, Any]]:
    """Every widget's state by its id, as ipywidgets' front end asks for them."""
    control = uuid.uuid4().hex
    await socket.write_message(
        message(
            "comm_open", {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}}
        )[1],
        binary=True,
    )
    await socket.write_message(
        message("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})[1],
        binary=True,
    )
    while True:
        data = (await heard(socket))["content"].get("data", {})
        if data.get("method") == "update_states":
            return {name: each["state"] for name, each in data["states"].items()}


def clip_of(widgets: dict[str, dict[str, Any]]) -> tuple[str, str]:
    """The widget that holds the clip, and under which name: a sheet's input, or a slider of
    ipywidgets'.
    """
    for name, state in widgets.items():
        if "clip" in state:
            return name, "clip"
        if state.get("description") == "clip" and "base" in state:
            return name, "value"
    raise LookupError("no widget has a clip")


async def move(socket: WebSocketClientConnection, name: str, key: str, value: float) -> None:
    """Tell the kernel, and wait until it is idle again."""
    data = {"method": "update", "state": {key: value}, "buffer_paths": []}
    number, sent = message("comm_msg", {"comm_id": name, "data": data})
    await socket.write_message(sent, binary=True)
    while True:
        answer = await heard(socket)
        mine = answer.get("parent_header", {}).get("msg_id") == number
        if (
            mine
            and answer["header"]["msg_type"] == "status"
            and answer["content"]["execution_state"] == "idle"
        ):
            return


async def student(
    place: int,
    address: str,
    files: Sequence[str],
    began: float,
    attendance: Attendance,
    leave: asyncio.Event,
) -> None:
    await asyncio.sleep(APART * place)
    socket = await kernel_of(address, await fetched(address))
    for file in files:
        await fetched(file)
    if socket is None:
        attendance.opened.append(time.monotonic() - began)
        await leave.wait()
        return
    name, key = clip_of(await widgets_of(socket))
    attendance.opened.append(time.monotonic() - began)
    turn = 0
    while not leave.is_set():
        await asyncio.sleep(PACE)
        asked = time.monotonic()
        await move(socket, name, key, CLIPS[turn % len(CLIPS)])
        attendance.moved.append(time.monotonic() - asked)
        turn += 1
    socket.close()


async def attended(
    count: int, address: str, files: Sequence[str], attendance: Attendance, leave: asyncio.Event
) -> None:
    AsyncHTTPClient.configure(None, max_clients=count, max_body_size=LARGEST)
    began = time.monotonic()
    done = await asyncio.gather(
        *(student(place, address, files, began, attendance, leave) for place in range(count)),
        return_exceptions=True,
    )
    attendance.failed += [each for each in done if isinstance(each, BaseException)]


@contextmanager
def students(count: int, address: str, files: Sequence[str]) -> Iterator[Attendance]:
    """`count` of them at the lesson until the end of the block.

    files: what a browser fetches for the lesson besides its page.
    """
    attendance, leave, loop = Attendance(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(
        target=loop.run_until_complete, args=[attended(count, address, files, attendance, leave)]
    )
    thread.start()
    try:
        yield attendance
    finally:
        loop.call_soon_threadsafe(leave.set)
        thread.join()
        loop.close()
    if attendance.failed:
        raise ConnectionError(
            f"{len(attendance.failed)} of {count} students could not open the lesson:"
            f" {attendance.failed[0]!r}"
        )
