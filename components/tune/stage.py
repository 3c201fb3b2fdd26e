"""Search hyperparameters with Optuna."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import keras
import optuna

from components.base.errors import Stop
from components.config.building import build
from components.config.pipeline import Pipeline
from components.config.tune import Config
from components.fitting.data import Data
from components.fitting.diverged import Diverged, best_value
from components.fitting.state import State
from components.fitting.watch import Curves, Watch, Watcher
from components.run.tracking import Live
from components.run.trials import Outcome
from components.tune.draw import sampler, space, suggest

Recorded = Callable[[int, Mapping[str, Any]], AbstractContextManager[Live]]
"""Gives a trial, by its number and its values, a run to be recorded in."""


@dataclass(frozen=True)
class Search:
    """What every trial is given.

    Args:
        config: The section.
        laid: Lays hyperparameters over the file's own sections.
        data: What to fit to.
        seed: Of the sampler and of every training, so that trials differ by their values alone.
        recorded: Where a trial is recorded.
        kept: Where the training of a trial is kept, by its values.
        watchers: Are told how each trial goes.
    """

    config: Config
    laid: Callable[[Mapping[str, Any]], Pipeline]
    data: Data
    seed: int
    recorded: Recorded
    kept: Callable[[Mapping[str, Any]], AbstractContextManager[State]]
    watchers: tuple[Watcher, ...] = ()

    def run(self, number: int, values: Mapping[str, Any], *watchers: Watcher) -> Outcome:
        """Runs a trial, a training of its own."""
        file = self.laid(values)
        counted = Counted()
        keras.utils.clear_session()  # else each trial's graph stays until the last one has ended
        with self.kept(values) as state, self.recorded(number, values) as live:
            watch = Watch(*self.watchers, Curves(live.log), counted, *watchers, state=state)
            metric = file.task.curve(self.config.monitor)
            try:
                history = file.train.fit(file, self.data, self.seed, watch).history
                value = best_value(history, self.config.monitor, metric)
            except Diverged as error:
                live.tag("millrace.diverged", str(error))
                return Outcome(None, counted.epochs, str(error))
        return Outcome(value, counted.epochs)

    def study(self, **settings: Any) -> optuna.Study:
        """In memory, which knows what is better."""
        metric = self.laid({}).task.curve(self.config.monitor)
        direction = "maximize" if metric.better == "higher" else "minimize"
        return optuna.create_study(direction=direction, **settings)


def search(task: Search) -> optuna.Study:
    """Runs trials of which each may follow from those before, one after the other.

    Raises:
        Stop: No trial came to an end.

    References:
        Akiba et al., Optuna (2019); Bergstra et al., Algorithms for Hyper-Parameter
        Optimization (2011), section 4, for the default sampler.
    """
    config, distributions = task.config, space(task.config)
    study = task.study(sampler=sampler(config, task.seed), pruner=build(config.pruner))

    def objective(trial: optuna.Trial) -> float:
        values = suggest(trial, distributions)
        value = task.run(trial.number, values, Prune(trial, config.monitor)).value
        if value is None or trial.should_prune():
            raise optuna.TrialPruned
        return value

    study.optimize(objective, n_trials=config.trials)
    return checked(study)


def checked(study: optuna.Study) -> optuna.Study:
    """The study; a `Stop` where no trial of it came to an end."""
    if not study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
        raise Stop(
            f"tune: none of {len(study.trials)} trials came to an end: each was pruned, or its "
            "loss was not a number; another tune.space, or a lower learning rate"
        )
    return study


def table(study: optuna.Study) -> list[dict[str, Any]]:
    """The trials, one row each: number, state, value and hyperparameters."""
    return [
        {"number": trial.number, "state": trial.state.name, "value": trial.value, **trial.params}
        for trial in study.trials
    ]


class Prune(Watcher):
    """Stops the training of a trial that Optuna holds for hopeless."""

    def __init__(self, trial: optuna.Trial, monitor: str) -> None:
        self.trial, self.monitor = trial, monitor

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """Asks Optuna."""
        self.trial.report(float(values[self.monitor]), number)
        return bool(self.trial.should_prune())


class Counted(Watcher):
    """Counts the epochs."""

    epochs = 0

    def epoch(self, number: int, values: Mapping[str, float]) -> bool:
        """Counts one."""
        self.epochs += 1
        return False
