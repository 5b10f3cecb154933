"""What a run ran on: the device, its memory, the versions."""

from __future__ import annotations

import ctypes
import os
import platform
from importlib.metadata import version

import torch

from sheets import InputError

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # glibc's malloc.h
KEPT = 2**30  # bytes at the heap's end
PACKAGES = ("gradsheet", "torch", "transformers", "safetensors", "Pillow", "numpy")


def leave_a_core() -> None:
    """To the page, while PyTorch learns on the CPU."""
    if not torch.cuda.is_available():
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))


def keep_memory() -> bool:
    """Large tensors take the place of those before them: glibc would give each back to the system,
    which clears every page again. For a process that trains and ends, since it gives nothing back.

    False where there is no glibc.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(M_MMAP_MAX, 0) and mallopt(M_TRIM_THRESHOLD, KEPT))


def device_of(name: str | None = None) -> torch.device:
    """cpu, cuda:0 and so on; cuda is this process's GPU; None: that one, or the CPU where there is
    none.

    A GPU has its number, since another thread would have another one in mind by "cuda". Raises
    InputError for what is not there.
    """
    known = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count()))]
    if name is None:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and torch.cuda.is_available():
        name = f"cuda:{torch.cuda.current_device()}"
    if name not in known:
        raise InputError(f"device {name!r} is not there; this computer has {', '.join(known)}")
    return torch.device(name)


def computes_with_bf16(device: torch.device) -> bool:
    """Faster than with 32 bits, that is: an older GPU, such as a T4, only imitates bf16, and
    slowly.
    """
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def device_name(device: torch.device) -> str:
    """NVIDIA's name of a GPU; for a CPU how many threads PyTorch uses."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' * (threads != 1)}, {platform.machine()}"


def device_sentence(device: torch.device) -> str:
    """The device and its memory, for the person."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        return (
            f"{device_name(device)}: {free / 2**30:.1f} of {total / 2**30:.1f} GiB of its memory"
            " free."
        )
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return (
            f"{device_name(device)}, {total / 2**30:.1f} GiB of memory. No GPU was found; a small"
            " body and few pictures do well here."
        )
    return f"{device_name(device)}. No GPU was found; a small body and few pictures do well here."


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
