"""Whether a model may be registered at all."""

from typing import TYPE_CHECKING

from components.tasks.measured import Measures, number

if TYPE_CHECKING:
    from components.config.register import Gate
    from components.config.task import Metric


def refused(measures: Measures, gate: "Gate", metric: "Metric") -> str | None:
    """Why a model is not registered; None where its metric reaches the limit.

    What the test examples cannot tell from the limit has not missed it: the whole interval must
    have.

    Args:
        measures: Of the test split.
        gate: Of the `register` section.
        metric: That the gate is for.
    """
    found = measures.metrics[metric.name]
    limit, key, side = (gate.min, "min", "below") if metric.sign > 0 else (gate.max, "max", "above")
    if limit is None or (found.high >= limit if metric.sign > 0 else found.low <= limit):
        return None
    interval = f"{number(found.value)} ({number(found.low)} to {number(found.high)})"
    return f"{metric.name} {interval} is {side} register.gate.{key}, {limit}"
