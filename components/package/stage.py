"""Whether a model may be registered at all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.config.register import Gate


def refused(measures: Mapping[str, Any], gate: "Gate") -> str | None:
    """Why a model is not registered; None where its metric reaches the minimum.

    What the test examples cannot tell from the minimum is not below it: the whole interval must be.

    Args:
        measures: Of the test split, each metric with its interval (`_low`, `_high`).
        gate: Of the `register` section.
    """
    value, low, high = (measures[f"{gate.metric}{end}"] for end in ("", "_low", "_high"))
    if high >= gate.min:
        return None
    interval = f"{value:.4f} ({low:.4f} to {high:.4f})"
    return f"{gate.metric} {interval} is below register.gate.min, {gate.min}"
