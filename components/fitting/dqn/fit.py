"""Learn a policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.building import build
from components.config.pipeline import Pipeline
from components.data.environment import Environment
from components.fitting.data import Data
from components.fitting.dqn import Dqn, Goal
from components.fitting.dqn.training import Training
from components.fitting.predictor import describe
from components.fitting.watch import Watch, Work
from components.models import keras_files

HOME = "components.fitting.dqn"
LAST_RATE = 0.05  # of the first


@dataclass(frozen=True)
class Fitted:
    """A network with its best weights, and how it got there."""

    network: keras.Model
    history: Mapping[str, list[float]]
    best: int

    @property
    def numbers(self) -> dict[str, Any]:
        """What is known of its size."""
        return {"parameters": self.network.count_params()}

    def save(self, folder: Path) -> None:
        """Saves the network."""
        keras_files.save(self.network, folder / "model.keras")
        describe(HOME, folder)


def fit(file: Pipeline, data: Data, seed: int, watch: Watch) -> Fitted:
    """Learns the values of actions, and keeps the best weights by the validation episodes.

    Args:
        file: How to learn.
        data: Seeds of the episodes.
        seed: Of weights, exploration and replay; the same seed gives the same network.
        watch: Is told of each look at the validation episodes, as of an epoch.

    Raises:
        Mistakes: The environment or an argument cannot be taken.
        Diverged: The loss became NaN or infinite.

    References:
        Mnih et al., Human-level control through deep reinforcement learning (2015), algorithm 1;
        but transitions are collected `train_every` at a time, and learned from in one call.
    """
    settings, goal = settings_of(file), goal_of(file, data)
    keras.utils.set_random_seed(seed)
    network = built(file, goal.env_id)
    training = Training(settings, goal, network, optimizer(settings), seed)
    if (saved := watch.state.read()) is not None:
        training.restore(saved)
    watch.begin(Work(settings.allowed, 1, settings.evaluate_every, training.curves.epochs))
    while training.step < settings.steps:
        if training.advance():
            *past, latest = training.curves.epochs
            if watch.epoch(len(past), latest):
                break
        if watch.state.is_due:
            training.save(watch.state)
    watch.end()
    network.set_weights(training.best_weights)
    return Fitted(network, training.curves.history, training.best)


def settings_of(file: Pipeline) -> Dqn:
    """The `train` section."""
    assert isinstance(file.train, Dqn)  # noqa: S101  the check has seen to it
    return file.train


def goal_of(file: Pipeline, data: Data) -> Goal:
    """The environment, and its episodes."""
    train, validation = (
        [int(one) for one in part.input[:]] for part in (data.train, data.validation)
    )
    kind = data.train.schema.input
    return Goal(kind.environment, train, validation, file.task.discount)  # type: ignore[attr-defined]


def built(file: Pipeline, env_id: str) -> keras.Model:
    """A network from observations `(n, features)` to values `(n, actions)`."""
    try:
        environment = Environment(env_id)
    except ValueError as error:
        raise Mistakes([Problem(("ingest", "id"), reason(error))]) from None
    inputs = keras.Input((environment.features,), dtype="float32", name="observation")
    head = keras.layers.Dense(environment.actions, dtype="float32", name="head")
    try:
        return keras.Model(inputs, head(file.model.build(inputs)), name=file.model.title)
    except (TypeError, ValueError) as error:
        raise Mistakes([Problem(("model",), reason(error))]) from error


def optimizer(settings: Dqn) -> Any:
    """The Keras optimizer with its schedule; `Mistakes` where Keras refuses an argument."""
    rounds = max(1, (settings.steps - settings.starts) // settings.train_every)
    rate = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate, rounds * settings.updates, alpha=LAST_RATE
    )
    try:
        return build(settings.optimizer, learning_rate=rate)
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "optimizer"), reason(error))]) from None
