"""The widget over the fine-tuning rooms, and the rooms that it alone needs."""

from .panel import RECORDED, FineTuningPanel

__all__ = ["RECORDED", "FineTuningPanel"]
