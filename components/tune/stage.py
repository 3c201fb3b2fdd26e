"""Search hyperparameters with Optuna."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import optuna

from components.base.errors import Stop
from components.config.building import build
from components.config.pipeline import Pipeline
from components.config.tune import Config
from components.fitting.data import Data
from components.fitting.diverged import Diverged, best_value
from components.fitting.watch import Curves, Watch, Watcher
from components.run.tracking import Live

Recorded = Callable[[int, Mapping[str, Any]], AbstractContextManager[Live]]
"""Gives a trial, by its number and its values, a run to be recorded in."""


def search(
    config: Config,
    laid: Callable[[Mapping[str, Any]], Pipeline],
    data: Data,
    seed: int,
    recorded: Recorded,
    *watchers: Watcher,
) -> optuna.Study:
    """Runs the trials, each a training of its own.

    Args:
        config: The section.
        laid: Lays hyperparameters over the file's own sections.
        data: What to fit to.
        seed: Of the sampler and of every training, so that trials differ by their values alone.
        recorded: Where a trial is recorded.
        watchers: Are told how each trial goes.

    Raises:
        Stop: No trial came to an end.

    References:
        Akiba et al., Optuna (2019); Bergstra et al., Algorithms for Hyper-Parameter
        Optimization (2011), section 4, for the default sampler.
    """
    metric = laid({}).task.curve(config.monitor)
    space = {key: build(distribution) for key, distribution in config.space.items()}
    study = optuna.create_study(
        sampler=_sampler(config, seed),
        pruner=build(config.pruner),
        direction="maximize" if metric.better == "higher" else "minimize",
    )

    def objective(trial: optuna.Trial) -> float:
        values = {key: _suggest(trial, key, kind) for key, kind in space.items()}
        file = laid(values)
        keras.utils.clear_session()  # else each trial's graph stays until the last one has ended
        with recorded(trial.number, values) as live:
            watch = Watch(*watchers, Curves(live.log), Prune(trial, config.monitor))
            try:
                history = file.train.fit(file, data, seed, watch).history
                value = best_value(history, config.monitor, metric)
            except Diverged as error:
                value = None
                live.tag("millrace.diverged", str(error))
        if value is None or trial.should_prune():
            raise optuna.TrialPruned
        return value

    study.optimize(objective, n_trials=config.trials)
    if not study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
        raise Stop(
            f"tune: none of {config.trials} trials came to an end: each was pruned, or its loss "
            "was not a number; another tune.space, or a lower learning rate"
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


def _sampler(config: Config, seed: int) -> Any:
    # A grid or a brute force draws nothing and so takes no seed.
    try:
        return build(config.sampler, seed=seed)
    except TypeError:
        return build(config.sampler)


def _suggest(trial: optuna.Trial, name: str, distribution: Any) -> Any:
    match distribution:
        case optuna.distributions.CategoricalDistribution(choices=choices):
            return trial.suggest_categorical(name, choices)
        case optuna.distributions.IntDistribution(low=low, high=high, step=step, log=log):
            return trial.suggest_int(name, low, high, step=step, log=log)
    step = None if distribution.log else distribution.step
    return trial.suggest_float(
        name, distribution.low, distribution.high, step=step, log=distribution.log
    )
