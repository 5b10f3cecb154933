"""The metrics of data.metrics, of logits and labels."""

from __future__ import annotations

import torch
from torch.nn import functional

from sheets import InputError

from ..data.metrics import METRICS, TOP_5

FIVE = 5


def checked_metric(metric: str, classes: int) -> str:
    """Raises InputError for one that is not there, or says nothing of so few classes."""
    if metric not in METRICS:
        raise InputError(f"{metric!r} is no metric; there are {', '.join(METRICS)}")
    if metric == TOP_5 and classes <= FIVE:
        raise InputError(
            f"{TOP_5}: of {classes} classes, the true one is always among the first five; choose"
            " another metric"
        )
    return metric


def score(metric: str, logits: torch.Tensor, labels: torch.Tensor) -> float:
    """logits: (pictures, classes); labels: (pictures,) class numbers."""
    return {
        "accuracy": accuracy,
        "error_rate": lambda *both: 1 - accuracy(*both),
        "log_loss": lambda *both: functional.cross_entropy(*both).item(),
        "f1": f1,
        "top5": top_5,
    }[metric](logits, labels)


def accuracy(logits: torch.Tensor, labels: torch.Tensor) -> float:
    return (logits.argmax(dim=1) == labels).double().mean().item()


def top_5(logits: torch.Tensor, labels: torch.Tensor) -> float:
    first = logits.topk(FIVE, dim=1).indices
    return (first == labels[:, None]).any(dim=1).double().mean().item()


def f1(logits: torch.Tensor, labels: torch.Tensor) -> float:
    """The mean over the classes that were there or were said, as scikit-learn's macro average."""
    said, classes = logits.argmax(dim=1), logits.shape[1]
    right = torch.bincount(labels[said == labels], minlength=classes).double()
    both = torch.bincount(labels, minlength=classes) + torch.bincount(said, minlength=classes)
    return (2 * right / both)[both > 0].mean().item()
