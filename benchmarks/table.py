"""The table: each measurement's rows as they come, and how each was measured."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version

from . import (
    classroom,
    depth,
    export,
    fine_tuning,
    libreoffice,
    opening,
    plain_loop,
    recalculation,
    slider,
    static_class,
    update,
    weight,
)
from .browser import chromium
from .row import Row

MEASUREMENTS = {
    "1": slider,
    "1b": update,
    "2": recalculation,
    "3": export,
    "4": opening,
    "5": weight,
    "6": depth,
    "7": fine_tuning,
    "7b": plain_loop,
    "8": classroom,
    "8b": static_class,
}
PACKAGES = (
    "numpy",
    "voila",
    "ipywidgets",
    "anywidget",
    "plotly",
    "ironcalc",
    "formulas",
    "XlsxWriter",
    "mini-racer",
    "playwright",
)
HEADINGS = ("", "what", "ours", "the other", "other / ours", "bar", "held")


def load() -> str:
    """What else the machine is doing, where it tells."""
    return (
        f", load {os.getloadavg()[0]:.1f} before the first measurement"
        if hasattr(os, "getloadavg")
        else ""
    )


def machine() -> str:
    with chromium() as browser:
        programs = [f"Chromium {browser.version}"]
    if libreoffice.office():
        said = subprocess.run(
            [str(libreoffice.office()), "--version"], capture_output=True, text=True
        ).stdout
        programs.append(" ".join(said.split()[:2]))
    lines = [
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python"
        f" {platform.python_version()}, {', '.join(programs)}"
    ]
    return "\n".join([*lines, ", ".join(f"{name} {version(name)}" for name in PACKAGES)])


def times(ratio: float | None) -> str:
    """Three digits: 0.784, 4.97, 34.9, 20,222."""
    return "" if ratio is None else f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def line(number: str, row: Row) -> tuple[str, ...]:
    held = {None: "", True: "yes", False: "NO"}[row.held]
    return number, row.what, row.ours, row.other, times(row.ratio), row.bar, held


def drawn(lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(each[k]) for each in [HEADINGS, *lines]) for k in range(len(HEADINGS))]
    shown = [HEADINGS, tuple("-" * width for width in widths), *lines]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(each, widths, strict=True)).rstrip()
        for each in shown
    )


def main(chosen: list[str]) -> int:
    """Measure what is chosen (numbers of MEASUREMENTS; nothing: all) and print the table."""
    unknown = [number for number in chosen if number not in MEASUREMENTS]
    if unknown:
        print(
            f"there is no measurement {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}",
            file=sys.stderr,
        )
        return 2
    lines, how, loaded = [], [], load()
    for number in chosen or MEASUREMENTS:
        began = time.monotonic()
        print(f"measuring {number} ...", end=" ", flush=True, file=sys.stderr)
        lines += [line(number, row) for row in MEASUREMENTS[number].measure()]
        how.append(f"{number}: {' '.join((MEASUREMENTS[number].__doc__ or '').split())}")
        print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    print("\n".join([drawn(lines), "", *how, "", machine() + loaded]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
