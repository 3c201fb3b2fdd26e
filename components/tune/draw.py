"""Which hyperparameters the trials of a search have."""

from typing import Any

import optuna

from components.base.errors import Stop
from components.config.building import build
from components.config.tune import Config


def space(config: Config) -> dict[str, Any]:
    """Distributions by dotted key."""
    return {key: build(distribution) for key, distribution in config.space.items()}


def sampler(config: Config, seed: int) -> Any:
    """What chooses."""
    # A grid or a brute force draws nothing and so takes no seed.
    try:
        return build(config.sampler, seed=seed)
    except TypeError:
        return build(config.sampler)


def drawn(config: Config, seed: int) -> list[dict[str, Any]]:
    """The hyperparameters of every trial that stands by itself, by number.

    Those of a number follow from it and the seed alone: the sampler is asked for one after the
    other and told of none, and how many there are changes nothing for those before.

    Raises:
        Stop: The grid has not the space's keys and values.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)  # its news are not of trials that run
    distributions = space(config)
    study = optuna.create_study(sampler=sampler(config, seed))
    try:
        every = [suggest(study.ask(), distributions) for _ in config.numbers]
        for values in every[:1] if config.sampler.name == "RandomSampler" else every:
            optuna.trial.create_trial(value=0, params=values, distributions=distributions)
    except ValueError as error:
        raise Stop(f"tune.sampler: does not go with tune.space: {error}") from None
    return every


def suggest(trial: optuna.Trial, distributions: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters of a trial."""
    return {key: _suggest(trial, key, kind) for key, kind in distributions.items()}


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
