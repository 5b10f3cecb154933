"""`python3 tests [pytest's arguments]`: install what is missing in `.venv`, then run every check and every test.

Needs nothing but Python 3.11 or newer. The exit code is 0 if everything passed. A check that fails does not keep the
others from running.
"""

import sys
from pathlib import Path

sys.path[0] = str(
    Path(__file__).resolve().parent.parent
)  # was this folder, whose files are no modules of their own

from lessons.install import ROOT, prepare, quietly, run, tell

CHECKS = (
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "."],
    ["mypy"],
    ["pytest", "--numprocesses=logical"],
)


def main(arguments: "list[str]") -> int:
    """Install, then check; pytest gets the arguments."""
    environment = prepare(ROOT, ("fine-tuning", "hub", "test"))
    failed = []
    for check in CHECKS:
        tell("\n== " + " ".join(check))
        if run(environment, check + arguments if check[0] == "pytest" else check, ROOT) != 0:
            failed.append(check)
    tell(
        "\nFailed: " + ", ".join(" ".join(check) for check in failed) + "."
        if failed
        else "\nAll passed."
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(quietly(main, sys.argv[1:]))
