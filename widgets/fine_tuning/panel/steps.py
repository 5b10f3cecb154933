"""The lectures' steps, each a job on a session that says in a sentence what happened.

Each takes the session, the numbers that the page sent with it, a listener, and what says that it is
to stop.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sheets import InputError

from ..data.events import Listener, Stop, Stopped, Worked
from ..data.files import written_whole
from ..data.recipe import BASE_LR, Recipe
from ..data.unlabelled import pictures_at
from ..learning.learner import FINISHED, STOPPED
from ..learning.schedules import Stage, stages_of
from ..takeaway import exports, filters
from . import saying
from .curves import PRETRAINED, RECORDING, SCRATCH
from .options import number, optional_whole, rate, whole
from .recordings import read_recording
from .session import BEST, BEST_BEFORE, LATEST, Session
from .showing import (
    MOST_FILTERS,
    MOST_HEATED,
    NEAREST,
    PATCHES,
    address,
    told_answers,
    told_closer,
    told_few,
    told_nearest,
)

LONGEST_NAME = 60

Options = dict[str, Any]


def fit_predictions(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    return session.learn(
        [Stage("predictions", whole(options, "epochs"), rate(options, "lr"))], listen, stop
    )


def compute_features(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    learner, session.body_took = session.learner, (0.0, 0.0)
    if learner.fit_frozen(0, BASE_LR, listen, stop) == STOPPED:
        return saying.STOPPED_FIRST
    learner.save(LATEST)
    first, last = session.body_took
    count = len(session.pictures.train) + len(session.pictures.valid)
    seconds = last - first if first else None
    return saying.popped(
        learner.network.head.in_features, len(session.pictures.classes), count, seconds
    )


def find(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    stage = options.get("stage")
    if stage not in ("frozen", "unfrozen"):
        raise InputError("the finder looks at frozen or unfrozen")
    curve = session.learner.lr_find(stage, listener=listen, stop=stop)
    told = {"stage": stage, **asdict(curve)}
    session.tell("curve", told)
    session.place.keep("curve", told)
    return saying.searched(len(curve.lrs), bool(curve.suggestions), stop())


def fit_frozen(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    return session.learn(
        [Stage("frozen", whole(options, "epochs"), rate(options, "lr"))], listen, stop
    )


def fit_unfrozen(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    lr = slice(rate(options, "first"), rate(options, "lr"))
    depth = optional_whole(options, "depth", 1)
    stage = Stage("unfrozen", whole(options, "epochs"), lr, depth=depth)
    return session.learn([stage], listen, stop)


def fine_tune(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    options = {"frozen_lr": options.get("lr"), **options}
    recipe = Recipe(
        epochs=whole(options, "epochs"),
        frozen_epochs=whole(options, "frozen_epochs"),
        lr=rate(options, "lr"),
        frozen_lr=rate(options, "frozen_lr"),
    )
    return session.learn(stages_of(recipe), listen, stop)


def scratch(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """Train the same architecture from random weights on the same pictures, to compare."""
    plan = [Stage("unfrozen", whole(options, "epochs"), rate(options, "lr"))]
    session.curves.forget(SCRATCH)
    return session.learn(plan, listen, stop, session.from_scratch())


def resume(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    return session.resume(listen, stop)


def save(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    name = str(options.get("name", "")).strip()
    if name in (LATEST, BEST, BEST_BEFORE):
        raise InputError(f"{name} is kept for the panel itself; choose another name")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(
            f"{name[:LONGEST_NAME]!r} cannot be a name: up to {LONGEST_NAME} letters, digits and"
            " spaces"
        )
    session.learner.save(name)
    session.remember(name)
    return f"The weights are saved as {name!r}."


def load(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    name = str(options.get("name", ""))
    session.learner.load(name)
    session.learner.save(LATEST)
    for one in session.saved:
        if one["name"] == name:
            session.curves.loaded(PRETRAINED, one["epoch"])
    session.tell("runs", session.curves.runs)
    session.place.keep("runs", session.curves.runs)
    session.tell("stale", True)
    predicted = session.look(listen, stop)
    return f"The weights are those saved as {name!r} again. {saying.accuracy_of(predicted)}"


def look(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    predicted = session.look(listen, stop)
    return f"The results are those of the network as it is now. {saying.accuracy_of(predicted)}"


def look_inside(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """First-layer filters and what excites them."""
    network = session.learner.network
    drawn = filters.drawn_filters(network)[:MOST_FILTERS]
    patches = filters.exciting_patches(
        network, session.body, session.pictures.valid, PATCHES, listen, stop
    )[:MOST_FILTERS]
    told = [
        {
            "src": address(one),
            "patches": [
                {"src": address(p.pixels), "caption": f"{p.activation:.2f}", "title": p.id}
                for p in found
            ],
        }
        for one, found in zip(drawn, patches, strict=True)
    ]
    session.tell("seen", told)
    session.place.keep("seen", told)
    count = filters.first_layer(network).out_channels
    which = f"the first {len(told)} of {count}" if count > len(told) else f"all {count}"
    return (
        f"Drawn are {which} filters of the first layer, each with the patches that excite it most."
    )


def look_closer(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """Of the pictures with the largest losses: what speaks for what was said, and what is true."""
    predicted, body = session.look(listen, stop), session.learner.trained_body
    told = []
    for k in predicted.top_losses(MOST_HEATED):
        if stop():
            raise Stopped
        told.append(told_closer(predicted, k, body, session.pictures.valid[k].open()))
        listen(Worked("Heat maps", len(told), MOST_HEATED))
    session.tell("heated", told)
    return (
        f"Drawn are the {len(told)} pictures with the largest losses: in orange what speaks for"
        " what was said, and for what is true."
    )


def look_around(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """number: of a validation picture, whose neighbours among the training pictures are shown."""
    k = optional_whole(options, "number", 0, len(session.pictures.valid) - 1)
    if k is None:
        raise InputError("the page did not say which picture; load it again")
    numbers, cosines = session.learner.nearest(k, NEAREST, listen, stop)
    told = told_nearest(session.results(), session.pictures, k, numbers, cosines)
    session.tell("near", told)
    return f"Shown are the {len(numbers)} training pictures most like {session.results().ids[k]}."


def clean(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """Take over the corrections that are marked."""
    return session.put_right(listen, stop)


def few(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """Accuracy by the number of pictures of a class."""
    found = session.learner.by_count(listen, stop)
    told = told_few(found, session.pictures)
    session.tell("few", told)
    session.place.keep("few", told)
    return saying.fewer(found, told["commonest"])


def export(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """out: a whole path, which the panel has allowed."""
    out, outcome = Path(options["out"]), STOPPED if session.learner.unfinished else FINISHED
    clip, failed = number(options, "clip", least=0.0), dict[str, str]()
    try:
        script = session.script() if session.origin else ""
        exports.write_all(
            out, session.learner, outcome, clip, stop, failed.__setitem__, script=script
        )
        if session.applied:
            with written_whole(out / exports.CORRECTIONS) as draft:
                exports.write_corrections(draft, session.applied)
    except OSError as error:
        raise InputError(f"{out}: {error.strerror}; choose another folder") from None
    return " ".join(
        [
            f"Written to {out}: {exports.wrote(out, failed)}. from_pretrained opens model.",
            *(f"{name} is not written: {why}." for name, why in failed.items()),
        ]
    )


def hand_in(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    """folder: a whole path, which the panel has allowed; "" for the pictures of the test.

    within: the folders whose links may be followed.
    """
    folder, within = str(options.get("folder", "")), options.get("within")
    pictures = list(pictures_at([Path(folder)], within)) if folder else session.pictures.test
    session.answers = session.learner.answers(pictures, listen, stop)
    place = Path(folder) if folder else session.pictures.folder
    session.handed_in_from = [place, place.parent] if place else []
    told = told_answers(session.answers, pictures)
    session.tell("handed_in", told)
    return f"{len(pictures):,} pictures are predicted; submission.csv is ready to download."


def play(session: Session, options: Options, listen: Listener, stop: Stop) -> str:
    recording = read_recording(Path(options["path"]))
    session.curves.forget(RECORDING)
    session.tell("playing", recording.about.sentence())
    session.playing = True
    try:
        whole_run = recording.play(listen, stop, number(options, "speed"))
    finally:
        session.playing = False
    return (
        f"The recording was {'played to its end' if whole_run else 'stopped'}; nothing was"
        " computed here."
    )
