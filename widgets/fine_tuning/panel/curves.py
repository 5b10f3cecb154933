"""What training said, by batch and by epoch, as curves beside each other: JSON-ready, and short
enough to be sent again and again.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..data.events import BatchEnded, EpochEnded

MOST_POINTS = 500  # of batches in a run; every other one is left out when there are more
PREDICTIONS, PRETRAINED, SCRATCH, RECORDING = (
    "body's predictions",
    "pretrained",
    "from scratch",
    "recording",
)


class Curves:
    """runs: one for each stage that was trained: its `source`, `stage`, `start` (epochs that its
    source had been trained before), `at` (of batches, in epochs since the source's beginning),
    their `losses`, `lrs` (the head's) and `momenta`, and `epochs`, with where each ended as `at`;
    and, where a save was loaded after it, `loaded`: the epoch that it was saved after, None for one
    from before any training.
    """

    def __init__(self, runs: list[dict[str, Any]] | None = None):
        self.runs = runs or []

    def hear(self, source: str, event: BatchEnded | EpochEnded) -> None:
        run = self._run(source, event.stage, event.epochs)
        if isinstance(event, EpochEnded):
            before = [epoch for epoch in run["epochs"] if epoch["epoch"] < event.epoch]
            run["epochs"] = [*before, {**asdict(event), "at": run["start"] + event.epoch}]
            run.pop("loaded", None)
            return
        at = round(run["start"] + event.epoch - 1 + event.batch / event.batches, 4)
        kept = sum(
            x < at for x in run["at"]
        )  # after a resumption, the batches since the checkpoint come again
        now = {
            "at": at,
            "losses": round(event.loss, 6),
            "lrs": event.lr,
            "momenta": round(event.momentum, 6),
        }
        for name, value in now.items():
            run[name] = [*run.get(name, [])[:kept], value]
        if len(run["at"]) > MOST_POINTS:
            for name in now:
                run[name] = run[name][::2]

    def of(self, source: str) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["source"] == source]

    def stands(self, source: str, back: int = 0) -> dict[str, Any] | None:
        """The epoch, with its `stage`, that the source's network is from, after its last run or
        some runs back; None for no epoch.
        """
        runs = [run for run in self.of(source) if run["epochs"] or "loaded" in run]
        if len(runs) <= back:
            return None
        run = runs[-1 - back]
        return run["loaded"] if "loaded" in run else run["epochs"][-1]

    def loaded(self, source: str, epoch: dict[str, Any] | None) -> None:
        """The network is as it was after this epoch again."""
        for run in self.of(source)[-1:]:
            run["loaded"] = epoch

    def is_loaded(self, source: str) -> bool:
        """Whether it has learnt nothing since."""
        return any("loaded" in run for run in self.of(source)[-1:])

    def begin(self, source: str) -> None:
        """What comes next is another stage, even where it is called as the one before."""
        for run in self.of(source):
            run["over"] = True

    def forget(self, source: str) -> None:
        self.runs = [run for run in self.runs if run["source"] != source]

    def _run(self, source: str, stage: str, epochs: int) -> dict[str, Any]:
        """The run that an event of this stage belongs to: the source's last one, or a new one after
        it.
        """
        own = self.of(source)
        last = own[-1] if own else None
        if last and not last["over"] and (last["stage"], last["planned"]) == (stage, epochs):
            return last
        start = max([last["start"] + len(last["epochs"]), *last["at"][-1:]]) if last else 0
        made: dict[str, Any] = {
            "source": source,
            "stage": stage,
            "planned": epochs,
            "start": start,
            "over": False,
        }
        made |= {"at": [], "losses": [], "lrs": [], "momenta": [], "epochs": []}
        self.runs.append(made)
        return made
