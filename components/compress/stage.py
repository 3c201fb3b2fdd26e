"""Compress a model, and measure what that costs and brings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from components.base.words import said
from components.config.compress import Config
from components.config.task import Task
from components.data.dataset import Split
from components.tasks.measured import number, strange
from components.tasks.outcomes import Outcomes

LIMIT = "compress.gate.max_drop allows"


class Compressed(BaseModel):
    """A method, and the model that came of it."""

    method: str
    file: str | None = None
    """In the folder; None where it is left out."""
    size_bytes: int | None = None
    value: float | None = None
    """The task's first metric, on the whole test split."""
    drop: float | None = None
    """By how much it is worse than before compression; negative where it became better."""
    drop_low: float | None = None
    """Lower end of its 95 % interval, of the same examples in pairs."""
    drop_high: float | None = None
    refused: str | None = None
    """Why it is left out."""


def compress(
    predictors: Mapping[str, Any],
    config: Config,
    task: Task,
    test: Split,
    reference: Outcomes,
    folder: Path,
    exported: str | None = None,
) -> tuple[list[Compressed], dict[str, float]]:
    """Measures every compressed model; one that fails the gate is removed, and says why.

    Args:
        predictors: By method; an exception where the method could not be applied.
        config: The section.
        task: What is measured.
        test: The test split, raw.
        reference: What the model said before compression.
        folder: Has the files.
        exported: The method that leaves the model as it is, for which there is no gate.

    Returns:
        Each method, and the milliseconds that its model takes for one example.
    """
    measured, latency_ms = [], {}
    for method, predictor in predictors.items():
        if isinstance(predictor, Exception):
            why = f"cannot be exported: {said(predictor)}"
            measured.append(Compressed(method=method, refused=why))
            continue
        latency_ms[method] = predictor.latency_ms(test)
        answers = task.answers(predictor, test)
        if wrong := strange(answers):
            one = Compressed(method=method, refused=wrong)
        else:
            found = task.outcomes(answers, test, test.schema)
            is_gated, path = method != exported, predictor.path
            one = _measured(method, path, task, config, reference, found, is_gated)
        if one.refused:
            predictor.path.unlink()
        measured.append(one)
    return measured, latency_ms


def _measured(
    method: str,
    path: Path,
    task: Task,
    config: Config,
    reference: Outcomes,
    said: Outcomes,
    is_gated: bool,
) -> Compressed:
    metric = task.metrics[0]
    found = task.difference(metric.name, reference, said)
    # What is lost: of a metric that is better when low, what is gained.
    ends = sorted((metric.sign * found.low, metric.sign * found.high))
    drop, (low, high) = metric.sign * found.value, ends
    limit = config.gate.max_drop
    is_refused = is_gated and not low <= limit  # NaN is beyond any limit
    why = f"loses {number(drop)} of test {metric.title} ({number(low)} or more); {LIMIT} {limit}"
    return Compressed(
        method=method,
        file=None if is_refused else path.name,
        size_bytes=path.stat().st_size,
        value=task.value(metric.name, said).value,
        drop=drop,
        drop_low=low,
        drop_high=high,
        refused=why if is_refused else None,
    )


def sentences(measured: Sequence[Compressed]) -> Iterator[str]:
    """Each method in a few words."""
    for one in measured:
        if one.refused:
            yield f"{one.method} is left out: it {one.refused}"
        elif one.size_bytes and one.value is not None:
            yield f"{one.method} {one.size_bytes / 1000:.1f} kB {number(one.value)}"
