"""What a network says of pictures whose labels nobody knows."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch

from sheets import InputError

from ..data.events import Listener, Stop, Stopped, Worked, never, nobody
from ..data.pictures import Picture
from ..data.reading import UnreadablePicture, read
from .augmentation import Augmentation
from .bodies import Body
from .memory import Portions
from .views import VIEWS, averaged, check_views, drawn

AT_ONCE = 64  # pictures
AHEAD = 2  # batches being decoded while one is looked at


@dataclass(frozen=True, eq=False)
class Answers:
    """ids: n names. probabilities: (n, classes). unreadable: by id, why a picture could not be
    read; all classes are equally probable there.
    """

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    probabilities: np.ndarray
    unreadable: dict[str, str]

    @property
    def labels(self) -> list[str]:
        """The most probable class of each."""
        return [self.classes[k] for k in self.probabilities.argmax(axis=1)]


def answers(
    body: Body,
    pictures: Sequence[Picture],
    device: torch.device,
    listener: Listener = nobody,
    stop: Stop = never,
    augmentation: Augmentation | None = None,
) -> Answers:
    """In the pictures' order, by the body's own last layer. augmentation: averaged over the views
    that it makes of each picture. Raises Stopped where that is asked for, and InputError where
    there is no picture, or one view of it only.
    """
    if augmentation:
        check_views(augmentation)
    if not pictures:
        raise InputError("there is no picture to predict")
    model, portions = body.model.to(device).eval(), Portions()
    rows: list[np.ndarray] = []
    unreadable: dict[str, str] = {}
    for decoded in _decoded(body, pictures):
        if stop():
            raise Stopped
        rows.append(_probabilities(body, model, decoded, portions, device, listener, augmentation))
        unreadable |= {name: why for name, why in decoded if isinstance(why, str)}
        done = min(len(rows) * AT_ONCE, len(pictures))
        listener(Worked("Pictures predicted", done, len(pictures)))
    ids = tuple(picture.id for picture in pictures)
    return Answers(tuple(body.labels), ids, np.concatenate(rows), unreadable)


Decoded = tuple[str, torch.Tensor | str]  # a picture's id, and its pixels or why there are none


def _probabilities(
    body: Body,
    model: torch.nn.Module,
    decoded: list[Decoded],
    portions: Portions,
    device: torch.device,
    listener: Listener,
    augmentation: Augmentation | None,
) -> np.ndarray:
    """(pictures, classes)"""
    found = np.full((len(decoded), len(body.labels)), 1 / len(body.labels))
    readable = [k for k, (_, pixels) in enumerate(decoded) if isinstance(pixels, torch.Tensor)]
    if not readable:
        return found
    pixels = torch.stack([decoded[k][1] for k in readable])  # type: ignore[misc]

    def logits_of(view: int | None) -> torch.Tensor:
        chance = None if view is None else drawn([decoded[k][0] for k in readable], view)

        def work(slices: list[slice]) -> torch.Tensor:
            found = []
            for part in slices:
                seen = pixels[part].to(device).float()
                if augmentation and chance is not None:
                    seen = augmentation(seen, chance[part])
                found.append(model(pixel_values=body.normalised(seen)).logits.float().cpu())
            return torch.cat(found)

        return portions.run(work, len(readable), listener)

    with torch.inference_mode():
        logits = logits_of(None)
        if augmentation:
            logits = averaged(logits, [logits_of(view) for view in range(VIEWS)])
    found[readable] = logits.double().softmax(dim=1).numpy()
    return found


def _decoded(body: Body, pictures: Sequence[Picture]) -> Iterator[list[Decoded]]:
    """AT_ONCE at a time, a few ahead."""

    def one(picture: Picture) -> Decoded:
        try:
            opened = read(picture.file) if picture.file else picture.open()
        except UnreadablePicture as error:
            return picture.id, str(error)
        return picture.id, body.pixels([opened])[0]

    pool = ThreadPoolExecutor()
    waiting: deque[list[Future[Decoded]]] = deque()
    try:
        for batch in _batches(pictures):
            waiting.append([pool.submit(one, picture) for picture in batch])
            if len(waiting) > AHEAD:
                yield [future.result() for future in waiting.popleft()]
        for futures in waiting:
            yield [future.result() for future in futures]
    finally:  # the reader may have stopped early
        pool.shutdown(cancel_futures=True)


def _batches(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    left = iter(pictures)
    while batch := list(islice(left, AT_ONCE)):
        yield batch
