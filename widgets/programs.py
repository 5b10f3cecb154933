"""Script files of a page's own: programs, for a page whose host lets no text become a program (a
content policy without `unsafe-eval`), and packed texts, which a page fetches when it is asked for
them. A page on a disk may fetch nothing but scripts.

What a page is told then holds a program's name in its place, and front_end/engine/programs.js finds
it by that; front_end/host/held.js finds a text.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any


class Programs:
    """The programs of one script file, each by a name made of what is in it, and its texts."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.texts: dict[str, str] = {}  # by the identifier of the element they are for

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
        told = {name: json.dumps(text) for name, text in self.texts.items()}
        return _added("gradsheetPrograms", self.sources) + _added("gradsheetTexts", told)


def _added(name: str, held: dict[str, str]) -> str:
    """JavaScript that adds to a global object what this file holds."""
    if not held:
        return ""
    entries = "".join(f"{json.dumps(key)}: {source},\n" for key, source in held.items())
    return f"globalThis.{name} = {{ ...globalThis.{name},\n{entries}}};\n"


class ScriptFiles:
    """The script files of a lesson's page: its programs, and what it loads when somebody asks for
    it, its workbook's parts and the sheets of other sizes.
    """

    def __init__(self, lesson: str) -> None:
        self.own, self.workbook, self.sizes = Programs(), Programs(), Programs()
        self._names = {
            f"{lesson}.js": self.own,
            f"{lesson}_workbook.js": self.workbook,
            f"{lesson}_sizes.js": self.sizes,
        }

    def files(self) -> dict[str, bytes]:
        """Name to content, of those that hold something."""
        return {
            name: programs.script().encode()
            for name, programs in self._names.items()
            if programs.sources or programs.texts
        }

    def address(self, wanted: Programs) -> str:
        """The address of the file with these programs."""
        name = next(name for name, programs in self._names.items() if programs is wanted)
        return f"{name}?{digest(self.files()[name])[:8]}"


def digest(content: bytes) -> str:
    """A name for what is in a file or text: another one for another content."""
    return hashlib.sha256(content).hexdigest()[:16]
