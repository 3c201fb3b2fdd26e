"""Search hyperparameters with Optuna."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import optuna

from components import tracking
from components.fitting.config import Fitting
from components.fitting.fit import Data, Diverged, best_epoch, fit
from components.models.config import Config as Model
from components.tune.config import Config

Sections = Callable[[Mapping[str, Any]], tuple[Fitting, Model]]
"""Gives the `train` and `model` sections with hyperparameters laid over them."""


def search(
    config: Config, sections: Sections, data: Data, seed: int, experiment: str, parent: str
) -> optuna.Study:
    """Runs the trials, each a training of its own and an MLflow run nested in `parent`.

    Args:
        config: The section.
        sections: Makes the sections of a trial.
        data: What to fit to.
        seed: Of the sampler and of every training, so that trials differ by their values alone.
        experiment: The MLflow experiment.
        parent: The MLflow run of the search.

    References:
        Akiba et al., Optuna (2019); Bergstra et al., Algorithms for Hyper-Parameter
        Optimization (2011), section 4, for the default sampler.
    """
    direction = "maximize" if config.monitor.endswith("accuracy") else "minimize"
    space = {key: distribution.build() for key, distribution in config.space.items()}
    study = optuna.create_study(
        sampler=_sampler(config, seed), pruner=config.pruner.build(), direction=direction
    )

    def objective(trial: optuna.Trial) -> float:
        values = {key: _suggest(trial, key, kind) for key, kind in space.items()}
        train, model = sections(values)
        if config.epochs:
            train = train.model_copy(update={"epochs": config.epochs})
        tags = {"dvc.stage": f"tune@{experiment}", "optuna.trial": str(trial.number)}
        name = f"trial {trial.number}"
        with tracking.start(experiment, values, tags, name, parent):
            callbacks = [tracking.Curves(), Prune(trial, config.monitor)]
            try:
                history = fit(train, model, data, seed, callbacks).history
            except Diverged as error:
                raise optuna.TrialPruned(str(error)) from None
        if trial.should_prune():
            raise optuna.TrialPruned
        return history[config.monitor][best_epoch(history, config.monitor)]

    study.optimize(objective, n_trials=config.trials)
    return study


def table(study: optuna.Study) -> list[dict[str, Any]]:
    """The trials, one row each: number, state, value and hyperparameters."""
    return [
        {"number": trial.number, "state": trial.state.name, "value": trial.value, **trial.params}
        for trial in study.trials
    ]


class Prune(keras.callbacks.Callback):
    """Stops the training of a trial that Optuna holds for hopeless."""

    def __init__(self, trial: optuna.Trial, monitor: str) -> None:
        super().__init__()
        self.trial, self.monitor = trial, monitor

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.trial.report(float((logs or {})[self.monitor]), epoch)
        if self.trial.should_prune():
            self.model.stop_training = True


def _sampler(config: Config, seed: int) -> Any:
    # A grid or a brute force draws nothing and so takes no seed.
    try:
        return config.sampler.build(seed=seed)
    except TypeError:
        return config.sampler.build()


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
