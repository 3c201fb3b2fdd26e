"""How good answers are, whatever the task."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from components.tasks.interval import Interval

if TYPE_CHECKING:
    from components.config.task import Metric


class Measures(BaseModel):
    """What was measured on a split."""

    metrics: dict[str, Interval]
    """Each metric of the task, with its 95 % interval."""
    examples: int
    numbers: dict[str, int | float] = {}
    """Further numbers, without an interval; what is counted stays whole."""
    details: dict[str, Any] = {}
    """What figures and tables are made of."""

    @property
    def scalars(self) -> dict[str, float]:
        """Every number by one name: `accuracy`, `accuracy_low`, `accuracy_high`, ..."""
        ends = ("", "_low", "_high")
        found = {
            f"{name}{end}": value
            for name, one in self.metrics.items()
            for end, value in zip(ends, (one.value, one.low, one.high), strict=True)
        }
        return {**found, **self.numbers, "examples": self.examples}

    def sentence(self, metrics: Sequence["Metric"]) -> str:
        """The metrics in words, the first with its interval."""
        first, *others = metrics
        more = "".join(f", {one.title} {number(self.metrics[one.name].value)}" for one in others)
        return f"test {first.title} {shown(self.metrics[first.name], self.examples)}{more}"


def shown(found: Interval, examples: int) -> str:
    """A value with its interval, in words."""
    interval = f"{number(found.low)} to {number(found.high)}"
    return f"{number(found.value)} (95 % interval {interval}, {examples} examples)"


def strange(answers: Any) -> str | None:
    """What a model does whose answers are no numbers; None where all are, or are no arrays."""
    if not isinstance(answers, np.ndarray) or answers.dtype.kind != "f":
        return None
    is_wrong = ~np.isfinite(answers.reshape(len(answers), -1)).all(axis=1)
    if not is_wrong.any():
        return None
    return f"answers {is_wrong.sum()} of {len(answers)} test examples with NaN or infinity"


def number(value: float, sign: str = "") -> str:
    """As people read it: a count whole, else four places, fewer where it is large.

    Args:
        value: The number.
        sign: `+` where it is a difference.
    """
    if isinstance(value, int):
        return f"{value:{sign}d}"
    size = abs(value)
    if 0 < size < 1e-3:  # four places would show little of it, or nothing
        return f"{value:{sign}.3g}"
    return f"{value:{sign}.{4 if size < 10 else 2 if size < 100 else 1}f}"


def read(value: Mapping[str, Any]) -> Measures:
    """What was written as JSON."""
    return Measures.model_validate(value)
