"""`python3 lessons [--port N] [--no-browser] [--pictures FOLDER]`: install what is missing in
`.venv`, then open the lessons.

Needs nothing but Python 3.11 or newer. The arguments are those of `gradsheet serve`.
"""

import sys
from pathlib import Path

sys.path[0] = str(
    Path(__file__).resolve().parent.parent
)  # was this folder, whose files are no modules of their own

from lessons.install import ROOT, hand_over, kept, prepare, quietly


def main(arguments: "list[str]") -> int:
    """Install, then serve. What fine-tuning needs comes when it is first used."""
    extras = kept(ROOT / ".venv")
    return hand_over(prepare(ROOT, extras), ["gradsheet", "serve", *arguments])


if __name__ == "__main__":
    sys.exit(quietly(main, sys.argv[1:]))
