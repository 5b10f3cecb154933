"""The loop: one stage's epochs, batch by batch, so that it can be watched, stopped, and taken up
again where it was.

Chance is a function of where one is: every batch starts PyTorch's random state from (seed, stage,
epoch, batch). So nothing of it has to be kept, and a run that was interrupted goes on as if it had
not been.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from ..data.events import BatchEnded, EpochEnded, Listener, Stop, Stopped, never, nobody
from ..data.metrics import ACCURACY
from .augmentation import DRAWS
from .checkpoints import Tensors, named, of
from .distributed import Processes
from .loss import Blend, Loss, blend
from .machine import computes_with_bf16
from .memory import Portions, needed_for
from .schedules import Stage, first_learning
from .scores import score
from .seeds import forked, seed_of, sow
from .sources import Source

BETA, EPS, WEIGHT_DECAY = (
    0.99,
    1e-5,
    0.01,
)  # fastai's Adam: decay decoupled; the first beta is the schedule's momentum
FIRST_BETA = 0.9
CHECKED_AT_ONCE = 64  # pictures


class Diverged(ArithmeticError):
    """The loss is not a finite number any more. lr: the head's rate when it happened."""

    def __init__(self, where: str, lr: float):
        super().__init__(where)
        self.where, self.lr = where, lr


@dataclass(eq=False)
class Trainee:
    """What learns in a stage: the module, its parameters by layer from the first to the head, and
    its two parts of data.
    """

    module: nn.Module
    groups: list[tuple[str, list[nn.Parameter]]]
    train: Source
    valid: Source
    is_small: bool = (
        False  # so small that on a CPU one thread is faster than several, which wait for each other
    )


