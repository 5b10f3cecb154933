"""Bodies that are offered by name, and how fast those that were tried go here.

Knows no PyTorch until one is tried.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from ..data.files import written_whole

if TYPE_CHECKING:
    from PIL.Image import Image

    from .bodies import Body

LITE, DIGITS = "efficientnet-lite0", "digits"
AT_ONCE = 8  # pictures of a trial
LEAST = 0.3  # seconds of one
MOST_KEPT = 1000  # speeds


@dataclass(frozen=True)
class Offered:
    """name: as load_body takes it. parameters: in millions. side: of what it sees, in pixels.

    at_hand: it comes along with Gradsheet, or with its extra; else it is fetched from the hub.
    """

    name: str
    knows: str
    parameters: float
    side: int
    at_hand: bool = True

    def sentence(self, speed: float | None = None) -> str:
        """speed: pictures a second here."""
        where = "comes along" if self.at_hand else "from the hub"
        said = (
            f"{self.name}: {self.knows}; {self.parameters:.3g} million parameters,"
            f" {self.side} x {self.side} pixels; {where}"
        )
        return f"{said}; {speed:.3g} pictures a second here" if speed else said


IMAGENET = "ImageNet's 1,000 kinds of thing"
OFFERED = (
    Offered(LITE, IMAGENET, 4.65, 224),
    Offered(DIGITS, "handwritten digits, but no 3 and no 7", 0.186, 32),
    Offered("microsoft/resnet-18", IMAGENET, 11.7, 224, at_hand=False),
    Offered("microsoft/resnet-50", IMAGENET, 25.6, 224, at_hand=False),
    Offered("facebook/convnext-tiny-224", IMAGENET, 28.6, 224, at_hand=False),
)


def speed_of(body: Body, device: str, clock: Callable[[], float] = perf_counter) -> float:
    """Pictures a second through the body, without learning; device: cpu, cuda:0 and so on."""
    import torch

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


def _grey() -> Image:
    from PIL import Image

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
        """Measured now, where it is not kept. where: as PyTorch calls the device."""
        kept = self.kept(device)
        if body.name not in kept and len(kept) < MOST_KEPT:
            kept = {**kept, body.name: speed_of(body, where)}
            self._keep({**self._all(), device: kept})
        return kept.get(body.name, 0.0)

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
    from huggingface_hub import cached_assets_path

    return cached_assets_path("gradsheet", namespace="speeds", subfolder="v1") / "speeds.json"


def told(speeds: dict[str, float], at_hand: bool = False) -> list[list[str]]:
    """[name, sentence] of each, for a page or a terminal; at_hand: of those that come along."""
    return [
        [one.name, one.sentence(speeds.get(one.name))]
        for one in OFFERED
        if one.at_hand or not at_hand
    ]
