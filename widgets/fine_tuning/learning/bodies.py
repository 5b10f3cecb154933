"""Pretrained bodies: transformers' image classifiers, from a folder, the hub, or what comes along.

Safetensors only, no foreign code.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub.utils import logging as hub_logging
from PIL import Image
from torch import nn
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil
from transformers.utils import logging as transformers_logging

from sheets import InputError

from . import efficientnet_lite
from .offered import DIGITS, LITE
from .seeds import sown

DIGITS_FOLDER = Path(__file__).parent / "digits_body"
CLOSE = 1e-5  # our preprocessing against the processor's own, on numbers of size 1
HUB_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")
TEST_PICTURE = (37, 53, 3)  # rows, columns, channels: of no size that any processor leaves alone


@dataclass(frozen=True, eq=False)
class Body:
    """A pretrained network with its own head, and how it wants its pictures.

    said: what the person should know about it. has_head: whether its own predictions mean anything.
    fresh: not pretrained at all. goes_on: a new head starts from its own, for the classes that both
    know.
    """

    name: str
    model: Any  # transformers' PreTrainedModel, in eval mode; never trained itself
    processor: Any
    scale: float
    mean: torch.Tensor  # (1, 3, 1, 1)
    std: torch.Tensor
    said: tuple[str, ...] = ()
    has_head: bool = True
    fresh: bool = False
    goes_on: bool = False

    @property
    def head_name(self) -> str:
        """Where its last layer is: the last Linear with as many outputs as it has labels."""
        linear = [name for name, part in self.model.named_modules() if isinstance(part, nn.Linear)]
        fitting = [
            name
            for name in linear
            if self.model.get_submodule(name).out_features == self.model.config.num_labels
        ]
        if not fitting:
            raise InputError(
                f"{self.name}: no linear layer with {self.model.config.num_labels} outputs was"
                " found to replace by a new head"
            )
        return fitting[-1]

    @property
    def labels(self) -> list[str]:
        return [self.model.config.id2label[k] for k in range(self.model.config.num_labels)]

    def pixels(self, pictures: Sequence[Image.Image]) -> torch.Tensor:
        """(pictures, 3, rows, columns) from 0 to 255: resized and cropped by the body's own
        processor, not yet normalised.
        """
        try:
            made = self.processor(
                images=list(pictures), do_rescale=False, do_normalize=False, return_tensors="np"
            )["pixel_values"]
        except ValueError as error:
            raise InputError(
                f"{self.name}: its preprocessing gives pictures of different sizes: {error}"
            ) from error
        return torch.from_numpy(np.asarray(made, dtype=np.uint8))

    def normalised(self, pixels: torch.Tensor) -> torch.Tensor:
        """As the body's own processor does, on the device where the pixels are."""
        return (pixels * self.scale - self.mean.to(pixels.device)) / self.std.to(pixels.device)

    def shown(self, normalised: torch.Tensor) -> np.ndarray:
        """The way back, for eyes: (pictures, rows, columns, 3) from 0 to 255."""
        pixels = (normalised.float().cpu() * self.std + self.mean) / self.scale
        return pixels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


@contextmanager
def quiet() -> Iterator[None]:
    """transformers and the hub without progress bars and reports: what matters of them is said in
    our own words.
    """
    shown = transformers_logging.is_progress_bar_enabled()
    level, hub_level = transformers_logging.get_verbosity(), hub_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    hub_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        hub_logging.set_verbosity(hub_level)
        if shown:
            transformers_logging.enable_progress_bar()


OWN: dict[str, Callable[[], Path]] = {
    DIGITS: lambda: DIGITS_FOLDER,
    LITE: efficientnet_lite.folder,
}  # where those are that come along


def load_body(name: str | Path = DIGITS, revision: str | None = None) -> Body:
    """name: `digits` or `efficientnet-lite0` (which come along), a folder, or a name on the hub, at
    a revision.

    Raises InputError for what cannot be loaded: no safetensors, code of its own, no image
    classifier, preprocessing beyond resizing, cropping and normalising, more than one last layer,
    or no network.
    """
    if not str(name).strip():
        raise InputError(
            "the name of the body is missing: write a folder, or a name on the hub such as"
            " microsoft/resnet-18"
        )
    if os.path.isfile(name):
        raise InputError(
            f"{name}: no image classifier is there: it is a file, and a body is a folder as"
            " transformers' save_pretrained makes it"
        )
    if not os.path.exists(name) and not HUB_NAME.fullmatch(str(name)):
        raise InputError(
            f"{name}: no image classifier is there: there is no such folder, and a name on the hub"
            " looks like microsoft/resnet-18"
        )
    with quiet():
        place = OWN[str(name)]() if str(name) in OWN else name
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": os.path.isdir(place)}
    if revision:
        options["revision"] = revision
    try:
        with quiet(), sown(0):  # what was not published is drawn, each time the same
            config = AutoConfig.from_pretrained(place, **options)
            model, loading = AutoModelForImageClassification.from_pretrained(
                place,
                config=config,
                use_safetensors=True,
                dtype=torch.float32,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **options,
            )
    # transformers raises OSError, ValueError, KeyError and more, and each means: not usable
    except Exception as error:
        raise InputError(_why_not(name, error)) from error
    processor, said = _processor(place, config, options)
    unfit = sorted(key for key, *_ in loading["mismatched_keys"])
    missing = sorted({*loading["missing_keys"], *unfit})
    if missing:
        said = (
            *said,
            f"{name} was published without {', '.join(missing[:3])}, so its own predictions mean"
            " nothing.",
        )
    body = body_of(str(name), model, processor, said, has_head=not missing)
    elsewhere = [key for key in unfit if not key.startswith(f"{body.head_name}.")]
    if elsewhere:
        raise InputError(
            f"{name}: its weights do not fit its config.json; {elsewhere[0]} has another size"
        )
    return body


