"""What is tried of an agent before it learns."""

from collections.abc import Mapping

from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.dqn.fit import built, optimizer, settings_of
from components.fitting.estimate import Estimate


def room(file: Pipeline, few: Split) -> None:
    """Builds the network; `Mistakes` where it does not fit the environment."""
    built(file, few.schema.input.environment)  # type: ignore[attr-defined]


def trial(
    file: Pipeline, few: Split | None, counts: Mapping[str, int], augmentation: object
) -> Estimate | None:
    """Builds the optimizer and the network."""
    optimizer(settings_of(file))
    if few is not None:
        room(file, few)
    return Estimate()
