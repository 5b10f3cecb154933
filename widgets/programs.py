"""Programs as script files of their own, for a page whose host lets no text become a program (a
content policy without `unsafe-eval`).

What a page is told then holds a program's name in its place, and front_end/engine/programs.js finds
it by that.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


class Programs:
    """The programs of one script file, each by a name made of what is in it."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}

    def named(self, content: Any) -> Any:
        """What a page is told, a copy with the name of each program in its place."""
        if isinstance(content, list):
            return [self.named(each) for each in content]
        if not isinstance(content, dict):
            return content
        return {
            key: self._name(each) if key == "program" else self.named(each)
            for key, each in content.items()
        }

    def _name(self, source: str) -> str:
        name = digest(source.encode())
        self.sources[name] = source
        return name

    def script(self) -> str:
        held = "".join(f"{json.dumps(name)}: {text},\n" for name, text in self.sources.items())
        return f"globalThis.gradsheetPrograms = {{ ...globalThis.gradsheetPrograms,\n{held}}};\n"


class ScriptFiles:
    """The script files of a lesson's page: its programs, and those of other sizes, which it loads
    when one is asked for.
    """

    def __init__(self, lesson: str) -> None:
        self.own, self.sizes = Programs(), Programs()
        self._names = {f"{lesson}.js": self.own, f"{lesson}_sizes.js": self.sizes}

    def files(self) -> dict[str, bytes]:
        """Name to content, of those that hold something."""
        return {
            name: programs.script().encode()
            for name, programs in self._names.items()
            if programs.sources
        }

    def address(self, wanted: Programs) -> str:
        """The address of the file with these programs."""
        name = next(name for name, programs in self._names.items() if programs is wanted)
        return f"{name}?{digest(self.files()[name])[:8]}"


def digest(content: bytes) -> str:
    """A name for what is in a file or text: another one for another content."""
    return hashlib.sha256(content).hexdigest()[:16]
