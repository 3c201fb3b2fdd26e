"""The `tune` section of a pipeline file."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from components.config.section import Named, PositiveInt, Section, mistake

GRID = "GridSampler"


class Distribution(Named):
    """An Optuna distribution by its name."""

    homes = ("optuna.distributions",)
    kind, base = "distribution", "BaseDistribution"


class Sampler(Named):
    """An Optuna sampler by its name."""

    homes = ("optuna.samplers",)
    kind, base = "sampler", "BaseSampler"
    reserved = frozenset({"seed"})

    @model_validator(mode="after")
    def _has_a_grid(self) -> "Sampler":
        if self.name == GRID:
            grid = self.arguments.get("search_space")
            lists = list(grid.values()) if isinstance(grid, Mapping) else []
            if not lists or not all(isinstance(one, list | tuple) and one for one in lists):
                message = "must have a list of values for each key of tune.space"
                raise mistake(message, self.name, "search_space")
        return self


class Pruner(Named):
    """An Optuna pruner by its name."""

    homes = ("optuna.pruners",)
    kind, base = "pruner", "BasePruner"


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
    """What chooses the next trial; `RandomSampler` and `GridSampler` look at none before it."""
    pruner: Pruner = Field("MedianPruner")  # type: ignore[assignment]
    """What stops a hopeless trial; with `NopPruner` and one of these samplers, each trial stands by
    itself: any process runs it, in any order, and those that have ended are never run again."""

    @property
    def is_declared(self) -> bool:
        """Whether there is anything to search."""
        return bool(self.space)

    @property
    def numbers(self) -> range:
        """The trials that stand each by itself: where, when and by whom they run changes nothing.

        Empty where nothing is searched, and where a trial follows from those before it, so that
        the search is one piece of work: all other samplers learn from them, and all other pruners
        compare with them.
        """
        if not self.space or self.pruner.name != "NopPruner":
            return range(0)
        if self.sampler.name == GRID:
            points = math.prod(map(len, self.sampler.arguments["search_space"].values()))
            return range(min(self.trials, points))
        return range(self.trials if self.sampler.name == "RandomSampler" else 0)


Overrides = dict[str, Any]
"""The best values by dotted key, what `tune` hands to `train`."""
