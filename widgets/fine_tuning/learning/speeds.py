"""How fast bodies go on this machine, measured whenever one is opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import torch
from huggingface_hub import cached_assets_path
from PIL import Image

from ..data.files import written_whole
from .bodies import Body

AT_ONCE = 8  # pictures of a trial
LEAST = 0.3  # seconds of one
MOST_KEPT = 1000  # speeds


def speed_of(body: Body, device: str, clock: Callable[[], float] = perf_counter) -> float:
    """Pictures a second through the body, without learning; device: cpu, cuda:0 and so on."""
    side = body.pixels([_grey()]).shape[-1]
    pixels, model = torch.zeros(AT_ONCE, 3, side, side, device=device), body.model.to(device)
    done, began = 0, 0.0
    with torch.inference_mode():
        model(pixel_values=pixels)  # the first time prepares what later ones use
        began = clock()
        while clock() - began < LEAST or done == 0:
            model(pixel_values=pixels).logits.sum().item()  # waits for the device
            done += AT_ONCE
    return done / (clock() - began)


def _grey() -> Image.Image:
    return Image.new("RGB", (64, 64), "grey")


class Speeds:
    """What was measured, by device and body, kept in a file."""

    def __init__(self, file: Path):
        self.file = file

    def kept(self, device: str) -> dict[str, float]:
        """By body's name. device: its name, such as `CPU, 2 threads, x86_64`."""
        found = self._all().get(device)
        return found if isinstance(found, dict) else {}

    def of(self, body: Body, device: str, where: str) -> float:
        """The best that was ever measured, now included: whatever else runs only slows down.

        where: as PyTorch calls the device.
        """
        kept = self.kept(device)
        best = max(kept.get(body.name, 0.0), speed_of(body, where))
        if body.name in kept or len(kept) < MOST_KEPT:
            self._keep({**self._all(), device: {**kept, body.name: best}})
        return best

    def _all(self) -> dict:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _keep(self, speeds: dict) -> None:
        with suppress(OSError):  # a full disk: it is measured again
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(self.file) as draft:
                draft.write_text(json.dumps(speeds), encoding="utf-8")


def speeds_file() -> Path:
    return cached_assets_path("gradsheet", namespace="speeds", subfolder="v1") / "speeds.json"
