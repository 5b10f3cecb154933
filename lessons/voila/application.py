"""The lessons' server: Voila with our pages, a kernel kept warm, and nothing asked of other machines.

This folder carries Voila's name because Jupyter looks for `voila/templates/<template>` and `voila/labextensions/<extension>` under
each of its data folders, and `lessons/` is made one of them. It must stay without an `__init__.py`: `import voila` would find it
before the real one when `lessons/` itself is on the import path, as it is for a lesson's kernel and for `python lessons`.
"""

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import logging
import mimetypes
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any

import psutil
import tornado.web
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import url_path_join
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

LESSONS = Path(__file__).resolve().parents[1]

# What a warm kernel has imported before its lesson is known. Only libraries: our own modules are read when the lesson runs, so
# whoever edits them sees the edit at the next reload.
WARM_IMPORTS = ("numpy", "ipywidgets", "anywidget")

# The front-end extensions that a lesson needs, our own among them (it stands in `labextensions/`, where Voila looks by itself). Any
# other that is installed beside Gradsheet stays out: plotly's own, for one, would add its 4.8 MB to every page.
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget", "gradsheet"]

# What one more lesson takes of the memory that this server may use, in bytes: the kernel of any lesson but the fine-tuning, as it opens.
KERNEL_MEMORY = 80_000_000

# A kernel's own start-up warning is about networks; these kernels listen on this computer alone.
KERNEL_ARGUMENTS = ["--log-level=ERROR"]


def configuration(folder: Path, base_url: str) -> Config:
    """Voila's options for the lessons in `folder`."""
    return Config(
        Voila={
            "root_dir": str(folder),
            "base_url": base_url,
            "log_level": "ERROR",
            # Read no voila.json of this computer's: the lessons look the same everywhere.
            "config_file_paths": [],
        },
        VoilaConfiguration={
            "template": "gradsheet",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "extension_allowlist": EXTENSIONS,
            "kernel_spec_manager_class": RunningPython,
            "multi_kernel_manager_class": WarmKernels,
            # A notebook saved under a kernel of another name, or none, runs all the same.
            "language_kernel_mapping": {"python": "python3", "": "python3"},
            "resources": {"gradsheet": {"plotly": plotly_address(base_url), "links": links}},
        },
        # A page tells the server when it is closed; this is for the pages that could not.
        MappingKernelManager={"cull_idle_timeout": 600, "cull_interval": 60},
        # Signatures of trusted notebooks, which nothing here asks for, stay out of the person's home.
        NotebookNotary={"db_file": ":memory:", "secret": os.urandom(64)},
    )


def plotly_address(base_url: str) -> str:
    """Where a page finds plotly.js. With its version, so that the browser may keep it."""
    return url_path_join(base_url, "gradsheet", f"plotly-{importlib.metadata.version('plotly')}.min.js")


def links(name: str, base_url: str, label: str) -> str:
    """HTML: from a lesson to its neighbours and to all of them; nothing for a notebook that is none of ours."""
    from lessons.course import lesson_links, lessons  # not above: they import every sheet, which is not needed before a lesson opens

    return lesson_links(name, lambda other: url_path_join(base_url, "lesson", other), base_url, label) if name in lessons() else ""


def plotly_folder() -> str:
    """The folder of the installed plotly.min.js, found without importing plotly."""
    plotly = importlib.util.find_spec("plotly")
    assert plotly is not None and plotly.origin is not None
    return str(Path(plotly.origin).with_name("package_data"))


