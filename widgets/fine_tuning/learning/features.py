"""What a frozen body makes of the pictures: computed once, kept in memory and on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch
from huggingface_hub import cached_assets_path
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..data.events import Listener, Stop, Worked
from ..data.files import written_whole
from .memory import Portions
from .pixels import Pixels
from .training import Settings

BATCH = 64


def fingerprint(*parts: object) -> str:
    """Tells these texts, bytes and named tensors from any others."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Mapping):
            for name, tensor in part.items():
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(
                    tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
                )
        else:
            digest.update(part if isinstance(part, bytes) else str(part).encode())
        digest.update(b"\0")
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where features are kept between runs: beside the models that Hugging Face keeps."""
    return cached_assets_path("gradsheet", namespace="features", subfolder="v1")


def computed(
    pixels: Pixels,
    body: Callable[[torch.Tensor], torch.Tensor],
    settings: Settings,
    portions: Portions,
    listener: Listener,
    stop: Stop,
) -> torch.Tensor:
    """(pictures, features), float32 on the CPU: body(normalised pixels) without augmentation, each
    process its share.

    Raises Stopped where that is asked for.
    """
    total = len(settings.processes.share(torch.arange(len(pixels.pictures))))
    done = 0

    def sliced(batch: torch.Tensor, slices: list[slice]) -> torch.Tensor:
        with settings.autocast():
            parts = [
                body(pixels.body.normalised(batch[part].to(settings.device).float()))
                for part in slices
            ]
        return torch.cat(parts).float().cpu()

    def work(batch: torch.Tensor) -> torch.Tensor:
        nonlocal done
        found = portions.run(partial(sliced, batch), len(batch), listener)
        done += len(batch)
        listener(Worked("Pictures through the body", done, total))
        return found

    with torch.inference_mode():
        return settings.processes.rows(len(pixels.pictures), BATCH, pixels.batches, work, stop)


def kept(
    key: str, make: Callable[[], torch.Tensor], folder: Path, settings: Settings
) -> torch.Tensor:
    """The features of this key from disk, or made now and put there.

    A damaged file is made again; a full disk is no reason to stop.
    """
    path = folder / f"{key}.safetensors"
    try:
        found = load_file(path)["features"] if path.is_file() else None
    except (OSError, SafetensorError, KeyError):
        found = None
    if settings.processes.any(found is None):  # all of the processes, or none
        found = make()
        if settings.processes.is_writer:
            _write(found, path)
    assert found is not None
    return found


def _write(features: torch.Tensor, path: Path) -> None:
    with suppress(OSError, SafetensorError):  # a full disk, a folder that is not ours
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            save_file({"features": features.contiguous()}, draft)
