"""How much a policy gains."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data import rollout
from components.data.dataset import Split
from components.data.schema import Schema
from components.tasks.control import Control
from components.tasks.control import returns as of
from components.tasks.interval import Interval
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes
from components.tasks.outcomes import outcomes as paired


@dataclass(frozen=True)
class Answers:
    """What a policy did in `n` episodes."""

    returns: NDArray[np.float64]
    """Undiscounted, `(n,)`."""
    policy: Any
    """From observations `(m, features)` to actions `(m,)`."""


def environment_of(split: Split) -> str:
    """Its name in Gymnasium's registry."""
    return split.schema.input.environment  # type: ignore[attr-defined, no-any-return]


def seeds_of(split: Split) -> list[int]:
    """Of the episodes."""
    return [int(one) for one in split.input[:]]


def answers(task: Control, predictor: Any, split: Split) -> Answers:
    """Plays an episode of each seed."""
    gained = rollout.returns(environment_of(split), predictor.actions, seeds_of(split))
    return Answers(gained, predictor.actions)


def outcomes(task: Control, answers: Answers, split: Split, learned: Schema) -> Outcomes:
    """The return of each episode."""
    environment = [environment_of(split)] * len(split)
    said = [repr(one) for one in answers.returns.tolist()]
    return paired(split, {"environment": environment}, {"return": said})


def _read(found: Outcomes) -> NDArray[np.float64]:
    return np.array(found.answers["return"], np.float64)


def value(metric: str, found: Outcomes) -> Interval:
    """The mean return."""
    return of.mean_return(_read(found))


def difference(metric: str, ours: Outcomes, theirs: Outcomes) -> Interval:
    """How much larger it is, in the same episodes in pairs."""
    return of.difference(_read(ours), _read(theirs))


def measure(task: Control, answers: Answers, split: Split) -> Measures:
    """Measures returns, beside those of actions that are drawn.

    Returns:
        In `details` the `returns`, and those of the `random` policy, `(n,)` each.
    """
    random = rollout.random_returns(environment_of(split), seeds_of(split))
    gain = of.difference(answers.returns, random)
    return Measures(
        metrics={"mean_return": of.mean_return(answers.returns)},
        examples=len(split),
        numbers={
            "mean_return_of_a_random_policy": float(random.mean()),
            "more_than_a_random_policy": gain.value,
            "least_return": float(answers.returns.min()),
        },
        details={"returns": answers.returns.tolist(), "random": random.tolist()},
    )
