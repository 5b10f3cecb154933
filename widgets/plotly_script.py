"""plotly.js, which draws the charts: the script that the installed plotly package holds."""

from importlib.util import find_spec
from pathlib import Path


def plotly_file() -> Path:
    """The script's file, found without importing plotly, which takes a second."""
    spec = find_spec("plotly")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"
