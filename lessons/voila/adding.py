"""The page of a lesson whose packages are not installed yet: what they take, a button that adds
them, how far that is, and the way back.
"""

import asyncio
import html
import json
import sys
from typing import Any

from voila.handler import BaseVoilaHandler

from lessons import adding
from lessons.others import OTHERS

OFFER = """<h1>{title}</h1><p>{summary}</p>
<p>This lesson trains a network, for which it needs PyTorch: {size}, once. The other lessons do
without it.</p>
<p><button type="button">Install it and open the lesson</button></p><p role="status"></p>
<p><a href="../">All lessons</a></p>
<script>
const [button, said] = [document.querySelector("button"), document.querySelector("[role=status]")];
const proof = () => document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? "";
async function look(method) {{
  try {{
    const headers = {{ "X-XSRFToken": proof() }};
    const reply = await fetch("{name}/packages", {{ method, headers }});
    const {{ state, words }} = await reply.json();
    said.textContent = words;
    button.disabled = state === "running";
    if (state === "done") location.reload();
    if (state === "running") setTimeout(() => look("GET"), 1000);
  }} catch {{
    said.textContent = "The lessons' server does not answer; it may have been stopped.";
    button.disabled = false;
  }}
}}
button.addEventListener("click", () => look("POST"));
look("GET");
</script>"""

NOT_HERE = """<h1>{title}</h1><p>{summary}</p>
<p>This lesson trains a network, for which it needs PyTorch, and that is not installed here. Whoever
runs this server installs it with <code>pip install 'gradsheet[fine-tuning]'</code>.</p>
<p><a href="../">All lessons</a></p>"""


class Adding:
    """The installation, which goes on whoever looks on, and what it has said.

    allowed: whether a page may begin it.
    """

    COMMAND = (sys.executable, "-m", "lessons.adding")

    def __init__(self, allowed: bool = True) -> None:
        self.allowed = allowed and adding.can_be_added()
        self.process: asyncio.subprocess.Process | None = None
        self.said = b""

    async def start(self) -> None:
        """Begin, unless it runs already or nobody may."""
        if not self.allowed or self.state() == "running":
            return
        self.said = b""
        self.process = await asyncio.create_subprocess_exec(
            *self.COMMAND, cwd=adding.ROOT, stderr=asyncio.subprocess.PIPE
        )
        self.listening = asyncio.ensure_future(self._listen(self.process))

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        while piece := await process.stderr.read(200):
            self.said += piece
        await process.wait()

    def state(self) -> str:
        """idle, running, done or failed."""
        if self.process and self.process.returncode is None:
            return "running"  # what is there already is not whole
        if adding.is_here():
            return "done"
        return "failed" if self.process else "idle"

    def words(self) -> str:
        """How far it is, or why it ended, for the person."""
        lines = self.said.decode("utf-8", "replace").splitlines() or [""]
        state = self.state()
        if state == "running":
            return f"Installing: {lines[-1].count('.')} packages found so far …"
        return "\n".join(lines[-4:]) if state == "failed" else ""

    def offer(self, name: str) -> str:
        """The page of a lesson that lacks them, as HTML."""
        from lessons.pages import plain_page  # not above: it imports every sheet

        about = OTHERS[name]
        text = (OFFER if self.allowed else NOT_HERE).format(
            name=name,
            title=html.escape(about.title),
            summary=html.escape(about.summary),
            size=adding.size() if self.allowed else "",
        )
        return plain_page(about.title, text)


class Packages(BaseVoilaHandler):
    """`lesson/NAME/packages`: GET how far it is, POST to begin."""

    def initialize(self, packages: Adding, **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.packages = packages

    def get(self, name: str) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"state": self.packages.state(), "words": self.packages.words()}))

    async def post(self, name: str) -> None:
        await self.packages.start()
        self.get(name)
