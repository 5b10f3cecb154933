"""The fine-tuning panel: the lectures' steps on a page that stays alive while they run.

PyTorch is imported by its first job.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from sheets import InputError

from ...answering import answer
from ...front_end import joined_from, style
from ...plotly_script import plotly_file
from ..data.events import Event, Listener, Notice, Stop, nobody
from ..learning.offered import told
from .allowed import allowed_folders, allowed_path, sentence
from .jobs import RUNNING, Jobs, Status
from .options import number, optional_whole, rate
from .recording_files import LARGEST, RecordingFiles
from .recordings import Recorder

if TYPE_CHECKING:
    from ..data.pictures import Pictures
    from ..learning.bodies import Body
    from .opening import Opening
    from .session import Session

OWN = Path(__file__).parent.parent / "front_end"
RECORDED = Path(__file__).parent / "recorded"
PAUSE = 0.15  # seconds between two tellings of what changes with every batch
MOST_NOTICES = 30
STEPS = {
    "predictions": ("The linear model on the body's predictions", "fit_predictions"),
    "features": ("Computing the features", "compute_features"),
    "find": ("The learning-rate finder", "find"),
    "frozen": ("Training the head", "fit_frozen"),
    "save": ("Saving", "save"),
    "unfrozen": ("Training all layers", "fit_unfrozen"),
    "load": ("Loading", "load"),
    "scratch": ("Training from scratch", "scratch"),
    "fine_tune": ("fine_tune", "fine_tune"),
    "resume": ("The resumed training", "resume"),
    "look": ("Looking at the results", "look"),
    "inside": ("Looking at the filters", "look_inside"),
    "heat": ("Looking at what speaks for it", "look_closer"),
    "near": ("Looking for pictures like it", "look_around"),
    "clean": ("Taking over the corrections", "clean"),
    "few": ("Learning from fewer pictures", "few"),
    "export": ("Writing the results", "export"),
    "hand_in": ("Predicting the pictures", "hand_in"),
    "play": ("The recording", "play"),
}  # as the page asks for them: what the person reads, and the function in steps.py
RECORDABLE = ("predictions", "frozen", "unfrozen", "scratch", "fine_tune", "resume")


class FineTuningPanel(anywidget.AnyWidget):
    """The panel over the training rooms: what the lectures do with a pretrained network, with every
    long step stoppable.

    pictures: labelled pictures (pictures.pictures_in makes them), or a folder in which each folder
    is a class; default: the handwritten 3s and 7s that come along. body: a loaded one, a folder of
    transformers', or a name on the hub; default: the small one that comes along. batch_size:
    default, what suits the pictures. folder: where checkpoints are kept; default: one for each
    session of a page. recordings: files of recordings.Recorder's that can be played; default: those
    that come along. folders: in which the page may read pictures and bodies, and write results;
    default: any in a notebook, and on a server what its owner allows, see allowed.py.

    The page starts it. Without a page: `prepare()`, `start("frozen", epochs=6, lr=0.02)`, `wait()`;
    then `session` holds the learner.
    """

    _esm = joined_from(OWN / "panel.js")
    _css = style() + (OWN / "panel.css").read_text(encoding="utf-8")

    job = traitlets.Dict(Status().told()).tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
    runs: traitlets.List = traitlets.List().tag(sync=True)
    curve = traitlets.Dict().tag(sync=True)
    saved: traitlets.List = traitlets.List().tag(sync=True)
    results = traitlets.Dict().tag(sync=True)
    stale = traitlets.Bool(False).tag(sync=True)
    seen: traitlets.List = traitlets.List().tag(sync=True)
    heated: traitlets.List = traitlets.List().tag(sync=True)
    near = traitlets.Dict().tag(sync=True)
    corrections = traitlets.Dict().tag(sync=True)
    few = traitlets.Dict().tag(sync=True)
    notices: traitlets.List = traitlets.List().tag(sync=True)
    resumable = traitlets.Bool(False).tag(sync=True)
    recorded: traitlets.List = traitlets.List().tag(sync=True)
    playing = traitlets.Unicode().tag(sync=True)
    allowed = traitlets.Unicode().tag(sync=True)
    largest = traitlets.Int(LARGEST).tag(sync=True)
    choice = traitlets.Dict().tag(sync=True)
    bodies: traitlets.List = traitlets.List().tag(sync=True)
    refused = traitlets.Dict().tag(sync=True)
    photographs: traitlets.List = traitlets.List().tag(sync=True)
    glance = traitlets.Dict().tag(sync=True)
    handed_in = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        pictures: Pictures | Path | str | None = None,
        body: Body | Path | str | None = None,
        batch_size: int | None = None,
        seed: int = 0,
        folder: Path | str | None = None,
        recordings: Sequence[Path | str] | None = None,
        folders: Sequence[Path | str] | None = None,
    ):
        """Raises InputError for a recording that cannot be played."""
        super().__init__()
        self._given = (pictures, body, batch_size, seed)
        self._folder = Path(folder) if folder else None
        self._opening: Opening | None = None
        self.session: Session | None = None
        self._jobs = Jobs(self._hear, self._follow)
        self._telling = threading.RLock()
        self._looking = threading.Lock()
        self._waiting: dict[str, Any] = {}  # told, but not yet to the page
        self._told_at = 0.0
        self._noticed: list[str] = []  # by the job that runs, or the last one
        self._allowed = allowed_folders(folders)
        self.allowed = sentence(self._allowed)
        self.bodies = told({}, at_hand=self._allowed == ())
        self._recordings = RecordingFiles(
            [
                Path(path)
                for path in (sorted(RECORDED.glob("*.jsonl")) if recordings is None else recordings)
            ]
        )
        self.recorded = self._recordings.told()
        self.on_msg(self._answer)

    # --- jobs

    def prepare(self, session: str | None = None) -> None:
        """Load PyTorch, pictures and body, once, in a job.

        session: what the page calls itself, to find what it left behind.
        """
        if self.session is None and self._jobs.status.state != RUNNING:
            self._jobs.start("Opening", lambda listen, stop: self._prepared(session, listen, stop))

    def start(self, step: str, record: bool = False, **options: Any) -> None:
        """One of STEPS as a job, with the numbers it needs.

        record: also write it down, to be played again.

        Raises InputError where there is no such step, or another job runs.
        """
        if step not in STEPS:
            raise InputError(f"there is no step {step!r}; there are {', '.join(STEPS)}")
        title, name = STEPS[step]
        session = self._opened()

        def work(listen: Listener, stop: Stop) -> str:
            from . import steps

            self._noticed = []
            self._tell("notices", self._noticed)
            with self._recorder(session, step if record else "") as recorder:
                return getattr(steps, name)(session, options, _both(recorder, listen), stop)

        self._jobs.start(title, work)

    def choose(self, **told: Any) -> None:
        """Other pictures or another body, as a job; told: the fields of choosing.choice_of.

        What there is stays until they are read.
        """
        opening = self._opening
        if opening is None:
            raise InputError("the panel is still opening, or could not be opened")

        def work(listen: Listener, stop: Stop) -> str:
            from .choosing import Refused, choice_of
            from .saying import READY

            self._tell("refused", {})
            # or the page, which cleared its fields, would not hear of the same refusal again
            self._flush()
            try:
                self.session, said = opening.chosen(choice_of(told), listen, stop)
            except Refused as error:
                self._tell("refused", {error.field: str(error)})
                raise
            return said if said != READY else "The pictures are read; begin with step 1."

        self._jobs.start("Reading pictures and body", work)

    def stop(self) -> None:
        """Ask the job to stop; training does within a batch."""
        self._jobs.stop()

    def wait(self, seconds: float | None = None) -> Status:
        """For the job's end; returns how it stands."""
        return self._jobs.wait(seconds)

    def _opened(self) -> Session:
        if self.session is None:
            raise InputError("the panel is still opening, or could not be opened")
        return self.session

    def _prepared(self, session: str | None, listen: Listener, stop: Stop) -> str:
        try:
            from ..data.files import temporary_folder
            from ..learning.machine import leave_a_core
            from .opening import Given, Opening
            from .places import clear_away, session_folder
            from .session import sessions
            from .showing import told_photographs
        except ModuleNotFoundError as error:
            raise InputError(
                f"fine-tuning needs {error.name}, which is not installed: pip install"
                " 'gradsheet[fine-tuning]'"
            ) from None
        if not self._folder:
            self._folder = (
                session_folder(sessions(), session) if session else temporary_folder(self)
            )
            clear_away(sessions(), self._folder)
        leave_a_core()
        self._recordings.open(self._folder / "recordings")
        self._tell("recorded", self._recordings.told())
        self._tell("photographs", told_photographs())
        self._opening = Opening(Given(*self._given), self._folder, self._allowed, self._tell)
        self.session, said = self._opening.again(listen, stop)
        return said

    @contextmanager
    def _recorder(self, session: Session, title: str) -> Iterator[Callable[[Event], None]]:
        """What writes a run down; nothing, where it has no title."""
        if not title:
            yield nobody
            return
        with Recorder(self._recordings.new(title), session.learner) as recorder:
            try:
                yield recorder
            finally:
                self._tell("recorded", self._recordings.told())

    # --- what the page is told

    def _hear(self, event: Event) -> None:
        if isinstance(event, Notice):
            self._noticed = [*self._noticed, event.text][-MOST_NOTICES:]
            self._tell("notices", self._noticed)
        elif self.session:
            self.session.hear(event)

    def _follow(self, status: Status) -> None:
        if status.state != RUNNING and self.session:
            self._tell("resumable", self.session.can_resume)
        self._tell("job", status.told())
        if status.state != RUNNING or status.doing in ("Beginning", "Stopping"):
            self._flush()

    def _tell(self, name: str, value: Any) -> None:
        """Called in any thread, at every batch; the page hears of it now and then, and of the last
        state for certain.
        """
        with self._telling:
            self._waiting[name] = value
            if time.monotonic() - self._told_at > PAUSE:
                self._flush()

    def _flush(self) -> None:
        with self._telling:
            self._told_at = time.monotonic()
            for name, value in self._waiting.items():
                setattr(
                    self, name, copy.deepcopy(value)
                )  # a list that goes on growing would not be seen to have changed
            self._waiting.clear()

    # --- the page's questions

    def _answer(self, _: Any, content: Any, buffers: list[Any]) -> None:
        questions = {
            "open": self._prepare_for,
            "start": self._start_for,
            "choose": self._choose_for,
            "stop": self._stop_for,
            "look": self._look_for,
            "layers": self._send_layers,
            "clip": self._send_clip,
            "cell": self._send_cell,
            "correct": self._correct_for,
            "download": self._send_file,
            "recording": self._send_recording,
            "bring": self._take_recording,
            "plotly": self._send_plotly,
        }
        answer(self, questions, content, buffers)

    def _prepare_for(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        session = content.get("session")
        self.prepare(session if isinstance(session, str) else None)
        return {}, []

    def _start_for(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        step, options = content.get("step"), content.get("options")
        if not isinstance(step, str) or not isinstance(options, dict):
            raise InputError("the page did not say what to start; load it again")
        if step == "play":
            options = {**options, "path": self._recordings.path(options.get("recording"))}
        if step == "hand_in" and options.get("folder"):
            folder = allowed_path(str(options["folder"]), self._allowed)
            options = {**options, "folder": str(folder), "within": self._allowed}
        if step == "export":
            options = {**options, "out": allowed_path(str(options.get("out", "")), self._allowed)}
        self.start(
            step, **{**options, "record": options.get("record") is True and step in RECORDABLE}
        )
        return {}, []

    def _choose_for(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        told = content.get("options")
        if not isinstance(told, dict):
            raise InputError("the page did not say what was chosen; load it again")
        self.choose(**{str(name): value for name, value in told.items()})
        return {}, []

    def _look_for(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        """Look at a picture beside whatever runs; what was seen is told when it is known, which may
        be later than a page waits for an answer.
        """
        session = self._opened()
        threading.Thread(target=self._look, args=[session, content], daemon=True).start()
        return {}, []

    def _look(self, session: Session, content: dict[str, Any]) -> None:
        from .looking import looked

        with self._looking:
            told = looked(session.body, content)
            # The same picture again is told again: the page waits for it.
            self._tell("glance", {**told, "number": self.glance.get("number", 0) + 1})
            self._flush()

    def _stop_for(self, _: dict[str, Any]) -> tuple[dict, list[bytes]]:
        self.stop()
        return {}, []

    def _send_layers(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        first, lr = (rate(content, name) for name in ("first", "lr"))
        depth = optional_whole(content, "depth", 1)
        return {"layers": self._opened().layers(first, lr, depth)}, []

    def _send_clip(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        from .downloads import clip_of

        return clip_of(self._opened(), number(content, "clip")), []

    def _send_cell(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        from .downloads import cell_of

        actual, predicted = (
            optional_whole(content, name, least=0) for name in ("actual", "predicted")
        )
        if actual is None or predicted is None:
            raise InputError("the page did not say which cell; load it again")
        return cell_of(self._opened(), actual, predicted), []

    def _correct_for(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        label = content.get("label")
        self._opened().mark(str(content.get("name")), None if label is None else str(label))
        self._flush()
        return {}, []

    def _send_file(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        from .downloads import file_of

        only = content.get("only") or None
        made = file_of(
            self._opened(), str(content.get("what")), number(content, "clip"), only and str(only)
        )
        return {}, [made]

    def _send_recording(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        return {}, [self._recordings.path(content.get("recording")).read_bytes()]

    def _take_recording(self, content: dict[str, Any]) -> tuple[dict, list[bytes]]:
        if len(content["buffers"]) != 1:
            raise InputError("the page sent no file; choose it again")
        said = self._recordings.take(bytes(content["buffers"][0]))
        self.recorded = self._recordings.told()
        return {"sentence": said}, []

    def _send_plotly(self, _: dict[str, Any]) -> tuple[dict, list[bytes]]:
        return {}, [plotly_file().read_bytes()]


def _both(first: Listener, second: Listener) -> Listener:
    def listen(event: Event) -> None:
        first(event)
        second(event)

    return listen
