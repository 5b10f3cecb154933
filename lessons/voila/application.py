"""The lessons' server: Voila with our pages, a kernel kept warm, and nothing asked of other
machines.

This folder carries Voila's name because Jupyter looks for `voila/templates/<template>` and
`voila/labextensions/<extension>` under each of its data folders, and `lessons/` is made one of
them. It must stay without an `__init__.py`: `import voila` would find it before the real one when
`lessons/` itself is on the import path, as it is for a lesson's kernel and for `python lessons`.
"""

import asyncio
import contextlib
import importlib.metadata
import logging
import mimetypes
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from socket import socket
from typing import Any

import tornado.web
import voila.handler
from jupyter_server.utils import url_path_join
from jupyterlab_server.themes_handler import ThemesHandler
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from traitlets import default
from traitlets.config import Config
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.notebook_renderer import NotebookRenderer
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from lessons.others import OTHERS
from widgets.plotly_script import plotly_file

from .adding import Adding, Packages
from .at_once import Answers, Question, SharedFile
from .kernels import PRIVATE, RunningPython, WarmKernels, room_for_another
from .login import SecretAddress, for_the_person

LESSONS = Path(__file__).resolve().parents[1]

# The front-end extensions that a lesson needs, our own among them (it stands in `labextensions/`,
# where Voila looks by itself). Any other that is installed beside Gradsheet stays out: plotly's
# own, for one, would add its 4.8 MB to every page.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "gradsheet",
]

# What a page ends with where its kernel does not come.
NOT_OPENED = (
    '<p class="lesson-stopped" role="alert">The lesson could not be opened. Reload the page to try'
    " again; the window in which the lessons were started says what went wrong.</p>"
)


