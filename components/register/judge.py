"""Whether the alias moves: to a model that is better on the same examples, by more than chance."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from mlflow import artifacts
from mlflow.exceptions import MlflowException

from components.base.errors import Stop
from components.config.register import Gate
from components.config.task import Metric, Task
from components.run import tracking
from components.tasks.measured import number
from components.tasks.outcomes import Outcomes, read_outcomes

OUTCOMES = "outcomes.csv"
ALREADY = "it was the champion already"
FIRST, FREE = "there was no champion", "the gate compares with no other version"
WON = (ALREADY, FIRST, FREE, "it beats ")
"""How the reasons begin for which a version has the alias."""

MeasuredAgain = Callable[[Path], Outcomes]
"""Measures a model, a folder of MLflow's, on the test examples of today.

Raises:
    Stop: It cannot, and why.
"""


@dataclass(frozen=True)
class Verdict:
    """What the gate says."""

    is_promoted: bool
    reason: str
    is_final: bool = True
    """False where the two could not be compared: the next time they are tried again."""


def judge(
    gate: Gate,
    task: Task,
    version: int,
    ours: Outcomes,
    champion: int | None,
    theirs: Callable[[], Outcomes],
) -> Verdict:
    """Whether the alias moves to a version.

    Args:
        gate: What it must reach.
        task: That was learned.
        version: Its number.
        ours: What it said of the test examples.
        champion: The version that has the alias now.
        theirs: Gives what that one said of the same examples; raises `Stop` where it cannot.
    """
    if champion == version:
        return Verdict(is_promoted=False, reason=ALREADY)
    if champion is None:
        return Verdict(is_promoted=True, reason=FIRST)
    if gate.must_beat is None:
        return Verdict(is_promoted=True, reason=FREE)
    try:
        said = theirs()
    except Stop as error:
        reason = f"it cannot be compared with the champion, version {champion}: {error}"
        return Verdict(is_promoted=False, reason=reason, is_final=False)
    metric = task.compared(metric_of(gate, task).name, ours, said)
    found = task.difference(metric.name, ours, said)
    better = found.low > 0 if metric.sign > 0 else found.high < 0
    # Whatever is a number is better than what is none.
    better |= isnan(found.value) and isnan(task.value(metric.name, said).value)
    verb = "beats" if better else "does not beat"
    value, low, high = (number(one, "+") for one in (found.value, found.low, found.high))
    what = f"{metric.name} differs by {value} ({low} to {high})"
    reason = f"it {verb} version {champion} on {len(ours)} test examples: {what}"
    return Verdict(is_promoted=better, reason=reason)


def metric_of(gate: Gate, task: Task) -> Metric:
    """The metric that decides."""
    return task.metric(gate.metric or task.metrics[0].name)


def outcomes_of(name: str, version: int, ours: Outcomes, again: MeasuredAgain) -> Outcomes:
    """What a registered version says of the test examples that another one was measured on.

    Args:
        name: The registered model.
        version: The version.
        ours: Of the other one.
        again: Measures it, where it was measured on others.

    Raises:
        Stop: It cannot be had.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            uri = f"models:/{name}/{version}"
            files = {one.path for one in artifacts.list_artifacts(artifact_uri=uri)}
            if OUTCOMES in files:
                kept = artifacts.download_artifacts(f"{uri}/{OUTCOMES}", dst_path=scratch)
                if (found := read_outcomes(Path(kept))).fingerprint == ours.fingerprint:
                    return found
            model = artifacts.download_artifacts(uri, dst_path=scratch)
        except (MlflowException, OSError) as error:
            raise Stop(f"its files cannot be had: {tracking.why(error)}") from None
        if (found := again(Path(model))).fingerprint != ours.fingerprint:
            raise Stop("what it is asked of the test examples is something else")
        return found
