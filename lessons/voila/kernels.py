"""The lessons' kernels: this Python, private to its account, and one always kept warm for the
lesson that is opened next.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.ioloop import IOLoop
from traitlets.config import Config

# What a warm kernel has imported before its lesson is known. Only libraries: our own modules are
# read when the lesson runs, so whoever edits them sees the edit at the next reload.
WARM_IMPORTS = ("numpy", "ipywidgets", "anywidget")

# What one more lesson takes of the memory that this server may use, in bytes: the kernel of any
# lesson but the fine-tuning, as it opens.
KERNEL_MEMORY = 80_000_000

# Windows, where kernels listen on ports of this computer, would have a warning about networks at
# each start.
KERNEL_ARGUMENTS = ["--log-level=ERROR"]

LONGEST_FOLDER = 36  # characters: Linux takes 107 of a socket's address, macOS 103


def short_folder() -> str:
    """The folder for temporary files that the environment names (TMPDIR), if it is short enough."""
    folder = tempfile.gettempdir()
    return folder if len(os.fsencode(folder)) <= LONGEST_FOLDER else "/tmp"


# Words with a kernel pass through files in a folder of this account's, where it has them: a port
# would answer other accounts too, who could read along, and another program may take it before the
# kernel does. The files' names must be short, so the folder's must be.
PRIVATE = (
    Config()
    if os.name == "nt"
    else Config(Voila={"connection_dir_root": short_folder()}, KernelManager={"transport": "ipc"})
)


def room_for_another() -> bool:
    """Whether one more lesson fits into MEM_LIMIT, the bytes that JupyterHub grants a student's
    server; without that variable, into what is free of this computer's memory, where the warm
    kernel needs as much again.
    """
    limit = int(os.environ.get("MEM_LIMIT") or 0)
    if not limit:
        return psutil.virtual_memory().available >= 2 * KERNEL_MEMORY
    used = 0
    for process in (server := psutil.Process(), *server.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            used += process.memory_info().rss
    return used + KERNEL_MEMORY <= limit


class RunningPython(KernelSpecManager):
    """Offers one kernel: the Python that runs this server, whatever kernels this computer has under
    the same name.
    """

    def find_kernel_specs(self) -> dict[str, str]:
        return {"python3": RESOURCES}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(KERNEL_ARGUMENTS))

    def get_all_specs(self) -> dict[str, Any]:
        return {
            "python3": {
                "resource_dir": RESOURCES,
                "spec": self.get_kernel_spec("python3").to_dict(),
            }
        }


class WarmKernels(AsyncMappingKernelManager):
    """Keeps one kernel started, with the usual imports done, for the lesson that is opened next.

    Voila's own preheating keeps one kernel for every notebook, shows the notebook as it was when
    the server started, and runs it before the page's address is known. A kernel without a lesson
    costs one process in all and has none of that.
    """

    refill_delay = (
        5.0  # seconds: the page that has just taken the warm kernel needs the processor for itself
    )
    # Seconds: a kernel that no page has joined by then was left before its page stood, by a script
    # or a browser that ended.
    visit_delay = 120

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._warming: asyncio.Task | None = None  # starts the next warm kernel
        self._waiting: set[str] = set()  # kernels without a lesson, which are idle by intention
        self._visited: set[str] = set()  # kernels that a page has joined

    def warm_up(self) -> None:
        """Start the next warm kernel, unless there is one."""
        if self._warming is None:
            self._warming = asyncio.ensure_future(self._start_warm())

    @contextlib.asynccontextmanager
    async def _or_ended(self, kernel_id: str, client: Any) -> AsyncIterator[None]:
        """A kernel with which something fails is ended: no lesson would take it, and nothing else
        ends one that waits.
        """
        try:
            yield
        except Exception:
            client.stop_channels()
            await self.shutdown_kernel(kernel_id, now=True)
            raise

    async def _start_warm(self) -> tuple[str, Any]:
        """The id of a kernel that has done its imports, and a client that speaks to it."""
        kernel_id = await super().start_kernel(kernel_name="python3", path="")  # type: ignore[arg-type]
        self._waiting.add(kernel_id)
        client: Any = self.get_kernel(kernel_id).client()
        client.start_channels()
        async with self._or_ended(kernel_id, client):
            await client.wait_for_ready(timeout=60)
            for name in WARM_IMPORTS:
                await client.execute(
                    f"import {name}; del {name}", silent=True, reply=True, timeout=60
                )
        return kernel_id, client

    async def _take_warm(self, folder: str, environment: dict[str, str]) -> str | None:
        """The id of the warm kernel, moved to its lesson's folder and environment; None where there
        is none to take.
        """
        warming, self._warming = self._warming, None
        if warming is None:
            return None
        try:
            kernel_id, client = await warming
            new = {
                str(name): value
                for name, value in environment.items()
                if os.environ.get(name) != value
            }
            move = f"import os; os.environ.update({new!r}); os.chdir({folder!r}); del os"
            async with self._or_ended(kernel_id, client):
                reply = await client.execute(move, silent=True, reply=True, timeout=10)
                if reply["content"]["status"] != "ok":
                    raise RuntimeError(reply["content"])
        except Exception:  # whatever it was, the lesson can still have a kernel of its own
            self.log.error(
                "The kernel kept warm was lost; the lesson starts another one.", exc_info=True
            )
            return None
        client.stop_channels()
        self._waiting.discard(
            kernel_id
        )  # only now: until it has moved, it looks like one that was left
        return kernel_id

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
        if (
            kernel_id not in self._visited
            and kernel.execution_state == "idle"
            and quiet > timedelta(seconds=self.visit_delay)
        ):
            await self.shutdown_kernel(kernel_id)
        else:
            await super().cull_kernel_if_idle(kernel_id)

    async def left(self, kernel_id: str) -> None:
        """Ends a kernel whose page was left before it stood; nobody waits for it."""
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)

    def notify_connect(self, kernel_id: str) -> None:
        self._visited.add(kernel_id)
        super().notify_connect(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Of one that was shut down, or has died: its pages notice that by their connections."""
        for connection in list(ZMQChannelsWebsocketConnection._open_sockets):
            if connection.kernel_id == kernel_id:
                connection.websocket_handler.close()
        self._waiting.discard(kernel_id)
        self._visited.discard(kernel_id)
        return super().remove_kernel(kernel_id)

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        if self._warming is not None:
            self._warming.cancel()
        await super().shutdown_all(*args, **kwargs)
