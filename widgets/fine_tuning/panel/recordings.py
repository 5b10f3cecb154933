"""A run written down while it happens, and played again where there is no such device: always with
the word that it is a recording.

A recording is a text file of JSON, one line each: first what is said of the whole run (`About`),
then each event with its seconds since the start: [0.25, "EpochEnded", {"stage": "frozen", ...}].
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sheets import InputError

from ..data.events import BatchEnded, EpochEnded, Event, Listener, Notice, Stop, Worked, never
from ..data.metrics import ACCURACY, METRICS
from .jobs import STAGES

if TYPE_CHECKING:  # a recording can be read where there is no PyTorch
    from ..learning.learner import Learner

FORMAT = "gradsheet recording 1"
PAUSE = 0.2  # seconds between two questions whether to stop
LARGEST_WHOLE = 2**53  # a page could not tell larger ones from each other
KINDS: dict[str, type[Event]] = {
    kind.__name__: kind for kind in (BatchEnded, EpochEnded, Notice, Worked)
}
COUNTED = ("epoch", "epochs", "batch", "batches", "total")  # from 1


def _is_table(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(of, value.values()))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(one) is int for one in value)


IS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: type(value) is int,
    "float": lambda value: type(value) in (int, float),
    "float | None": lambda value: value is None or IS["float"](value),
    "dict[str, str]": lambda value: _is_table(value, IS["str"]),
    "dict[str, tuple[int, int]]": lambda value: _is_table(value, _is_pair),
}  # by the type of a field, whether what JSON says is of it


@dataclass(frozen=True)
class About:
    """date: when the run began, in UTC.

    counts: how many pictures each class had for training and for validation.
    """

    device: str
    date: str
    seed: int
    data: str
    counts: dict[str, tuple[int, int]]
    body: str
    batch_size: int
    versions: dict[str, str] = field(default_factory=dict)
    format: str = FORMAT

    def sentence(self) -> str:
        """What everyone who watches it must be told."""
        with_torch = f" with PyTorch {self.versions['torch']}" if "torch" in self.versions else ""
        return (
            f"This is a recording, made on {self.device} on {self.date[:10]}{with_torch}, seed"
            f" {self.seed}; nothing is computed here."
        )


class Recorder:
    """A listener that writes: `learner.fine_tune(Recipe(), recorder)`.

    Close it, or use it in a `with`.

    There is no file before the first event, so a run that was refused leaves none.
    """

    def __init__(self, path: Path, learner: Learner, clock: Callable[[], float] = time.monotonic):
        from ..learning.machine import device_name, versions

        self._path, self._clock, self._began = path, clock, clock()
        self._file: TextIO | None = None
        pictures, date = learner.pictures, datetime.now(UTC).isoformat(timespec="seconds")
        device, size = device_name(learner.settings.device), learner.settings.batch_size
        self._about = About(
            device,
            date,
            learner.seed,
            pictures.name,
            pictures.counts,
            learner.body.name,
            size,
            versions(),
        )

    def __call__(self, event: Event) -> None:
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8")
            self._write(self._file, asdict(self._about))
        self._write(
            self._file, [round(self._clock() - self._began, 4), type(event).__name__, asdict(event)]
        )

    def _write(self, file: TextIO, said: Any) -> None:
        file.write(json.dumps(said) + "\n")
        file.flush()  # a run that breaks off leaves what it said

    def close(self) -> None:
        if self._file:
            self._file.close()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class Recording:
    """events: (seconds since the start, event)."""

    about: About
    events: tuple[tuple[float, Event], ...]

    def title(self) -> str:
        """What was recorded, to tell it from others."""
        epochs = [event for _, event in self.events if isinstance(event, EpochEnded)]
        counts = {
            stage: sum(event.stage == stage for event in epochs)
            for stage in dict.fromkeys(event.stage for event in epochs)
        }
        stages = ", ".join(
            f"{stage} {count} epoch{'s' * (count != 1)}" for stage, count in counts.items()
        )
        return (
            f"{self.about.data}: {stages}, in the end {epochs[-1].accuracy:.1%} right"
            if epochs
            else f"{self.about.data}: no whole epoch"
        )

    def play(
        self,
        listener: Listener,
        stop: Stop = never,
        speed: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> bool:
        """Tell the listener that it is a recording, then every event at its time divided by speed;
        False where it was stopped.
        """
        if not speed > 0:
            raise InputError(f"a speed of {speed} cannot be; it is above 0")
        listener(Notice(self.about.sentence()))
        before = 0.0
        for when, event in self.events:
            if stop():
                return False
            left = max(0.0, when - before) / speed
            while (
                left > 0 and not stop()
            ):  # a long pause, and the person may not want to wait for its end
                sleep(min(left, PAUSE))
                left -= PAUSE
            before = when
            listener(event)
        return True


def read_recording(path: Path) -> Recording:
    """Raises InputError for a file that is no recording."""
    try:
        return recording_of(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def recording_of(content: bytes) -> Recording:
    """What such a file holds; a last line that was broken off is left out. Raises InputError."""
    try:
        lines = content.decode("utf-8").splitlines(keepends=True)
        about = _json(lines[0])
        if about.get("format") != FORMAT:
            raise ValueError(f"its format is {about.get('format')!r}, and {FORMAT!r} is known here")
        return Recording(
            _made(About, about),
            tuple(_event(*_json(line)) for line in lines[1:] if line.endswith("\n")),
        )
    except RecursionError:
        raise InputError(
            "this is no recording that can be played: it is too deeply nested"
        ) from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InputError(f"this is no recording that can be played: {error}") from None


def _json(line: str) -> Any:
    """Without the numbers that a page could not be told: those that JSON does not have, and those
    that are too large.
    """
    return json.loads(line, parse_constant=_number, parse_float=_number, parse_int=_whole)


def _number(said: str) -> float:
    if not math.isfinite(float(said)):
        raise ValueError(f"it says {said[:20]}")
    return float(said)


def _whole(said: str) -> int:
    if abs(_number(said)) > LARGEST_WHOLE:
        raise ValueError(f"it says {said[:20]}")
    return int(said)


def _event(when: Any, kind: str, words: dict[str, Any]) -> tuple[float, Event]:
    """With its time."""
    if not IS["float"](when):
        raise ValueError(f"a time is {when!r:.20}")
    made: Event = _made(KINDS[kind], words)
    if words.get("stage", "frozen") not in STAGES:
        raise ValueError(f"{words['stage']!r} is no stage; there are {', '.join(STAGES)}")
    if words.get("metric", ACCURACY) not in METRICS:
        raise ValueError(f"{words['metric']!r} is no metric; there are {', '.join(METRICS)}")
    none = [name for name in COUNTED if words.get(name, 1) < 1]
    if none:
        raise ValueError(f"{kind} says that {none[0]} is {words[none[0]]}; it is 1 or more")
    return float(when), made


def _made(kind: type[Any], words: dict[str, Any]) -> Any:
    """Of what is said, where each word is of its field's type."""
    made = kind(**words)
    wrong = [
        one.name
        for one in fields(made)
        if one.name in words and not IS[str(one.type)](words[one.name])
    ]
    if wrong:
        raise ValueError(f"{kind.__name__} says nothing usable of {wrong[0]}")
    return made