@dataclass
class Settings:
    """mixed: bf16 autocast and channels_last, which are faster where the device computes with bf16;
    None: there. processes: this one among those that torchrun started. metric: what the best epoch
    is known by.
    """

    batch_size: int
    seed: int
    device: torch.device
    mixed: bool | None = None
    processes: Processes = field(default_factory=Processes)
    loss: Loss = field(default_factory=Loss)
    metric: str = ACCURACY

    def __post_init__(self) -> None:
        self.mixed = computes_with_bf16(self.device) if self.mixed is None else self.mixed

    def autocast(self) -> AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16) if self.mixed else nullcontext()


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Inside, PyTorch uses so many threads on the CPU; None: as many as it did."""
    usual = torch.get_num_threads()
    torch.set_num_threads(count or usual)
    try:
        yield
    finally:
        torch.set_num_threads(usual)


class Training:
    """One stage under way.

    number: the stage's number in the whole run. Use: `run`, and `state`/`restore` around it.
    """

    def __init__(
        self,
        trainee: Trainee,
        stage: Stage,
        settings: Settings,
        number: int = 0,
        portions: Portions | None = None,
        listener: Listener = nobody,
        stop: Stop = never,
    ):
        self.trainee, self.stage, self.settings, self.number = trainee, stage, settings, number
        self.processes = settings.processes
        self.portions = portions or Portions(self.processes.is_alone)
        self.listener, self.stop = listener, stop
        self._let_learn()
        self.module = self.processes.together(trainee.module)
        self.optimiser = torch.optim.AdamW(
            [{"params": parameters} for _, parameters in trainee.groups],
            betas=(FIRST_BETA, BETA),
            eps=EPS,
            weight_decay=WEIGHT_DECAY,
            fused=True,  # one pass over each weight, a fifth of the time
        )
        self.epoch = self.batch = 0  # the next ones
        self.loss_sum = self.seconds = 0.0  # of the epoch so far
        self.speed = (0.0, 0)  # seconds and batches since this run began

    def _let_learn(self) -> None:
        """The layers of this stage's depth; nothing is computed of those before them but what they
        make of a picture.
        """
        first = first_learning([name for name, _ in self.trainee.groups], self.stage.depth)
        for k, (_, parameters) in enumerate(self.trainee.groups):
            for parameter in parameters:
                parameter.requires_grad_(k >= first)

    # --- the loop

    def run(self, keep: Callable[[EpochEnded | None], None]) -> bool:
        """Train to the stage's end; False where it was stopped before.

        keep: called at each epoch's end with it, and with None at a stop.

        Raises Diverged, with whatever weights there are by then.
        """
        with forked(self.settings.device), threads(1 if self.trainee.is_small else None):
            while self.epoch < self.stage.epochs:
                ended = self._epoch()
                if ended is None:
                    keep(None)
                    return False
                self.epoch, self.batch, self.loss_sum, self.seconds = self.epoch + 1, 0, 0.0, 0.0
                keep(ended)
                self.listener(ended)
        return True

    def _epoch(self) -> EpochEnded | None:
        """None where it was stopped: after a batch, or in the validation, which a resumed run does
        from its beginning.
        """
        try:
            return self._ended() if self._learn() else None
        except Stopped:
            return None

    def _learn(self) -> bool:
        """The rest of this epoch; False where it was stopped."""
        chosen = self.order(self.epoch)
        left = chosen[self.batch :]
        kept = self.trainee.train.batches([self.processes.own(index) for index in left])
        for index in left:
            if self.stopped():
                return False
            began = time.perf_counter()
            lrs = self._set_rates(
                (self.epoch * len(chosen) + self.batch) / (self.stage.epochs * len(chosen))
            )
            loss = self.step(index, next(kept))
            self.loss_sum += loss * len(index)
            self.batch += 1
            took = time.perf_counter() - began
            self.seconds += took
            self.speed = (self.speed[0] + took, self.speed[1] + 1)
            self.listener(self._batch_ended(len(chosen), loss, lrs[-1]))
        return True

    def stopped(self) -> bool:
        """Whether somebody asked for it, of any of the processes."""
        return self.processes.any(self.stop())

    def order(self, epoch: int) -> list[torch.Tensor]:
        """The picture numbers of each of an epoch's batches: all pictures, each once.

        A picture that is left over joins the batch before it: alone, it may give a batch norm one
        number to take the statistics from.
        """
        chance = torch.Generator().manual_seed(seed_of(self.settings.seed, self.number, epoch))
        batches = list(
            torch.randperm(len(self.trainee.train.labels), generator=chance).split(
                self.settings.batch_size
            )
        )
        if len(batches) > 1 and len(batches[-1]) == 1 < self.settings.batch_size:
            batches[-2:] = [torch.cat(batches[-2:])]
        return batches

    def step(self, index: torch.Tensor, kept: torch.Tensor) -> float:
        """Learn from one batch, of which `kept` is this process's share.

        Returns the loss before it, or raises Diverged.
        """
        own, device = self.processes.share(index), self.settings.device
        # A process without a picture of its own takes part with another's, counted as nothing.
        weight = 1 if len(own) else 0
        labels = self.trainee.train.labels[self.processes.own(index)].to(device)

        def work(slices: list[slice]) -> float:
            self.module.train()
            self.optimiser.zero_grad()
            inputs = self.prepared(index, kept)
            mix = self._blend(len(labels))
            inputs = mix.of(inputs) if mix else inputs
            total = torch.zeros((), device=device)
            for part in slices:
                with self.processes.quietly(self.module, part is slices[-1]):
                    logits = self._logits(self.module, inputs[part])
                    losses = self.settings.loss.sums(logits, labels[part])
                    if mix:
                        share = mix.share[part].to(device)
                        others = labels[mix.other[part].to(device)]
                        losses = share * losses + (1 - share) * self.settings.loss.sums(
                            logits, others
                        )
                    loss = losses.sum() * weight
                    (loss * (self.processes.count / len(index))).backward()
                total += loss.detach()
            return total.item()

        loss = self.processes.sum(self.portions.run(work, len(labels), self.listener)) / len(index)
        if not math.isfinite(loss):
            raise Diverged(
                f"batch {self.batch + 1} of epoch {self.epoch + 1}",
                self.optimiser.param_groups[-1]["lr"],
            )
        with needed_for("the optimiser's two averages of every weight"):
            self.optimiser.step()
        return loss

    def prepared(self, index: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """What the network sees of this process's share of a batch.

        A picture's augmentation does not depend on whose share it is in.
        """
        where = (self.settings.seed, self.number, self.epoch, self.batch)
        chance = torch.rand(
            len(index), DRAWS, generator=torch.Generator().manual_seed(seed_of(*where))
        )
        sow(
            seed_of(*where, self.processes.rank), self.settings.device
        )  # for the network's own, such as dropout
        return self.trainee.train.prepared(kept, self.processes.own(chance))

    def _blend(self, count: int) -> Blend | None:
        """Of this process's share of the batch, where the network learns from pictures."""
        alpha = self.settings.loss.mixup
        if not alpha or self.stage.name != "unfrozen":
            return None
        where = (self.settings.seed, self.number, self.epoch, self.batch, self.processes.rank)
        return blend(count, alpha, seed_of("mixup", *where))

    def logits(self, source: Source) -> torch.Tensor:
        """(pictures, classes) of every picture of the source as it is, without augmentation, in the
        source's order; on the CPU.

        Raises Stopped where that is asked for.
        """
        self.trainee.module.eval()

        def sliced(kept: torch.Tensor, slices: list[slice]) -> torch.Tensor:
            inputs = source.prepared(kept, None)
            return torch.cat([self._logits(self.trainee.module, inputs[part]) for part in slices])

        def work(kept: torch.Tensor) -> torch.Tensor:
            return self.portions.run(partial(sliced, kept), len(kept), self.listener).cpu()

        at_once = max(CHECKED_AT_ONCE, self.settings.batch_size)
        with torch.inference_mode():
            return self.processes.rows(len(source.labels), at_once, source.batches, work, self.stop)

    def _logits(self, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        with self.settings.autocast():
            return module(inputs).float()

    def _set_rates(self, share: float) -> list[float]:
        lrs, momentum = self.stage.at(share, len(self.optimiser.param_groups))
        self.set_rates(lrs, momentum)
        return lrs

    def set_rates(self, lrs: list[float], momentum: float = FIRST_BETA) -> None:
        for group, lr in zip(self.optimiser.param_groups, lrs, strict=True):
            group["lr"], group["betas"] = lr, (momentum, BETA)

    # --- what it says

    def _ended(self) -> EpochEnded:
        logits, labels = self.logits(self.trainee.valid).double(), self.trainee.valid.labels
        valid_loss = functional.cross_entropy(logits, labels).item()
        if not math.isfinite(valid_loss):
            raise Diverged(
                f"the validation after epoch {self.epoch + 1}",
                self.optimiser.param_groups[-1]["lr"],
            )
        right = logits.argmax(dim=1) == labels
        wrong = ~right
        metric = self.settings.metric
        train_loss = self.loss_sum / len(self.trainee.train.labels)
        return EpochEnded(
            self.stage.name,
            self.epoch + 1,
            self.stage.epochs,
            train_loss,
            valid_loss,
            right.double().mean().item(),
            self.seconds,
            metric,
            None if metric == ACCURACY else score(metric, logits, labels),
            logits.softmax(dim=1).amax(dim=1).mean().item(),
            functional.cross_entropy(logits[wrong], labels[wrong]).item() if wrong.any() else None,
        )

    def _batch_ended(self, batches: int, loss: float, lr: float) -> BatchEnded:
        seconds, done = self.speed
        left = (self.stage.epochs - self.epoch) * batches - self.batch
        return BatchEnded(
            self.stage.name,
            self.epoch + 1,
            self.stage.epochs,
            self.batch,
            batches,
            loss,
            lr,
            left * seconds / done,
            self.optimiser.param_groups[-1]["betas"][0],
        )

    # --- where it is

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """All that the rest of the stage depends on.

        The tensors are the live ones: write or clone them before going on.
        """
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        kept = {
            f"{k}.{name}": value
            for k, p in enumerate(parameters)
            for name, value in self.optimiser.state.get(p, {}).items()
        }
        numbers = {
            "epoch": self.epoch,
            "batch": self.batch,
            "loss_sum": self.loss_sum,
            "seconds": self.seconds,
        }
        return {**named("module", self.trainee.module.state_dict()), **named("optimiser", kept)}, {
            **numbers,
            "stage": stage_words(self.stage),
        }

    def restore(self, tensors: Tensors, numbers: dict[str, Any]) -> None:
        """Go back, or on, to what `state` said."""
        self.trainee.module.load_state_dict(of("module", tensors))
        parameters = [p for group in self.optimiser.param_groups for p in group["params"]]
        self.optimiser.state.clear()
        for name, value in of("optimiser", tensors).items():
            k, _, what = name.partition(".")
            parameter = parameters[int(k)]
            self.optimiser.state[parameter][what] = value.to(
                parameter.device
            ).clone()  # fused, AdamW counts its steps there too
        self.epoch, self.batch = numbers["epoch"], numbers["batch"]
        self.loss_sum, self.seconds = numbers["loss_sum"], numbers["seconds"]


def stage_words(stage: Stage) -> dict[str, Any]:
    """The stage in JSON's words."""
    lr = ["slice", stage.lr.start, stage.lr.stop] if isinstance(stage.lr, slice) else stage.lr
    return {**asdict(stage), "lr": lr, "momenta": list(stage.momenta)}


def stage_of(words: dict[str, Any]) -> Stage:
    lr = words["lr"]
    return Stage(
        **{
            **words,
            "lr": slice(*lr[1:]) if isinstance(lr, list) else lr,
            "momenta": tuple(words["momenta"]),
        }
    )
