"""What a static page carries and opens only when it is asked for.

front_end/engine/packing.js unpacks it.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any


def packed(value: Any) -> str:
    """A value as JSON, gzip and base64: text that may stand in a script element.

    The same text for the same value, since gzip notes no time.
    """
    return base64.b64encode(
        gzip.compress(json.dumps(value, allow_nan=False, separators=(",", ":")).encode(), mtime=0)
    ).decode()
