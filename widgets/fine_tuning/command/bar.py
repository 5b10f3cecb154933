"""How far the training is, in one line of a terminal that is written again and again."""

from __future__ import annotations

import shutil
from typing import TextIO

from ..data.events import BatchEnded, EpochEnded, Event, Worked
from ..learning.results import loss_words

WIDE = 20  # characters of a whole bar
CLEAR = "\r\x1b[K"


class Bar:
    """On a terminal; anywhere else it writes nothing."""

    def __init__(self, stream: TextIO):
        self._stream = stream
        self._shown = stream.isatty()
        self._validation = ""

    def hear(self, event: Event) -> None:
        if isinstance(event, EpochEnded):
            self._validation = f", validation {loss_words(event.valid_loss)}"
        elif isinstance(event, BatchEnded):
            done = (event.epoch - 1) * event.batches + event.batch
            self._draw(
                f"{event.stage} {event.epoch}/{event.epochs}",
                done / (event.epochs * event.batches),
                f"loss {loss_words(event.loss)}{self._validation},"
                f" {clock(event.seconds_left)} left",
            )
        elif isinstance(event, Worked):
            self._draw(event.what, event.done / event.total, f"{event.done:,} of {event.total:,}")

    def clear(self) -> None:
        """Before anything else is written to the terminal."""
        if self._shown:
            self._stream.write(CLEAR)
            self._stream.flush()

    def _draw(self, name: str, share: float, said: str) -> None:
        if not self._shown:
            return
        full = round(WIDE * share)
        line = f"{name} [{'#' * full}{'.' * (WIDE - full)}] {said}"
        room = shutil.get_terminal_size().columns - 1  # a longer line would not be written over
        self._stream.write(CLEAR + line[:room])
        self._stream.flush()


def clock(seconds: float) -> str:
    """4:05, or 1:02:03."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