def configuration(
    folder: Path, base_url: str, token: str | None = None, ticket: str = ""
) -> Config:
    """Voila's options for the lessons in `folder`.

    token, ticket: see login.py; without them everyone is answered.
    """
    config = Config(
        Voila={
            "root_dir": str(folder),
            "base_url": base_url,
            "token": token,
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
        SecretAddress={"ticket": ticket},
        # Signatures of trusted notebooks, which nothing here asks for, stay out of the person's
        # home.
        NotebookNotary={"db_file": ":memory:", "secret": os.urandom(64)},
    )
    config.merge(PRIVATE)
    return config


def plotly_address(base_url: str) -> str:
    """Where a page finds plotly.js. With its version, so that the browser may keep it."""
    return url_path_join(
        base_url, "gradsheet", f"plotly-{importlib.metadata.version('plotly')}.min.js"
    )


def links(name: str, base_url: str, label: str) -> str:
    """HTML: from a lesson to its neighbours and to all of them; nothing for a notebook that is none
    of ours.
    """
    from lessons.course import (
        lesson_links,
        lessons,
    )  # not above: they import every sheet, which is not needed before a lesson opens

    return (
        lesson_links(name, lambda other: url_path_join(base_url, "lesson", other), base_url, label)
        if name in lessons()
        else ""
    )


# Kernels that start at the same time: more would only keep each other waiting, and of pages that
# are left meanwhile none is started.
TURNS = asyncio.Semaphore(3)


class LessonServer(Voila):
    """Voila on sockets that are already bound, with our pages, and without its
    listings of files.
    """

    sockets: Sequence[socket]
    start_page: Callable[[], str]
    when_ready: Callable[[], None]
    own = ""  # a teacher's file or folder whose sheets are the lessons; "": the course's
    answers: Answers | None = None  # to the pages of our own lessons; None for any other notebooks
    packages: Adding | None = None  # that such a lesson may lack
    adds = True  # whether whoever opens one may add them
    keeps_warm = True  # whether a kernel waits from the start for a lesson that needs one
    makes_ahead = True  # whether every page is made from the start, before somebody asks for it

    @classmethod
    def run(
        cls,
        config: Config,
        sockets: Sequence[socket],
        start_page: Callable[[], str],
        when_ready: Callable[[], None],
        own: str = "",
    ) -> None:
        """Serve what `config` says on `sockets` until interrupted; `when_ready` is called once
        pages are answered. own: a teacher's file or folder, whose sheets are the lessons.
        """
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            filter(None, [str(LESSONS), os.environ.get("JUPYTER_PATH", "")])
        )
        # Some Windows registries call .js plain text, which browsers refuse to run.
        mimetypes.add_type("text/javascript", ".js")
        # Tornado reads as seconds the milliseconds after which Jupyter gives up a silent page, and
        # would warn that they are too many.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        server = cls.instance(config=config)
        server.sockets, server.start_page, server.when_ready = sockets, start_page, when_ready
        server.own = own
        server.initialize(argv=[])
        server.start()

    @default("identity_provider_class")
    def _login(self) -> type:
        return SecretAddress

    def behind_login(self, handler: type) -> type:
        """The same handler, for whom this server answers."""
        return for_the_person(handler)

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        # A page that is closed asks for its kernel's end over HTTP; one that is ended by a message
        # would be started again.
        self.kernel_manager.allowed_message_types.remove("shutdown_request")
        # Without this check, a page elsewhere on the web whose name is made to point at this
        # computer could read lessons.
        settings["allow_remote_access"] = False
        settings["jinja2_env"] = settings["voila_jinja2_env"]  # so that every error page is ours
        settings["default_handler_class"] = self.behind_login(NothingHere)
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        return settings

    def init_handlers(self) -> list[tuple]:
        replaced = (
            TornadoVoilaTreeHandler,
            TornadoVoilaHandler,
            VoilaContentsHandler,
            ThemesHandler,
            TemplateStaticFileHandler,
        )
        kept = [handler for handler in super().init_handlers() if handler[1] not in replaced]
        voila = {"voila_configuration": self.voila_configuration}
        lesson = {"template_paths": self.template_paths, "config": self.config, **voila}
        if Path(self.root_dir) == LESSONS:
            resources = self.voila_configuration.config.VoilaConfiguration.resources["gradsheet"]
            self.answers = Answers(resources.get("shared", ""), self.own)
            self.packages = None if self.own else Adding(self.adds)
        at = lambda *parts: url_path_join(self.base_url, *parts)
        start_page = self.answers.start if self.own and self.answers else self.start_page
        handlers = [
            (self.base_url, StartPage, {"start_page": start_page, **voila}),
            *self.at_once(at, voila),
            (
                at("lesson", r"([\w-]+)"),
                Lesson,
                {"answers": self.answers, "packages": self.packages, **lesson},
            ),
            (at("voila", "render", r"([\w-]+)\.ipynb"), Lesson, lesson),
            # Voila's own address has room for more, at which its handler fails.
            (
                at("voila", "templates", r"(gradsheet/static/(?!.*\.\.)[\w./-]+)"),
                TemplateStaticFileHandler,
            ),
            (
                at("gradsheet", r"(plotly-.*\.js)"),
                PlotlyScript,
                {"path": str(plotly_file().parent)},
            ),
            *kept,
        ]
        return [
            (pattern, self.behind_login(handler), *rest) for pattern, handler, *rest in handlers
        ]

    def at_once(self, at: Callable[..., str], voila: dict[str, Any]) -> list[tuple]:
        """The addresses of what our own lessons' pages ask for; none for other notebooks."""
        if not self.answers:
            return []
        asked = {"answers": self.answers, **voila}
        return [
            (at("lesson", r"([\w-]+)/(sheet|workbook|inputs)"), Question, asked),
            *self.of_packages(at, voila),
            (at("lesson", r"(gradsheet\.(?:js|css|svg)|plotly\.min\.js)"), SharedFile, asked),
        ]

    def of_packages(self, at: Callable[..., str], voila: dict[str, Any]) -> list[tuple]:
        """What a lesson that may lack packages asks; none among a teacher's own."""
        if not self.packages:
            return []
        asked = {"packages": self.packages, **voila}
        return [(at("lesson", r"([\w-]+)/packages"), Packages, asked)]

    def listen(self) -> None:
        HTTPServer(self.app).add_sockets(self.sockets)
        self.ioloop = IOLoop.current()
        if self.answers and not self.own:
            ahead = self.answers.make_all if self.makes_ahead else self.answers.names
            self.ioloop.add_callback(ahead)
        if self.keeps_warm and not self.own:
            self.ioloop.add_callback(self.kernel_manager.warm_up)
        self.ioloop.add_callback(self.when_ready)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.ioloop.start()
        finally:
            if self.answers:
                self.answers.end()
            self.stop()


