"""What comes along: import times in fresh processes, what `SheetWidget` asks for, and the size
of the lesson's front end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .row import Row, kilobytes, median, seconds

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
IMPORT_BAR = 0.15  # seconds beyond numpy
SIZE_BAR = 250_000  # bytes
HEAVY = ("torch", "pandas")

IMPORTS = """
import time
began = time.perf_counter()
import numpy
between = time.perf_counter()
import sheets
print(between - began, time.perf_counter() - between)
"""
ASKED = """
import sys
class Watch:
    asked = set()
    def find_spec(self, name, path=None, target=None):
        self.asked.add(name.partition(".")[0])
sys.meta_path.insert(0, Watch())
from widgets import SheetWidget
print(*Watch.asked)
"""
USUAL_IMPORT = """
import time
began = time.perf_counter()
import ipywidgets, plotly.graph_objects as go
go.FigureWidget()
print(time.perf_counter() - began)
"""
OUR_IMPORT = """
import time
began = time.perf_counter()
from widgets import SheetWidget
from sheets.library.log_loss import log_loss
SheetWidget(log_loss())
print(time.perf_counter() - began)
"""


def said_by(source: str) -> list[str]:
    """The words that a fresh Python prints."""
    return subprocess.run(
        [sys.executable, "-c", source], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()


def import_rows() -> list[Row]:
    numpy, sheets, ours, usual = [], [], [], []
    for _ in range(ROUNDS):
        before, beyond = map(float, said_by(IMPORTS))
        numpy.append(before)
        sheets.append(beyond)
        ours.append(float(said_by(OUR_IMPORT)[0]))
        usual.append(float(said_by(USUAL_IMPORT)[0]))
    extra = median(sheets)
    return [
        Row(
            "import sheets, beyond import numpy",
            f"{extra:.3f} s",
            f"import numpy {median(numpy):.3f} s",
            median(numpy) / extra,
            f"under {IMPORT_BAR:g} s",
            extra < IMPORT_BAR,
        ),
        Row(
            "import and make the lesson's SheetWidget",
            seconds(median(ours)),
            f"import and make one empty FigureWidget {seconds(median(usual))}",
            median(usual) / median(ours),
        ),
    ]


def asked_row() -> Row:
    asked = sorted(set(said_by(ASKED)).intersection(HEAVY))
    return Row(
        "from widgets import SheetWidget asks for torch or pandas",
        ", ".join(asked) or "no",
        bar="neither",
        held=not asked,
    )


def size_rows() -> list[Row]:
    from sheets.library.log_loss import log_loss
    from widgets.description import description
    from widgets.front_end import joined, style
    from widgets.plotly_script import plotly_file

    described = len(json.dumps(description(log_loss())).encode())
    code = len(joined("widget").encode()) + len(style().encode())
    bundle = plotly_file().with_name("widgetbundle.js").stat().st_size
    return [
        Row(
            "front end without plotly: source, style and description",
            kilobytes(code + described),
            f"a FigureWidget's, plotly inside, each {kilobytes(bundle)}",
            bundle / (code + described),
            f"under {kilobytes(SIZE_BAR)}",
            code + described < SIZE_BAR,
        ),
        Row(
            "   of it source and style / description", f"{kilobytes(code)} / {kilobytes(described)}"
        ),
    ]


def measure() -> list[Row]:
    return [*import_rows(), asked_row(), *size_rows()]
