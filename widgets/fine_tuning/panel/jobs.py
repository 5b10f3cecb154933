"""One long job at a time in a thread of its own: it can be watched and stopped, and a second one is
refused while it runs.

Knows neither PyTorch nor the page, and is tested without them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sheets import InputError

from ..data.events import BatchEnded, Event, Listener, Stop, Stopped, Worked

IDLE, RUNNING, FINISHED, STOPPED, FAILED = "idle", "running", "finished", "stopped", "failed"
STAGES = {
    "predictions": "Linear model on the body's predictions",
    "frozen": "New head, body frozen",
    "unfrozen": "All layers",
}  # of schedules.Stage, for the person

Work = Callable[[Listener, Stop], str]  # returns what happened, in a sentence


@dataclass(frozen=True)
class Status:
    """The job that runs, or the last one.

    share: of what it does at present, 0 to 1; seconds_left: None while that is not known.
    """

    title: str = ""
    state: str = IDLE
    doing: str = ""
    share: float = 0.0
    seconds_left: float | None = None
    said: str = ""

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Jobs:
    """hear: called with each event, in the job's thread.

    changed: called whenever `status` is another.
    """

    def __init__(
        self,
        hear: Listener,
        changed: Callable[[Status], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.status = Status()
        self.error: Exception | None = (
            None  # that ended the last job, for who wants to know more than the sentence
        )
        self._hear, self._changed, self._clock = hear, changed, clock
        self._stop, self._lock = threading.Event(), threading.RLock()
        self._thread: threading.Thread | None = None
        self._began: tuple[str, float, int] = (
            "",
            0.0,
            0,
        )  # the preparation under way: what, since when, how far it was

    def start(self, title: str, work: Work) -> None:
        """Raises InputError while another job runs."""
        with self._lock:
            if self.status.state == RUNNING:
                raise InputError(
                    f"{self.status.title} is still under way; wait for its end or stop it first"
                )
            self._stop.clear()
            self.error = None
            self._set(Status(title, RUNNING, "Beginning"))
            self._thread = threading.Thread(target=self._run, args=[work], name=title, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask the job to stop; training does within a batch. Nothing happens where none runs."""
        with self._lock:
            if self.status.state == RUNNING:
                self._stop.set()
                self._set(replace(self.status, doing="Stopping", seconds_left=None))

    def wait(self, seconds: float | None = None) -> Status:
        """For the job's end."""
        if self._thread:
            self._thread.join(seconds)
        return self.status

    def _run(self, work: Work) -> None:
        try:
            said, state = (
                work(self._listen, self._stop.is_set),
                STOPPED if self._stop.is_set() else FINISHED,
            )
        except Stopped:
            said, state = (
                f"{self.status.title} was stopped before its end; what there was is as it was.",
                STOPPED,
            )
        except InputError as error:
            said, state, self.error = (
                f"{error}" if str(error).endswith(".") else f"{error}.",
                FAILED,
                error,
            )
        except Exception as error:  # a job must not end without a word, whatever it met
            first = (str(error).strip().splitlines() or [""])[0]
            said = (
                f"{self.status.title} broke off:"
                f" {type(error).__name__}{f', {first}' if first else ''}. The last checkpoint is"
                " kept."
            )
            state, self.error = FAILED, error
        with self._lock:
            self._set(replace(self.status, state=state, doing="", seconds_left=None, said=said))

    def _listen(self, event: Event) -> None:
        self._hear(event)
        if isinstance(event, (BatchEnded, Worked)):
            under_way = self._under_way(event)
            with self._lock:
                if not self._stop.is_set():
                    self._set(under_way)

    def _under_way(self, event: BatchEnded | Worked) -> Status:
        if isinstance(event, BatchEnded):
            share = (event.epoch - 1 + event.batch / event.batches) / event.epochs
            where = f"epoch {event.epoch} of {event.epochs}, batch {event.batch} of {event.batches}"
            return replace(
                self.status,
                doing=f"{STAGES[event.stage]}: {where}",
                share=share,
                seconds_left=event.seconds_left,
            )
        if self._began[0] != event.what or event.done < self._began[2]:
            self._began = (event.what, self._clock(), event.done)
        _, since, before = self._began
        left = (
            (self._clock() - since) * (event.total - event.done) / (event.done - before)
            if event.done > before
            else None
        )
        return replace(
            self.status,
            doing=f"{event.what}: {event.done} of {event.total}",
            share=event.done / event.total,
            seconds_left=left,
        )

    def _set(self, status: Status) -> None:
        self.status = status
        self._changed(status)
