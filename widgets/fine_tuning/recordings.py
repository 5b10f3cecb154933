"""A run written down while it happens, and played again where there is no such device: always with the word that it is a recording.

A recording is a text file of JSON, one line each: first what is said of the whole run (`About`), then each event with its seconds since the
start: [0.25, "EpochEnded", {"stage": "frozen", ...}].
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sheets import InputError

from .events import BatchEnded, EpochEnded, Event, Listener, Notice, Stop, Worked, never

if TYPE_CHECKING:  # a recording can be read where there is no PyTorch
    from .learner import Learner

FORMAT = "gradsheet recording 1"
PAUSE = 0.2  # seconds between two questions whether to stop
PLAIN: dict[str, Any] = {"str": str, "int": int, "float": (int, float)}  # what events are made of
KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (BatchEnded, EpochEnded, Notice, Worked)}


@dataclass(frozen=True)
class About:
    """date: when the run began, in UTC. counts: how many pictures each class had for training and for validation."""

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
        return f"This is a recording, made on {self.device} on {self.date[:10]}{with_torch}, seed {self.seed}; nothing is computed here."


class Recorder:
    """A listener that writes: `learner.fine_tune(4, listener=recorder)`. Close it, or use it in a `with`."""

    def __init__(self, path: Path, learner: Learner, clock: Callable[[], float] = time.monotonic):
        from .machine import device_name, versions

        self._file, self._clock, self._began = path.open("w", encoding="utf-8"), clock, clock()
        pictures, date = learner.pictures, datetime.now(UTC).isoformat(timespec="seconds")
        device, size = device_name(learner.settings.device), learner.settings.batch_size
        about = About(device, date, learner.seed, pictures.name, pictures.counts, learner.body.name, size, versions())
        self._write(asdict(about))

    def __call__(self, event: Event) -> None:
        self._write([round(self._clock() - self._began, 4), type(event).__name__, asdict(event)])

    def _write(self, said: Any) -> None:
        self._file.write(json.dumps(said) + "\n")
        self._file.flush()  # a run that breaks off leaves what it said

    def close(self) -> None:
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
        counts = {stage: sum(event.stage == stage for event in epochs) for stage in dict.fromkeys(event.stage for event in epochs)}
        stages = ", ".join(f"{stage} {count} epoch{'s' * (count != 1)}" for stage, count in counts.items())
        return (
            f"{self.about.data}: {stages}, in the end {epochs[-1].accuracy:.1%} right" if epochs else f"{self.about.data}: no whole epoch"
        )

    def play(self, listener: Listener, stop: Stop = never, speed: float = 1.0, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Tell the listener that it is a recording, then every event at its time divided by speed; False where it was stopped."""
        if not speed > 0:
            raise InputError(f"a speed of {speed} cannot be; it is above 0")
        listener(Notice(self.about.sentence()))
        before = 0.0
        for when, event in self.events:
            if stop():
                return False
            left = max(0.0, when - before) / speed
            while left > 0 and not stop():  # a long pause, and the person may not want to wait for its end
                sleep(min(left, PAUSE))
                left -= PAUSE
            before = when
            listener(event)
        return True


def read_recording(path: Path) -> Recording:
    """Raises InputError for a file that is no recording; a last line that was broken off is left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        about = _json(lines[0])
        if about.get("format") != FORMAT:
            raise ValueError(f"its format is {about.get('format')!r}, and {FORMAT!r} is known here")
        whole = [_json(line) for line in lines[1:] if line.endswith("\n")]
        return Recording(About(**about), tuple((float(when), _event(kind, words)) for when, kind, words in whole))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise InputError(f"{path}: this is no recording that can be played: {error}") from None


def _json(line: str) -> Any:
    """Without the numbers that JSON does not have, which a page could not be told."""

    def refused(name: str) -> Any:
        raise ValueError(f"it says {name}")

    return json.loads(line, parse_constant=refused)


def _event(kind: str, words: dict[str, Any]) -> Event:
    made = KINDS[kind](**words)
    wrong = [one.name for one in fields(made) if not isinstance(words[one.name], PLAIN[str(one.type)])]
    if wrong:
        raise ValueError(f"{kind} says nothing usable of {wrong[0]}")
    return made
