"""Pictures as the body's processor leaves them: kept in memory where they fit, else decoded again
for each batch, ahead of need.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch

from ..data.events import Listener, Stop, Stopped, Worked, never, nobody
from ..data.pictures import Picture
from .bodies import Body

MOST_KEPT = 2_000_000_000  # bytes
AHEAD = 3  # batches being decoded while one is learnt from


class Pixels:
    """labels: (pictures,) of class numbers.

    Threads decode, since Pillow leaves Python to others while it works.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        body: Body,
        most_kept: int = MOST_KEPT,
        listener: Listener = nobody,
        stop: Stop = never,
    ):
        """Raises Stopped where that is asked for, and InputError for a damaged picture."""
        self.pictures, self.body = pictures, body
        self.labels = torch.tensor([picture.label for picture in pictures])
        first = self._one(0)
        self.kept = (
            torch.empty(len(pictures), *first.shape, dtype=torch.uint8)
            if len(pictures) * first.nbytes <= most_kept
            else None
        )
        if self.kept is not None:
            self._keep(self.kept, listener, stop)

    def _keep(self, kept: torch.Tensor, listener: Listener, stop: Stop) -> None:
        pool = ThreadPoolExecutor()
        try:
            for k, one in enumerate(pool.map(self._one, range(len(kept)))):
                if stop():
                    raise Stopped
                kept[k] = one
                listener(Worked("Pictures decoded", k + 1, len(kept)))
        finally:
            pool.shutdown(cancel_futures=True)

    def _one(self, index: int) -> torch.Tensor:
        return self.body.pixels([self.pictures[index].open()])[0]

    def batches(self, chosen: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        """(pictures, channels, rows, columns) of bytes for each of the lists of picture numbers."""
        if self.kept is not None:
            yield from (self.kept[index] for index in chosen)
            return
        pool = ThreadPoolExecutor()
        try:
            ahead: deque = deque()
            for index in chosen:
                ahead.append([pool.submit(self._one, k) for k in index.tolist()])
                if len(ahead) > AHEAD:
                    yield _stacked(ahead.popleft())
            yield from map(_stacked, ahead)
        finally:  # the reader may have stopped early
            pool.shutdown(cancel_futures=True)


def _stacked(futures: list) -> torch.Tensor:
    return torch.stack([future.result() for future in futures])
