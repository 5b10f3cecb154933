"""A process apart, which runs functions of this project's one after the other.

It imports what they need, so that the process that asks need not, and it is begun anew when a file
of the project was changed: whoever edits a sheet sees the edit in the next answer.
"""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

HOUSE = Path(__file__).resolve().parents[1]
FLOORS = ("lessons", "widgets", "sheets")
SOURCES = {".py", ".js", ".css", ".toml", ".ipynb"}


def last_edit(own: str = "") -> int:
    """When a file that a lesson is made of was changed last, in nanoseconds. own: a teacher's file
    or folder, where the lessons are theirs; what stands beside the file counts.
    """
    files = [path for floor in FLOORS for path in (HOUSE / floor).rglob("*")]
    if own:
        from .own import file_and_name  # which loads numpy

        path, _ = file_and_name(own)
        files += (path if path.is_dir() else path.parent).glob("*")
    return max(path.stat().st_mtime_ns for path in files if path.suffix in SOURCES)


def _call(name: str, *arguments: Any) -> Any:
    return resolve_name(name)(*arguments)


class Apart:
    """`await apart.run("lessons.asked:page", "log_loss")`."""

    def __init__(self) -> None:
        self._process: ProcessPoolExecutor | None = None

    async def run(self, name: str, *arguments: Any) -> Any:
        """What the function of this name, `module:function`, returns for these arguments; raises
        what it raises. A process that died, for want of memory say, is replaced once.
        """
        try:
            return await self._asked(name, *arguments)
        except BrokenProcessPool:
            self.end()
            return await self._asked(name, *arguments)

    async def _asked(self, name: str, *arguments: Any) -> Any:
        if self._process is None:
            apart = multiprocessing.get_context("spawn")
            self._process = ProcessPoolExecutor(1, mp_context=apart)
        return await asyncio.wrap_future(self._process.submit(_call, name, *arguments))

    def end(self) -> None:
        """End the process, and what still waits for it."""
        if self._process:
            self._process.shutdown(wait=False, cancel_futures=True)
        self._process = None
