"""One LibreOffice that stays open for all of a process's conversions, because a start takes longer
than most of them.

It has a profile of its own and holds an empty workbook, without which it would end after the first
conversion. `soffice --convert-to` finds it by that profile, hands it the work and waits. It ends
with this process, however that ends.
"""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

# Every formula is recalculated when a workbook is opened, whatever the file says it gave.
RECALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""

# Runs the program given, and ends it, with all that it started, when its own input ends: the
# operating system closes that when the process at its other end is gone, even by force.
KEEPER = """
import subprocess, sys, threading, psutil
office = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def end():
    sys.stdin.read()
    for process in [*psutil.Process(office.pid).children(recursive=True), office]:
        process.kill()
threading.Thread(target=end, daemon=True).start()
office.wait()
"""

SECONDS_TO_START = 60


class OpenOffice:
    """program: LibreOffice's. seconds: that one conversion may take."""

    def __init__(self, program: str, seconds: float = 300):
        self.seconds = seconds
        self.folder = tempfile.TemporaryDirectory()
        profile = Path(self.folder.name) / "profile"
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE)
        self.command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
        self._client("--terminate_after_init")  # a new profile makes LibreOffice start twice
        self.keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER, *self.command, "private:factory/scalc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(self.end)
        self._wait_until_it_listens(profile / ".lock")

    def _client(self, *arguments: str) -> None:
        command = [*self.command, *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=self.seconds)

    def _wait_until_it_listens(self, lock: Path) -> None:
        """LibreOffice locks its profile once others can reach it."""
        last = time.monotonic() + SECONDS_TO_START
        while not lock.exists():
            if time.monotonic() > last:
                self.end()
                raise TimeoutError(f"LibreOffice did not start in {SECONDS_TO_START} s")
            time.sleep(0.02)

    def has_ended(self) -> bool:
        return self.keeper.poll() is not None

    def convert(self, paths: Sequence[Path], out: Path) -> list[Path]:
        """Each workbook as LibreOffice saves it in `out`, recalculated; those that it could not
        save are left out. `subprocess.TimeoutExpired` where it hangs.
        """
        saved = [out / path.name for path in paths]
        for path in saved:
            path.unlink(missing_ok=True)
        self._client("--convert-to", "xlsx", "--outdir", str(out), *map(str, paths))
        return [path for path in saved if path.exists()]

    def end(self) -> None:
        atexit.unregister(self.end)
        assert self.keeper.stdin is not None
        self.keeper.stdin.close()
        self.keeper.wait(timeout=30)
        self.folder.cleanup()


open_office = cache(OpenOffice)


def converted(program: str, paths: Sequence[Path], out: Path) -> list[Path]:
    """Each workbook as LibreOffice saves it, in `out`.

    One that hangs is ended and its error raised; the next conversion starts another. Where it ends
    by itself, another tries once more.
    """
    saved: list[Path] = []
    for _ in range(2):
        office = running_office(program)
        try:
            saved = office.convert(paths, out)
        except subprocess.SubprocessError:
            forget(office)
            raise
        if not office.has_ended():
            break
    missing = [path.name for path in paths if out / path.name not in saved]
    assert not missing, f"LibreOffice could not open or save {', '.join(missing)}"
    return saved


def running_office(program: str) -> OpenOffice:
    """The one that stays open; another where that has ended."""
    if open_office(program).has_ended():
        forget(open_office(program))
    return open_office(program)


def forget(office: OpenOffice) -> None:
    """End it; the next conversion starts another."""
    open_office.cache_clear()
    office.end()
