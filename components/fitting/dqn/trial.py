"""What is tried of an agent before it learns."""

from typing import Any

from components.config.pipeline import Pipeline
from components.fitting.dqn.fit import built, optimizer, settings_of
from components.fitting.estimate import Estimate


def room(file: Pipeline, few: Any) -> None:
    """Builds the network; `Mistakes` where it does not fit the environment."""
    built(file, few.schema.input.environment)


def trial(file: Pipeline, few: Any, counts: Any, augmentation: Any) -> Estimate | None:
    """Builds the optimizer and the network."""
    optimizer(settings_of(file))
    if few is not None:
        room(file, few)
    return Estimate()
