"""`gradsheet predict`: a trained network's answers for pictures without labels, to be handed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sheets import InputError

from ..data.events import Event, Worked
from ..data.files import written_whole
from ..data.unlabelled import pictures_at
from ..learning.bodies import Body, load_body
from ..learning.machine import device_of
from ..learning.predicting import Answers, answers
from ..takeaway.exports import CLIP
from ..takeaway.submission import (
    Layout,
    expected_cost,
    layout_beside,
    layout_of,
    submission_of,
    unreadable_words,
)

MODEL, PREDICTIONS = "model", "predictions.csv"  # of what finetune writes
OFTEN = 10  # batches between two words of how far it is


@dataclass(frozen=True)
class Wish:
    """model: a model folder, or the folder that finetune wrote it into. like: a sample submission;
    None: the one beside the pictures, if there is one. only: the class of a single column.
    """

    model: Path
    pictures: Sequence[Path]
    out: Path = Path("submission.csv")
    only: str | None = None
    clip: float = CLIP
    like: Path | None = None
    overwrite: bool = False


def predict(wish: Wish, say: Callable[[str], None]) -> int:
    """Raises InputError."""
    check_free(wish.out, wish.overwrite)
    layout = layout_for(wish)
    pictures = list(pictures_at(wish.pictures))
    body = model_at(wish.model)
    found = answers(body, pictures, device_of(), heard(say))
    text = submission_of(found, layout, wish.clip, wish.only)
    with written_whole(wish.out) as draft:
        draft.write_text(text, encoding="utf-8", newline="")
    for sentence in sentences(found, wish):
        say(sentence)
    return 0


def check_free(out: Path, overwrite: bool) -> None:
    """Raises InputError where something is there already, or nothing can be."""
    if out.is_dir() or (out.exists() and not overwrite):
        raise InputError(f"{out} is there already; give another --out, or add --overwrite")
    if not out.absolute().parent.is_dir():
        raise InputError(f"{out}: there is no folder to write it into")


def layout_for(wish: Wish) -> Layout | None:
    """The one that was named; else the one beside the pictures, or beside their folder."""
    if wish.like is not None:
        return layout_of(wish.like)
    folders = [path for path in wish.pictures if path.is_dir()]
    return layout_beside(*(place for path in folders for place in (path, path.resolve().parent)))


def model_at(place: Path) -> Body:
    inside = place / MODEL
    body = load_body(inside if (inside / "config.json").is_file() else place)
    if not body.has_head:
        raise InputError(f"{place}: this network has no head of its own, so it names no classes")
    return body


def heard(say: Callable[[str], None]) -> Callable[[Event], None]:
    told = 0

    def hear(event: Event) -> None:
        nonlocal told
        told += 1
        if isinstance(event, Worked) and (told % OFTEN == 0 or event.done == event.total):
            say(f"{event.what}: {event.done:,} of {event.total:,}")

    return hear


def sentences(found: Answers, wish: Wish) -> Iterator[str]:
    """What was written, and what there is to know about it."""
    yield from unreadable_words(found)
    yield f"Wrote {wish.out}: {len(found.ids):,} pictures, {len(found.classes):,} classes."
    for folder in (wish.model, wish.model.parent):
        if (folder / PREDICTIONS).is_file():
            loss = expected_cost(folder / PREDICTIONS, wish.clip)
            yield (
                f"With probabilities clipped at {wish.clip:g}, a log loss of {loss:.4f} is to be"
                " expected: that of the validation pictures."
            )
            return
