"""What an epoch may be judged by. Knows no PyTorch: learning.scores computes them."""

from __future__ import annotations

from dataclasses import dataclass

ACCURACY, LOG_LOSS, F1, TOP_5 = "accuracy", "log_loss", "f1", "top5"


@dataclass(frozen=True)
class Metric:
    """sign: 1 where a larger value is better, -1 where a smaller one is."""

    meaning: str
    sign: int
    is_share: bool = True

    def words(self, value: float) -> str:
        return f"{value:.2%}" if self.is_share else f"{value:.4f}"


METRICS = {
    ACCURACY: Metric("the share of validation pictures that are right", 1),
    "error_rate": Metric("the share that is wrong", -1),
    LOG_LOSS: Metric("the mean of minus ln of the probability of what is true", -1, is_share=False),
    F1: Metric("the mean over the classes of 2 x precision x recall / (precision + recall)", 1),
    TOP_5: Metric("the share where what is true is among the five most probable classes", 1),
}
