"""What was done, as a program of a few plain lines that does it again: train.py with the model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from ..data.corrections import Corrections
from ..data.metrics import ACCURACY
from ..learning.bodies import OWN
from ..learning.learner import Learner
from ..learning.loss import Loss
from ..learning.machine import device_name, versions
from ..learning.schedules import Rate, Stage

SCRIPT = "train.py"
AGAIN = "trained-again"  # the folder for the model that the program makes
BROKEN_OFF = (
    "On the way, weights were loaded back or a stage was broken off. That is not in here, so the"
    " numbers will differ."
)
WIDTH = 100  # characters of a line
PLACES = {
    "digits_of": "data.digits",
    "pictures_in": "data.pictures",
    "fewer": "data.pictures",
    "labeller_of": "data.labels",
    "corrected": "data.corrections",
    "Augmentation": "learning.augmentation",
    "load_body": "learning.bodies",
    "at_size": "learning.bodies",
    "Learner": "learning.learner",
    "Loss": "learning.loss",
    "Stage": "learning.schedules",
    "write_model": "takeaway.exports",
}  # the module of each name that a program may use


@dataclass(frozen=True)
class Origin:
    """Where a learner's pictures are from, in the words of the command line.

    data: `digits` and the like, as digits_of takes it; not read for pictures of a folder. labels:
    as labeller_of takes it. sample: of how many pictures; None: all. corrections: of the labels.
    size: of the pictures that the body sees, in pixels; None: its own.
    """

    data: str = ""
    labels: str = "folder"
    sample: int | None = None
    corrections: Corrections = field(default_factory=dict)
    size: int | None = None


def script_of(
    learner: Learner, origin: Origin, epochs: int | None = None, as_it_was: bool = True
) -> str:
    """A Python program that trains as this learner was trained, with the same numbers on the same
    machine. epochs: of the history, after which the network was as it is now; None: all. as_it_was:
    False where something happened to the weights that the history does not tell.
    """
    done = len(learner.history) if epochs is None else epochs
    planned = [(stage.name, k + 1) for stage in learner.plan for k in range(stage.epochs)]
    happened = [(one.stage, one.epoch) for one in learner.history]
    exact = as_it_was and happened == planned[: len(happened)]
    pictures, names = _pictures_lines(learner, origin)
    body, body_names = _body_line(learner, origin)
    names |= body_names | {"Learner", "Stage", "Augmentation", "write_model"}
    stop = f", stop=lambda: len(learner.history) >= {done}" if exact and done < len(planned) else ""
    lines = [
        *pictures,
        f"body = {body}",
        *_call("learner = Learner", ["pictures", "body", *_settings(learner)]),
        *_call("plan = ", [_stage(stage) for stage in learner.plan], ("[", "]")),
        f"learner.fit(plan{stop})",
        'print(*learner.history, f"Accuracy {learner.predictions().accuracy:.2%}", sep="\\n")',
        f'write_model(Path("{AGAIN}"), learner)',
    ]
    if learner.settings.loss != Loss():
        names.add("Loss")
    return "\n".join(
        [
            f'"""Trains the network of this folder again, into {AGAIN}: python3 {SCRIPT}',
            "",
            "Needs gradsheet[fine-tuning]. On the machine that it was trained on, the numbers are",
            "the same to the last digit.",
            '"""',
            "",
            f"# {device_name(learner.settings.device)}; PyTorch {versions()['torch']}",
            *([] if exact else [f"# {BROKEN_OFF}"]),
            "from pathlib import Path",
            "",
            *_imports(names),
            "",
            *lines,
            "",
        ]
    )


def _imports(names: set[str]) -> list[str]:
    by_module: dict[str, list[str]] = {}
    for name in sorted(names - {"replace"}):
        by_module.setdefault(PLACES[name], []).append(name)
    return [
        *(["from dataclasses import replace"] if "replace" in names else []),
        *(
            f"from widgets.fine_tuning.{module} import {', '.join(held)}"
            for module, held in sorted(by_module.items())
        ),
    ]


def _pictures_lines(learner: Learner, origin: Origin) -> tuple[list[str], set[str]]:
    """The lines that make `pictures`, and the names that they use."""
    seed, folder = learner.seed, learner.pictures.folder
    if folder is None:
        made, names = f"pictures = digits_of({origin.data!r}, seed={seed})", {"digits_of"}
        lines = [made]
        if origin.sample is not None:
            lines.append(f"pictures = fewer(pictures, {origin.sample})")
            names.add("fewer")
    else:
        names, asked = {"pictures_in"}, [repr(str(folder))]
        if origin.labels != "folder":
            asked.append(f"labeller_of({_findable(origin.labels, folder)!r}, {str(folder)!r})")
            names.add("labeller_of")
        asked.append(f"seed={seed}")
        if origin.sample is not None:
            asked.append(f"sample={origin.sample}")
        lines = _call("pictures = pictures_in", asked)
    if origin.corrections:
        rows = [f"{name!r}: {label!r}" for name, label in origin.corrections.items()]
        lines += [
            *_call("corrections = ", rows, ("{", "}")),
            "pictures = corrected(pictures, corrections, all_there=False)",
        ]
        names.add("corrected")
    return lines, names


def _findable(labels: str, folder: Path) -> str:
    """A CSV's place from anywhere, unless it is beside the pictures."""
    kind, _, what = labels.partition(":")
    if kind != "csv" or os.path.isfile(folder / what):
        return labels
    return f"csv:{Path(what).resolve()}"


def _body_line(learner: Learner, origin: Origin) -> tuple[str, set[str]]:
    """What makes the body, and the names that it uses."""
    name = learner.body.name
    if name not in OWN and os.path.isdir(name):
        name = str(Path(name).resolve())
    made, names = f"load_body({name!r})", {"load_body"}
    if learner.body.goes_on:
        made, names = f"replace({made}, goes_on=True)", names | {"replace"}
    if origin.size is not None:
        made, names = f"at_size({made}, {origin.size})", names | {"at_size"}
    return made, names


def _settings(learner: Learner) -> list[str]:
    """The learner's, without those that are as usual."""
    settings = learner.settings
    return [
        f"batch_size={settings.batch_size}",
        f"seed={learner.seed}",
        f"augmentation={learner.trainees.augmentation!r}",
        *([f"loss={settings.loss!r}"] if settings.loss != Loss() else []),
        *([f"metric={settings.metric!r}"] if settings.metric != ACCURACY else []),
    ]


def _stage(stage: Stage) -> str:
    """Without what is as usual."""
    usual = {one.name: one.default for one in fields(Stage)}
    more = [
        f"{name}={value!r}"
        for name, value in vars(stage).items()
        if name not in ("name", "epochs", "lr") and value != usual[name]
    ]
    return f"Stage({', '.join([repr(stage.name), str(stage.epochs), _rate(stage.lr), *more])})"


def _rate(lr: Rate) -> str:
    if not isinstance(lr, slice):
        return repr(float(lr))
    ends = [lr.stop] if lr.start is None else [lr.start, lr.stop]
    return f"slice({', '.join(repr(float(end)) for end in ends)})"


def _call(start: str, parts: Sequence[str], brackets: tuple[str, str] = ("(", ")")) -> list[str]:
    """In one line where that is short enough, else in one for each part."""
    first, last = brackets
    whole = f"{start}{first}{', '.join(parts)}{last}"
    if len(whole) <= WIDTH:
        return [whole]
    return [f"{start}{first}", *(f"    {part}," for part in parts), last]
