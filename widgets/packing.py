"""What a static page carries and opens only when it is asked for: front_end/packing.js unpacks it."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any


def packed(told: Any) -> str:
    """JSON, gzip and base64: text that may stand in a script element. The same for the same `told`."""
    return base64.b64encode(
        gzip.compress(json.dumps(told, allow_nan=False, separators=(",", ":")).encode(), mtime=0)
    ).decode()