class StartPage(BaseVoilaHandler):
    """The list of lessons, where Voila would show a listing of the folder."""

    def initialize(self, start_page: Callable[[], str | Awaitable[str]], **kwargs: Any) -> None:
        super().initialize(**kwargs)
        self.start_page = start_page

    async def get(self) -> None:
        if self.get_argument("token", None) is not None:
            self.redirect(
                self.base_url
            )  # the cookie is set, and an address bar is no place for a secret
        else:
            made = self.start_page()
            self.finish(made if isinstance(made, str) else await made)


class Lesson(TornadoVoilaHandler):
    """`lesson/NAME`: its page at once, where it has one, else the notebook of that name. The
    notebook of any, with a kernel, under Voila's own `voila/render/NAME.ipynb`.
    """

    def initialize(
        self, answers: Answers | None = None, packages: Adding | None = None, **kwargs: Any
    ) -> None:
        super().initialize(**kwargs)
        self.answers, self.packages = answers, packages
        self.kernel_id, self.is_left, self.has_turn = "", False, False

    def on_connection_close(self) -> None:
        """The page was left, or loaded again, before it stood."""
        super().on_connection_close()
        self.is_left = True
        self.end_if_left()

    def end_if_left(self, kernel_id: str = "") -> bool:
        """Whether nobody waits any more for what this kernel says, which then ends."""
        if kernel_id:
            self.end_turn()
        self.kernel_id = kernel_id or self.kernel_id
        if self.is_left and self.kernel_id:
            IOLoop.current().add_callback(self.kernel_manager.left, self.kernel_id)
        return self.is_left

    async def get(self, name: str) -> None:
        page = await self.answers.page(name) if self.answers else None
        if self.packages and name in OTHERS and self.packages.state() != "done":
            # In a thread: it asks PyTorch's index, which may not answer for seconds.
            page = (await asyncio.to_thread(self.packages.offer, name)).encode()
        if page is None and self.answers and self.answers.own:
            raise tornado.web.HTTPError(404)
        if page is None:
            return await self.open_notebook(name)
        _ = self.xsrf_token  # sets the cookie with which the page may ask
        self.set_header("Cache-Control", "no-cache")
        self.finish(page)

    async def open_notebook(self, name: str) -> None:
        ask = self.request.headers.get
        # Pages elsewhere on the web may link to a lesson; they may not start its kernels by naming
        # it as a picture or frame.
        if ask("Sec-Fetch-Site") == "cross-site" and ask("Sec-Fetch-Dest") != "document":
            raise tornado.web.HTTPError(403)
        if not room_for_another():
            raise tornado.web.HTTPError(503)
        # Asking for the token sets the cookie with which the page, when it is closed, may end its
        # kernel.
        _ = self.xsrf_token
        await TURNS.acquire()
        self.has_turn = True
        try:
            if not self.is_left:
                await super().get(f"{name}.ipynb")
        finally:
            self.end_turn()

    def end_turn(self) -> None:
        """Its kernel has started, or will not: another may."""
        if self.has_turn:
            self.has_turn = False
            TURNS.release()


class Renderer(NotebookRenderer):
    """Ends a page in a sentence where its kernel does not come; Voila would let the browser wait
    for ever.
    """

    async def generate_content_generator(self, *kernel: Any) -> AsyncIterator[tuple[str, Any]]:
        if self.request_handler.end_if_left(kernel[0]):
            return
        try:
            async for part in super().generate_content_generator(*kernel):
                yield part
        except Exception:  # whatever it was, the page has begun, and must end
            if self.request_handler.is_left:
                return
            self.log.exception("A lesson could not be opened.")
            yield NOT_OPENED, None


voila.handler.NotebookRenderer = Renderer  # Voila's handler takes no other


class NothingHere(BaseVoilaHandler):
    """Every address that leads nowhere."""

    def get(self) -> None:
        raise tornado.web.HTTPError(404)


class PlotlyScript(tornado.web.StaticFileHandler):
    """The plotly.js of this environment.

    Not compressed: the browser is on this computer, where unpacking it takes longer than passing
    it on.
    """

    def parse_url_path(self, url_path: str) -> str:
        return plotly_file().name

    def get_content_type(self) -> str:
        return "text/javascript; charset=utf-8"

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
