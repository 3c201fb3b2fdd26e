"""The `tune` section of a pipeline file."""

from typing import Annotated, Any

from pydantic import Field

from components.config.section import Named, PositiveInt, Section


class Distribution(Named):
    """An Optuna distribution by its name."""

    homes = ("optuna.distributions",)
    kind = "distribution"


class Sampler(Named):
    """An Optuna sampler by its name."""

    homes = ("optuna.samplers",)
    kind = "sampler"
    reserved = frozenset({"seed"})


class Pruner(Named):
    """An Optuna pruner by its name."""

    homes = ("optuna.pruners",)
    kind = "pruner"


SpaceKey = Annotated[str, Field(pattern=r"^(model|train)(\.\w+)+$")]


class Config(Section):
    """A search for hyperparameters; with an empty space, nothing is searched."""

    space: dict[SpaceKey, Distribution] = {}
    """Dotted keys of `model` or `train`, each with an Optuna distribution."""
    trials: PositiveInt = 20
    """Trainings to try."""
    epochs: PositiveInt | None = None
    """Epochs of one trial; left out, as many as `train.epochs`."""
    monitor: str = "val_loss"
    """The column of the learning curves whose best value is compared."""
    sampler: Sampler = Field("TPESampler")  # type: ignore[assignment]
    """What chooses the next trial."""
    pruner: Pruner = Field("MedianPruner")  # type: ignore[assignment]
    """What stops a hopeless trial."""

    @property
    def is_declared(self) -> bool:
        """Whether there is anything to search."""
        return bool(self.space)


Overrides = dict[str, Any]
"""The best values by dotted key, what `tune` hands to `train`."""