def room_for_another() -> bool:
    """Whether one more lesson fits into MEM_LIMIT, the bytes that JupyterHub grants a student's server; without that variable, into what
    is free of this computer's memory, where the warm kernel needs as much again."""
    limit = int(os.environ.get("MEM_LIMIT") or 0)
    if not limit:
        return psutil.virtual_memory().available >= 2 * KERNEL_MEMORY
    used = 0
    for process in (server := psutil.Process(), *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            used += process.memory_info().rss
    return used + KERNEL_MEMORY <= limit


class LessonServer(Voila):
    """Voila on sockets that are already bound, with our pages, and without its listings of files."""

    sockets: Sequence[socket]
    start_page: Callable[[], str]
    when_ready: Callable[[], None]

    @classmethod
    def run(
        cls, folder: Path, sockets: Sequence[socket], start_page: Callable[[], str], when_ready: Callable[[], None], base_url: str
    ) -> None:
        """Serve the notebooks of `folder` on `sockets` until interrupted; `when_ready` is called once pages are answered."""
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(LESSONS), os.environ.get("JUPYTER_PATH", "")]))
        # Some Windows registries call .js plain text, which browsers refuse to run.
        mimetypes.add_type("text/javascript", ".js")
        # Tornado reads as seconds the milliseconds after which Jupyter gives up a silent page, and would warn that they are too many.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        server = cls.instance(config=configuration(folder, base_url))
        server.sockets, server.start_page, server.when_ready = sockets, start_page, when_ready
        server.initialize(argv=[])
        server.start()

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        # Without this check, a page elsewhere on the web whose name is made to point at this computer could read lessons.
        settings["allow_remote_access"] = False
        settings["jinja2_env"] = settings["voila_jinja2_env"]  # so that every error page is ours
        settings["default_handler_class"] = NothingHere
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        return settings

    def init_handlers(self) -> list[tuple]:
        replaced = (TornadoVoilaTreeHandler, TornadoVoilaHandler, VoilaContentsHandler, ThemesHandler)
        kept = [handler for handler in super().init_handlers() if handler[1] not in replaced]
        voila = {"voila_configuration": self.voila_configuration}
        lesson = {"template_paths": self.template_paths, "config": self.config, **voila}
        at = lambda *parts: url_path_join(self.base_url, *parts)
        return [
            (self.base_url, StartPage, {"start_page": self.start_page, **voila}),
            (at("lesson", r"([\w-]+)"), Lesson, lesson),
            (at("voila", "render", r"([\w-]+)\.ipynb"), Lesson, lesson),
            (at("gradsheet", r"(plotly-.*\.js)"), PlotlyScript, {"path": plotly_folder()}),
            *kept,
        ]

    def listen(self) -> None:
        HTTPServer(self.app).add_sockets(self.sockets)
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self.kernel_manager.warm_up)
        self.ioloop.add_callback(self.when_ready)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.ioloop.start()
        finally:
            self.stop()


class StartPage(BaseVoilaHandler):
    """The list of lessons, where Voila would show a listing of the folder."""

    def initialize(self, start_page: Callable[[], str], **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.start_page = start_page

    def get(self) -> None:
        self.finish(self.start_page())


class Lesson(TornadoVoilaHandler):
    """`lesson/NAME`, also under Voila's own `voila/render/NAME.ipynb`: the notebook of that name."""

    async def get(self, name: str) -> None:
        ask = self.request.headers.get
        # Pages elsewhere on the web may link to a lesson; they may not start its kernels by naming it as a picture or frame.
        if ask("Sec-Fetch-Site") == "cross-site" and ask("Sec-Fetch-Dest") != "document":
            raise tornado.web.HTTPError(403)
        if not room_for_another():
            raise tornado.web.HTTPError(503)
        # Asking for the token sets the cookie with which the page, when it is closed, may end its kernel.
        _ = self.xsrf_token
        await super().get(f"{name}.ipynb")


class NothingHere(BaseVoilaHandler):
    """Every address that leads nowhere."""

    def get(self) -> None:
        raise tornado.web.HTTPError(404)


class PlotlyScript(tornado.web.StaticFileHandler):
    """The installed plotly's plotly.min.js.

    Not compressed: the browser is on this computer, where unpacking 4.8 MB takes longer than passing it on.
    """

    def parse_url_path(self, url_path: str) -> str:
        return "plotly.min.js"

    def get_content_type(self) -> str:
        return "text/javascript; charset=utf-8"

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")


class RunningPython(KernelSpecManager):
    """Offers one kernel: the Python that runs this server, whatever kernels this computer has under the same name."""

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(KERNEL_ARGUMENTS))

    def get_all_specs(self) -> dict[str, Any]:
        return {"python3": {"resource_dir": RESOURCES, "spec": self.get_kernel_spec("python3").to_dict()}}


