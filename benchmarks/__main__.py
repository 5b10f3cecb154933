"""`python3 benchmarks [1 1b 2 3 4 5 6 7 7b 8 8b]`: install what is missing in `.venv`, then measure
and print the table; without numbers all.

Needs nothing but Python 3.11 or newer, Chromium, and LibreOffice for one of the columns. About
twelve minutes: leave the machine alone.
"""

import sys
from pathlib import Path

sys.path[0] = str(
    Path(__file__).resolve().parent.parent
)  # was this folder, whose files are no modules of their own

from lessons.install import ROOT, prepare, quietly, run


def main(arguments: "list[str]") -> int:
    """Install, then measure."""
    return run(
        prepare(ROOT, ("fine-tuning", "hub", "test")),
        ["python", "-m", "benchmarks.table", *arguments],
        ROOT,
    )


if __name__ == "__main__":
    sys.exit(quietly(main, sys.argv[1:]))
