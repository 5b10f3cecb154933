"""Random numbers that are a function of where one is, drawn so that nobody outside notices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch


def seed_of(*where: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(where).encode(), digest_size=7).digest(), "big")


def forked(device: torch.device) -> AbstractContextManager:
    """Inside, numbers may be drawn on the CPU and this device; outside, nobody notices."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])


def sow(seed: int, device: torch.device) -> None:
    """As torch.manual_seed, which on a machine without a GPU notes every call for the day when one
    may come, and takes its time; and which, where there are several GPUs, would sow on all of them.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)


@contextmanager
def sown(seed: int) -> Iterator[None]:
    """Inside, PyTorch draws on the CPU from this seed: new weights are the same whatever they will
    learn on.
    """
    cpu = torch.device("cpu")
    with forked(cpu):
        sow(seed, cpu)
        yield
