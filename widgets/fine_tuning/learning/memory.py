"""When the device has no memory left: a batch is cut into halves, which is said, and the same step
goes on; anything else ends in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from sheets import InputError

from ..data.events import Listener, Notice

T = TypeVar("T")
SIGNS = (
    "out of memory",  # CUDA's driver
    "_ALLOC_FAILED",  # cuBLAS, cuDNN
    "can't allocate memory",  # PyTorch on a CPU
    # oneDNN on a CPU: seen with too little memory, and a network that is here has run before
    "could not create a primitive",
    "could not create a memory",
)
ADVICE = "take a smaller body, or a device with more memory"


class Portions:
    """How many pictures go through the network at a time: all of a batch, until that has once been
    too many.
    """

    def __init__(self, alone: bool = True) -> None:
        """alone: no other process waits for this one's next gradient, so that it may begin a step
        again.
        """
        self.most: int | None = None
        self.alone = alone

    def of(self, count: int) -> list[slice]:
        size = min(count, self.most or count)
        return [slice(start, start + size) for start in range(0, count, size)]

    def run(self, work: Callable[[list[slice]], T], count: int, listener: Listener) -> T:
        """work(slices) for `count` pictures; with smaller slices, and from the beginning, after
        each time that memory runs out.
        """
        while True:
            try:
                return work(self.of(count))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
            self._halve(
                count, listener
            )  # outside of `except`, whose traceback would hold the failed batch's memory

    def _halve(self, count: int, listener: Listener) -> None:
        tried = min(count, self.most or count)
        if tried == 1:
            raise InputError(f"the device has no memory even for one picture: {ADVICE}")
        if not self.alone:
            raise InputError(
                f"a device ran out of memory with {tried} pictures at once; start again with a"
                " smaller batch"
            )
        self.most = (tried + 1) // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        listener(
            Notice(
                f"The device ran out of memory with {tried} pictures at once. It goes on with"
                f" {self.most}; a step still learns from all."
            )
        )


def is_out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in SIGNS)


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Inside, memory is needed that cannot be had in smaller parts.

    Raises InputError where there is none.
    """
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(f"the device has no memory for {what}: {ADVICE}") from error
