"""Several processes that learn together, started by torchrun: PyTorch's DistributedDataParallel.

All that they have to agree on is here; Settings (training.py) hands it to the other rooms. Alone,
all of this does nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ..data.events import Listener, Stop, Stopped, never, nobody

T = TypeVar("T")


class Processes:
    """This process (`rank`) among `count`. The first one writes."""

    def __init__(self) -> None:
        together = distributed.is_available() and distributed.is_initialized()
        self.rank, self.count = (
            (distributed.get_rank(), distributed.get_world_size()) if together else (0, 1)
        )

    @property
    def is_alone(self) -> bool:
        return self.count == 1

    @property
    def is_writer(self) -> bool:
        return self.rank == 0

    def heard(self, listener: Listener) -> Listener:
        """What happened is told once, by the one that writes."""
        return listener if self.is_writer else nobody

    def stoppable(self, stop: Stop) -> Stop:
        """For work of unequal shares, after which they wait for each other: they go on until
        training asks them all.
        """
        return stop if self.is_alone else never

    def share(self, batch: torch.Tensor) -> torch.Tensor:
        """This process's pictures of a batch: every count-th, so that all of them together are the
        batch.
        """
        return batch[self.rank :: self.count]

    def own(self, index: torch.Tensor) -> torch.Tensor:
        """This process's share, or, where it has none, a picture of another's."""
        own = self.share(index)
        return own if len(own) else index[:1]

    def together(self, module: nn.Module) -> nn.Module:
        """The module whose gradients are averaged over the processes as they come."""
        return module if self.is_alone else DistributedDataParallel(module)

    def quietly(self, module: nn.Module, last: bool) -> AbstractContextManager:
        """Gradients of all but the last part of a batch wait to be averaged."""
        return (
            module.no_sync()
            if isinstance(module, DistributedDataParallel) and not last
            else nullcontext()
        )

    def sum(self, number: float) -> float:
        if self.is_alone:
            return number
        total = torch.tensor(number, dtype=torch.float64)
        distributed.all_reduce(total)
        return total.item()

    def any(self, flag: bool) -> bool:
        return self.sum(float(flag)) > 0

    def rows(
        self,
        count: int,
        at_once: int,
        batches: Callable[[Sequence[torch.Tensor]], Iterator[torch.Tensor]],
        work: Callable[[torch.Tensor], torch.Tensor],
        stop: Stop,
    ) -> torch.Tensor:
        """(count, ...): work(batch) for each of `batches`, which take up to at_once of `count`
        pictures, by number; each process does its share.

        Raises Stopped where that is asked for.
        """
        chosen, stop, found = (
            self.share(torch.arange(count)).split(at_once),
            self.stoppable(stop),
            [],
        )
        for _, batch in zip(chosen, batches(chosen), strict=True):
            if stop():
                raise Stopped
            found.append(work(batch))
        return self._woven(torch.cat(found), count).clone()

    def _woven(self, own: torch.Tensor, total: int) -> torch.Tensor:
        """The rows of all processes' shares in their first order."""
        if self.is_alone:
            return own
        parts: list[Any] = [None] * self.count
        distributed.all_gather_object(parts, own)
        whole = torch.empty(total, *own.shape[1:], dtype=own.dtype)
        for rank, part in enumerate(parts):
            whole[rank :: self.count] = part
        return whole

    def from_writer(self, read: Callable[[], T]) -> T:
        """What the process that writes files has read: another computer's may not see them."""
        if self.is_alone:
            return read()
        told: list[Any] = [read() if self.is_writer else None]
        distributed.broadcast_object_list(told)
        return told[0]

    def wait(self) -> None:
        if not self.is_alone:
            distributed.barrier()


def is_first() -> bool:
    """Whether this process is the one that writes, also before they are joined."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that torchrun started, if it did, and leave them when all have come to the
    end: it ends those that are left when one has failed.
    """
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    distributed.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
        distributed.barrier()
    finally:
        distributed.destroy_process_group()