def _why_not(name: str | Path, error: Exception) -> str:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if os.path.isfile(Path(name) / "config.json") and not list(Path(name).glob("*.safetensors")):
        return (
            f"{name}: it holds no .safetensors file; a .bin or pickle checkpoint can run any code"
            " when it is opened, and is refused"
        )
    if "couldn't connect" in first or "offline mode" in first:
        return (
            f"{name}: it is not on this computer, and the hub cannot be reached from here; check"
            " the network, or give a folder"
        )
    if "trust_remote_code" in str(error):
        return f"{name}: it needs code of its own to be run, which is refused"
    return f"{name}: no image classifier could be loaded from there: {first}"


def _processor(
    place: str | Path, config: Any, options: dict[str, Any]
) -> tuple[Any, tuple[str, ...]]:
    """The body's own; where it has none, ImageNet's usual one at its size."""
    try:
        with quiet():
            return AutoImageProcessor.from_pretrained(place, backend="pil", **options), ()
    except Exception:
        size = getattr(config, "image_size", None) or 224
        size = size if isinstance(size, int) else size[0]
        said = (
            f"{place} says nothing about preprocessing: ImageNet's is used, at {size} x {size}"
            " pixels."
        )
        return ConvNextImageProcessorPil(size={"shortest_edge": size}), (said,)


def body_of(
    name: str, model: Any, processor: Any, said: tuple[str, ...] = (), has_head: bool = True
) -> Body:
    """A body of a model and a processor at hand.

    Raises InputError where the two cannot be used together, or here.
    """

    def three(value: Any) -> torch.Tensor:
        return torch.tensor(np.broadcast_to(np.asarray(value, dtype=np.float32), 3).copy()).reshape(
            1, 3, 1, 1
        )

    normalise = getattr(processor, "do_normalize", False)
    mean, std = (
        three(value if normalise else plain)
        for value, plain in ((processor.image_mean, 0.0), (processor.image_std, 1.0))
    )
    scale = float(processor.rescale_factor) if getattr(processor, "do_rescale", False) else 1.0
    body = Body(
        name, model.eval().requires_grad_(False), processor, scale, mean, std, said, has_head
    )
    _check(body)
    return body


def _check(body: Body) -> None:
    """That what we do to a picture is what its processor does, that the model takes it, and that
    its last layer alone makes its logits.
    """
    picture = Image.fromarray(
        np.random.default_rng(0).integers(0, 256, TEST_PICTURE, dtype=np.uint8)
    )
    ours = body.normalised(body.pixels([picture]))
    own = body.processor(images=[picture], return_tensors="pt")["pixel_values"]
    if own.shape != ours.shape or not torch.allclose(
        own, ours, atol=CLOSE * float(1 + own.abs().max())
    ):
        raise InputError(
            f"{body.name}: its preprocessing does more than resize, crop, rescale and normalise,"
            " and cannot be used here"
        )
    head: nn.Module = body.model.get_submodule(body.head_name)
    try:
        with torch.inference_mode():
            features, logits = watched(head, lambda: body.model(pixel_values=ours).logits)
            made = head(features)
    except Exception as error:  # a wrong number of channels, a fixed size
        raise InputError(
            f"{body.name}: it does not take pictures of {tuple(ours.shape[1:])}: {error}"
        ) from error
    if not logits.isfinite().all():
        raise InputError(
            f"{body.name}: it answers a picture with numbers that are not finite, so its weights"
            " are damaged"
        )
    if made.shape != logits.shape or not torch.allclose(made, logits, atol=CLOSE):
        raise InputError(
            f"{body.name}: its answer is not that of one last layer ({body.head_name}), so no new"
            " head can take its place"
        )


def watched(head: nn.Module, run: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """What a network's head is given while it runs, and what the run returns."""
    given: list[torch.Tensor] = []
    hook = head.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    try:
        answer = run()
    finally:
        hook.remove()
    return given[0], answer


SMALLEST, LARGEST = 16, 1024  # pixels of a side


def at_size(body: Body, side: int) -> Body:
    """The same body that sees pictures of side x side pixels. Raises InputError."""
    if not SMALLEST <= side <= LARGEST:
        raise InputError(f"a size of {side} pixels cannot be; {SMALLEST} to {LARGEST:,}")
    processor, now = copy.deepcopy(body.processor), _seen_side(body)
    for name in ("size", "crop_size"):
        sizes = getattr(processor, name, None)
        if sizes:
            given = {edge: value for edge, value in dict(sizes).items() if value is not None}
            scaled = {edge: round(value * side / now) for edge, value in given.items()}
            setattr(processor, name, type(sizes)(**scaled))
    with_head = body.has_head
    made = body_of(body.name, body.model, processor, body.said, with_head)
    if _seen_side(made) != side:
        raise InputError(f"{body.name}: its preprocessing makes no pictures of {side} pixels")
    return replace(made, fresh=body.fresh, goes_on=body.goes_on)


def _seen_side(body: Body) -> int:
    return int(body.pixels([Image.new("RGB", (64, 64))]).shape[-1])


def fresh(body: Body, seed: int = 0) -> Body:
    """The same architecture with new random weights: training from scratch."""
    with sown(seed):
        model = AutoModelForImageClassification.from_config(copy.deepcopy(body.model.config))
    return Body(
        f"{body.name} from scratch",
        model.eval().requires_grad_(False),
        body.processor,
        body.scale,
        body.mean,
        body.std,
        fresh=True,
    )
