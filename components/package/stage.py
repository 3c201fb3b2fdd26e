"""Whether a model may be registered at all."""

from math import isinf
from typing import TYPE_CHECKING

from components.tasks.measured import Measures, number

if TYPE_CHECKING:
    from components.config.register import Gate
    from components.config.task import Metric


def refused(measures: Measures, gate: "Gate", metric: "Metric") -> str | None:
    """Why a model is not registered; None where its metric reaches the limit.

    What the test examples cannot tell from the limit has not missed it: the whole interval must
    have. An end that is nowhere tells nothing, so that the value decides: a policy that gains 0 in
    every episode is no candidate because others might gain more.

    Args:
        measures: Of the test split.
        gate: Of the `register` section.
        metric: That the gate is for.
    """
    found = measures.metrics[metric.name]
    limit, key, side = (gate.min, "min", "below") if metric.sign > 0 else (gate.max, "max", "above")
    end = found.high if metric.sign > 0 else found.low
    best = found.value if isinf(end) else end
    if limit is None or metric.sign * best >= metric.sign * limit:
        return None
    interval = f"{number(found.value)} ({number(found.low)} to {number(found.high)})"
    return f"{metric.name} {interval} is {side} register.gate.{key}, {limit}"
