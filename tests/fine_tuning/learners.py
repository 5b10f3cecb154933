"""What the tests of learning compare: a learner's weights and its history."""

import torch


def weights(learner) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in learner._weights().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(first[name].equal(second[name]) for name in first)


def measured(learner) -> list[tuple[float, float, float]]:
    return [(epoch.train_loss, epoch.valid_loss, epoch.accuracy) for epoch in learner.history]
