"""The lessons of sheets at once: their pages are held in memory, and one process of Python answers
what they ask, for everybody who reads them. No kernel is started for them.
"""

import asyncio
import json
from typing import Any

from voila.handler import BaseVoilaHandler

from lessons.apart import Apart, last_edit

KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FOR_EVER = "public, max-age=31536000, immutable"  # of what has another address when it changes


class Answers:
    """What the process apart has made, once, and what it is asked each time.

    shared: where others find the lessons, if each has a server of their own. own: a teacher's file
    or folder, whose sheets are the lessons.
    """

    def __init__(self, shared: str = "", own: str = "") -> None:
        self.shared, self.own = shared, own
        self.apart = Apart()
        self._made_of = 0
        self._made: dict[tuple, asyncio.Future] = {}

    async def page(self, name: str) -> bytes | None:
        """A lesson's page; None where it has none of this kind."""
        self._begin_anew_after_an_edit()
        known = self.own or name in await self.names()
        return await self._once("page", name, self.shared, self.own) if known else None

    async def start(self) -> str:
        """The start page of a teacher's own sheets."""
        self._begin_anew_after_an_edit()
        return await self._once("start", self.own)

    async def names(self) -> list[str]:
        """The lessons that have such a page, in their order."""
        return await self._once("names", self.own)

    async def file(self, name: str) -> bytes | None:
        """A file that the pages share; None where there is none of this name."""
        return (await self._once("files")).get(name)

    async def answer(self, question: str, name: str, sizes: dict[str, str], file: bytes) -> dict:
        asked = (question, name, sizes, file, self.own)
        return await self.apart.run("lessons.asked:answer", *asked)

    async def make_all(self) -> None:
        """Every page in the course's order, before somebody asks for it."""
        for name in await self.names():
            await self.page(name)

    async def _once(self, function: str, *arguments: Any) -> Any:
        key = (function, *arguments)
        if key not in self._made:
            run = self.apart.run(f"lessons.asked:{function}", *arguments)
            self._made[key] = asyncio.ensure_future(run)
        try:
            return await asyncio.shield(self._made[key])
        except Exception:
            self._made.pop(key, None)  # the next one may have more luck
            raise

    def _begin_anew_after_an_edit(self) -> None:
        edited = last_edit(self.own)
        if edited != self._made_of:
            if self._made_of:
                self.end()
            self._made_of = edited

    def end(self) -> None:
        self.apart.end()
        self._made.clear()


class Question(BaseVoilaHandler):
    """`lesson/NAME/QUESTION?SIZE=...`: what a page asks of Python, and its answer as JSON."""

    def initialize(self, answers: Answers, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.answers = answers

    async def get(self, name: str, question: str) -> None:
        sizes = {size: self.get_query_argument(size) for size in self.request.query_arguments}
        answer = await self.answers.answer(question, name, sizes, self.request.body)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(answer))

    async def post(self, name: str, question: str) -> None:
        await self.get(name, question)


class SharedFile(BaseVoilaHandler):
    """A script or style of these pages, whose addresses say what is in it: it may be kept."""

    def initialize(self, answers: Answers, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.answers = answers

    async def get(self, name: str) -> None:
        self.set_header("Content-Type", f"{KINDS[name.rpartition('.')[2]]}; charset=utf-8")
        self.set_header("Cache-Control", FOR_EVER)
        self.finish(await self.answers.file(name) or b"")
