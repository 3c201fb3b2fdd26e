"""What a fit will cost, told before it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """What a fit will cost; None where nothing is known of it."""

    parameters: int | None = None
    step_bytes: int | None = None
    """Memory of a step, about."""
    seconds: float | None = None
    """Of the whole fit on this machine, from a few real steps; without validation. None where no
    step was tried, since so much memory is not free now."""
