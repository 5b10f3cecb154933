"""Tensors and numbers in one file that is whole or not there: safetensors with JSON in its header,
never a pickle.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sheets import InputError

from ..data.files import written_whole

Tensors = dict[str, torch.Tensor]
FORMAT = "gradsheet checkpoint 1"


def write(path: Path, tensors: Tensors, numbers: dict[str, Any]) -> None:
    """numbers: anything JSON can say; floats come back to the last digit. Raises InputError."""
    apart = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as draft:
            save_file(apart, draft, {"format": FORMAT, "numbers": json.dumps(numbers)})
    except (OSError, SafetensorError) as error:
        raise InputError(
            f"{path}: what is learnt cannot be kept there: {error}; make room and go on, or choose"
            " another folder"
        ) from error


def read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Raises InputError for a file that is no checkpoint of ours."""
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            names = file.keys()  # safe_open is no dict, and cannot be looped over itself
            tensors = {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: this checkpoint cannot be read: {error}") from error
    if about.get("format") != FORMAT:
        raise InputError(f"{path}: this is not a checkpoint of Gradsheet's")
    return tensors, json.loads(about["numbers"])


def named(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def of(prefix: str, tensors: Tensors) -> Tensors:
    return {
        name.removeprefix(f"{prefix}."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"{prefix}.")
    }
