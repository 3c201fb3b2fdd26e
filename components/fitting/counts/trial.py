"""What is known of counting before it."""

from typing import Any

from components.fitting.estimate import Estimate


def room(file: Any, few: Any) -> None:
    """Nothing is known."""


def trial(file: Any, few: Any, counts: Any, augmentation: Any) -> Estimate:
    """Nothing is known of its time: a million words take seconds."""
    return Estimate()
