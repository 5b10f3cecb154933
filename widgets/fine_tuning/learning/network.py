"""A body with a new head: what is fine-tuned, layer by layer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from .bodies import Body, watched
from .seeds import sown


class Network(nn.Module):
    """The body's model with its last layer popped and a new one for these classes; `model` is what
    is saved.

    Calling it gives logits, (pictures, classes), of normalised pixels. Batch norms of a pretrained
    body keep its statistics, so that the size of a batch, halved or shared between processes, does
    not change what is computed; their scales and shifts learn.
    """

    def __init__(self, body: Body, classes: Sequence[str], seed: int = 0):
        super().__init__()
        self.model = copy.deepcopy(body.model)
        self.head_name, self.fixed_statistics = body.head_name, not body.fresh
        head = new_head(self.head.in_features, len(classes), seed)
        if body.goes_on:
            take_over(head, self.head, [*map(_number_in(body.labels), classes)])
        self.model.set_submodule(self.head_name, head)
        self.model.num_labels = self.model.config.num_labels = len(classes)
        self.model.config.id2label = dict(enumerate(classes))
        self.model.config.label2id = {name: k for k, name in enumerate(classes)}
        self.model.requires_grad_(True)

    @property
    def head(self) -> nn.Linear:
        return self.model.get_submodule(self.head_name)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.model(pixel_values=pixels).logits

    def train(self, mode: bool = True) -> Network:
        super().train(mode)
        for part in self.modules():
            if isinstance(part, _BatchNorm) and self.fixed_statistics:
                part.eval()
        return self

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        """(pictures, features): what the head is given."""
        return watched(self.head, lambda: self(pixels))[0]

    def groups(self) -> list[tuple[str, list[nn.Parameter]]]:
        """The layers from the first to the head, with their parameters: each learns at a rate of
        its own.
        """
        head = set(map(id, self.head.parameters()))
        found: list[tuple[str, list[nn.Parameter]]] = []
        taken = set(head)
        for name, layer in _layers(self.model, ""):
            own = [p for p in layer.parameters() if id(p) not in taken]
            taken |= set(map(id, own))
            if own:
                found.append((name, own))
        left = [
            p for p in self.model.parameters() if id(p) not in taken
        ]  # such as a class token, which is in no layer
        if left:
            found.insert(0, ("input", left))
        return [*found, (self.head_name, list(self.head.parameters()))]


def new_head(features: int, classes: int, seed: int) -> nn.Linear:
    """PyTorch's own start, from the seed alone."""
    with sown(seed):
        return nn.Linear(features, classes)


def _number_in(labels: Sequence[str]) -> Callable[[str], int | None]:
    return {name: k for k, name in enumerate(labels)}.get


def take_over(head: nn.Linear, old: nn.Linear, numbers: Sequence[int | None]) -> None:
    """numbers: for each class of the head, which it was of the old one; None: none."""
    with torch.no_grad():
        for k, known in enumerate(numbers):
            if known is not None:
                head.weight[k] = old.weight[known]
                head.bias[k] = 0 if old.bias is None else old.bias[known]


def _layers(module: nn.Module, name: str) -> list[tuple[str, nn.Module]]:
    """Lists of layers taken apart, wherever they are inside; all else whole."""
    if not any(isinstance(inner, nn.ModuleList) for inner in module.modules()):
        return [(name, module)]
    is_list = isinstance(module, nn.ModuleList)
    parts = [(f"{name}.{child}".lstrip("."), inner) for child, inner in module.named_children()]
    return (
        parts if is_list else [layer for child, inner in parts for layer in _layers(inner, child)]
    )
