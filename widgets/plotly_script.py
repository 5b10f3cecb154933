"""plotly.js, which draws the charts: its cartesian bundle where `python3 lessons` has fetched it (a
third of the size, see `lessons/small_plotly.py`), else the whole script that the installed plotly
package holds.
"""

import re
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

SMALL = Path(sys.prefix) / "share" / "gradsheet" / "plotly-cartesian.min.js"


def version(script: Path) -> str | None:
    """The version that a plotly.js names in its first line; None where there is no such file."""
    try:
        with script.open("rb") as file:
            named = re.search(rb"plotly\.js [^\n]*?v(\d[\w.-]*)", file.read(200))
    except OSError:
        return None
    return named and named[1].decode()


def whole_plotly() -> Path:
    """The script in the plotly package, found without importing plotly, which takes a second."""
    spec = find_spec("plotly")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


@cache
def plotly_file() -> Path:
    """The script's file. The small one serves only if it is of the installed package's version."""
    whole = whole_plotly()
    return SMALL if version(SMALL) == version(whole) else whole
