"""Every sheet of the library by name: what the command line, the lessons and the
tests go through.
"""

from __future__ import annotations

from collections.abc import Callable

from ..language.errors import InputError, nearest
from ..language.sheet import Sheet
from .convolution import convolution
from .depth_lab import depth_lab
from .descent import descent
from .line_fit import line_fit
from .linear_model import linear_model
from .log_loss import log_loss
from .lr_finder import lr_finder
from .matmul_stack import matmul_stack
from .optimisers import optimisers
from .optimisers_alone import adagrad, adam, momentum, rmsprop, sgd
from .overfitting import overfitting
from .relu_function import relu_function
from .relu_layers import relu_layers
from .softmax import softmax

SHEETS: dict[str, Callable[[], Sheet]] = {
    "log_loss": log_loss,
    "softmax": softmax,
    "descent": descent,
    "line_fit": line_fit,
    "linear_model": linear_model,
    "matmul_stack": matmul_stack,
    "depth_lab": depth_lab,
    "relu_layers": relu_layers,
    "relu_function": relu_function,
    "convolution": convolution,
    "overfitting": overfitting,
    "optimisers": optimisers,
    "sgd": sgd,
    "momentum": momentum,
    "rmsprop": rmsprop,
    "adam": adam,
    "adagrad": adagrad,
    "lr_finder": lr_finder,
}


def sheet_named(name: str) -> Sheet:
    """A new sheet of this name. Raises InputError with the nearest known names."""
    if name not in SHEETS:
        raise InputError(f"there is no sheet {name!r}; {nearest(name, SHEETS)}")
    return SHEETS[name]()
