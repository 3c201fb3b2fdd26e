"""What is known of a fit of scikit-learn's before it."""

from typing import Any

from components.fitting.estimate import Estimate


def room(file: Any, few: Any) -> None:
    """Nothing is known."""


def trial(file: Any, few: Any, counts: Any, augmentation: Any) -> Estimate:
    """Nothing is known of its time: scikit-learn says none."""
    return Estimate()
