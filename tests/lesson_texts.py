"""What a lesson's notebook says."""

import json
from pathlib import Path


def text_of(path: Path) -> str:
    return "\n".join(
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "markdown"
    )
