"""What fine-tuning needs, added when it is first used: PyTorch is larger than all the rest.

    python -m lessons.adding

adds it to the project's own `.venv`, as `gradsheet finetune` does and the lesson's page offers.
"""

from __future__ import annotations

import sys
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from .install import FINE_TUNING, ROOT, SOURCES, install, quietly, small_torch, tell

PACKAGES = ("torch", "transformers")


def is_here() -> bool:
    """Whether the packages of fine-tuning are installed."""
    return all(map(find_spec, PACKAGES))


def can_be_added() -> bool:
    """Whether this Python is the one of the project's own `.venv`, which we may change."""
    whole = all((ROOT / name).is_file() for name in SOURCES)
    return whole and Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()


def size() -> str:
    """What it takes, in words; measured with the pinned versions on Linux."""
    if sys.platform.startswith("linux") and not small_torch():
        return "up to 3 GB to fetch and 5 GB on the disk"
    return "about 250 MB to fetch and 1.1 GB on the disk"


def add() -> int:
    """Install them, with a dot for each package; returns the exit code, 0. Raises InstallError."""
    tell(
        f"Fine-tuning needs PyTorch, which is not installed yet: {size()}, once. Ctrl+C leaves all"
        " as it is."
    )
    install(ROOT, ROOT / ".venv", FINE_TUNING)
    invalidate_caches()
    return 0


if __name__ == "__main__":
    sys.exit(quietly(lambda _: add(), []))