class WarmKernels(AsyncMappingKernelManager):
    """Keeps one kernel started, with the usual imports done, for the lesson that is opened next.

    Voila's own preheating keeps one kernel for every notebook, shows the notebook as it was when the server started, and runs it
    before the page's address is known. A kernel without a lesson costs one process in all and has none of that.
    """

    refill_delay = 5.0  # seconds: the page that has just taken the warm kernel needs the processor for itself
    visit_delay = 120  # seconds: a kernel that no page has joined by then was left before its page stood, by a reload or a script

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._warming: asyncio.Task | None = None  # starts the next warm kernel
        self._waiting: set[str] = set()  # kernels without a lesson, which are idle by intention
        self._visited: set[str] = set()  # kernels that a page has joined

    def warm_up(self) -> None:
        """Start the next warm kernel, unless there is one."""
        if self._warming is None:
            self._warming = asyncio.ensure_future(self._start_warm())

    async def _start_warm(self) -> tuple[str, Any]:
        """The id of a kernel that has done its imports, and a client that speaks to it."""
        kernel_id = await super().start_kernel(kernel_name="python3", path="")  # type: ignore[arg-type]
        self._waiting.add(kernel_id)
        client: Any = self.get_kernel(kernel_id).client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        for name in WARM_IMPORTS:
            await client.execute(f"import {name}; del {name}", silent=True, reply=True, timeout=60)
        return kernel_id, client

    async def _take_warm(self, folder: str, environment: dict[str, str]) -> str | None:
        """The id of the warm kernel, moved to its lesson's folder and environment; None where there is none to take."""
        warming, self._warming = self._warming, None
        if warming is None:
            return None
        try:
            kernel_id, client = await warming
            self._waiting.discard(kernel_id)
            new = {str(name): value for name, value in environment.items() if os.environ.get(name) != value}
            move = f"import os; os.environ.update({new!r}); os.chdir({folder!r}); del os"
            reply = await client.execute(move, silent=True, reply=True, timeout=10)
            client.stop_channels()
        except Exception:  # whatever it was, the lesson can still have a kernel of its own
            self.log.error("The kernel kept warm was lost; the lesson starts another one.", exc_info=True)
            return None
        return kernel_id if reply["content"]["status"] == "ok" else None

    async def start_kernel(self, *, path: Any = None, **kwargs: Any) -> str:  # type: ignore[override]
        taken = await self._take_warm(self.cwd_for_path(path or ""), kwargs.get("env", {}))
        IOLoop.current().call_later(self.refill_delay, self.warm_up)
        if taken is not None:
            return taken
        return await super().start_kernel(path=path, **kwargs)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        if kernel_id in self._waiting:
            return
        kernel: Any = self._kernels[kernel_id]
        quiet = datetime.now(UTC) - kernel.last_activity
        if kernel_id not in self._visited and kernel.execution_state == "idle" and quiet > timedelta(seconds=self.visit_delay):
            await self.shutdown_kernel(kernel_id)
        else:
            await super().cull_kernel_if_idle(kernel_id)

    def notify_connect(self, kernel_id: str) -> None:
        self._visited.add(kernel_id)
        super().notify_connect(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Of one that was shut down, or has died."""
        self._waiting.discard(kernel_id)
        self._visited.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        if self._warming is not None:
            self._warming.cancel()
        await super().shutdown_all(*args, **kwargs)
