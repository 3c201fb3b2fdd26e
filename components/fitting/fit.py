"""Fit a model: what `train` does once and `tune` once for each trial."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from components.base.errors import Mistakes, Problem, Stop
from components.base.words import reason
from components.config.building import build as build_named
from components.config.fitting import Fitting
from components.config.models import Config as Model
from components.data import dataset
from components.data.dataset import Facts, Split
from components.fitting import schedules
from components.fitting.augmentation import on_host, within
from components.fitting.batches import Batches
from components.models import keras_files
from components.models.build import build
from components.models.size import check_memory, size
from components.tasks import classification as task

EVALUATION_BATCH = 1024  # without gradients, larger batches fit and cost less overhead


class Diverged(Stop):
    """The loss became NaN or infinite."""


@dataclass(frozen=True)
class Data:
    """What a model is fitted to."""

    train: Split
    validation: Split
    facts: Facts
    augmentation: keras.Model

    @classmethod
    def load(cls, ready: Path, augmented: Path) -> "Data":
        """Opens the model-ready dataset and what `augment` made of it."""
        train = dataset.open_split(ready, "train")
        copies = dataset.open_split(augmented, "train")
        if len(copies):
            train = Split(
                dataset.joined([train.array, copies.array]),
                np.concatenate([train.labels, copies.labels]),
            )
        return cls(
            train,
            dataset.open_split(ready, "validation"),
            dataset.read_facts(ready),
            keras_files.load(augmented / "augmentation.keras"),
        )


@dataclass(frozen=True)
class Fitted:
    """A model with the weights of its best epoch, and how it got there."""

    model: keras.Model
    history: dict[str, list[float]]
    """Learning curves: `loss`, `accuracy`, `val_loss`, `val_accuracy`."""
    best: int
    """Position in the curves of the epoch whose weights the model has."""


def fit(
    config: Fitting,
    model_config: Model,
    data: Data,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Fits a model to the train split and keeps the weights of its best epoch.

    Args:
        config: How to fit.
        model_config: What to fit.
        data: What to fit it to.
        seed: Of weights, order and augmentation; the same seed gives the same model.
        callbacks: Further Keras callbacks.

    Raises:
        Mistakes: Keras refuses a setting, or the model does not fit the data or the memory.
        Diverged: The loss became NaN or infinite.
    """
    shape, classes = data.train.array.shape[1:], len(data.facts.classes)
    check_memory(size(model_config, shape, classes, task.HEAD), config.batch_size)
    before = keras.config.dtype_policy()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(config.precision)
    try:
        return _fit(config, model_config, data, seed, callbacks)
    finally:
        keras.config.set_dtype_policy(before)


def _fit(
    config: Fitting,
    model_config: Model,
    data: Data,
    seed: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> Fitted:
    model = build(model_config, data.train.array.shape[1:], len(data.facts.classes), task.HEAD)
    # Loaded layers have drawn their seeds already; a clone draws them from `seed`.
    augmentation = keras.models.clone_model(data.augmentation)
    trained = within(model, augmentation)
    batches, validation = _batches(config, data, seed, augmentation)
    trained.compile(
        optimizer=optimizer(config, len(batches)),
        loss=loss(config),
        metrics=task.metrics(config.loss),
    )
    keeper, *stopping = _callbacks(config)
    history = trained.fit(
        batches,
        validation_data=validation,
        epochs=config.epochs,
        shuffle=False,  # Batches shuffles, alike on every backend
        verbose=0,
        callbacks=[keeper, *stopping, *callbacks],
    ).history
    if not np.isfinite(history["loss"]).all():
        raise Diverged(
            f"train: the loss is not a number in epoch {len(history['loss'])}; "
            "a lower train.learning_rate, a warm-up or clipnorm keeps it finite"
        )
    if keeper.best is None:
        raise Diverged(f"train: {keeper.monitor} is not a number in any epoch")
    return Fitted(model, history, int(keeper.best_epoch))


def _batches(
    config: Fitting, data: Data, seed: int, augmentation: keras.Model
) -> tuple[Batches, Batches]:
    """The batches of the train split, shuffled, and of the validation split, as they are."""
    encode = partial(task.targets, classes=len(data.facts.classes), named=config.loss)
    train, validation = data.train, data.validation
    augment = on_host(augmentation)
    return (
        Batches(train.array, train.labels, config.batch_size, encode, seed, augment),
        Batches(validation.array, validation.labels, EVALUATION_BATCH, encode),
    )


def best_value(history: Mapping[str, Sequence[float]], monitor: str) -> float:
    """The best value of a column, the largest accuracy or the smallest loss; NaN is none."""
    values = np.asarray(history[monitor], float)
    if np.isnan(values).all():
        raise Diverged(f"train: {monitor} is not a number in any epoch")
    return float(np.nanmax(values) if mode(monitor) == "max" else np.nanmin(values))


class FiniteEarlyStopping(keras.callbacks.EarlyStopping):
    """As Keras's, which takes a first NaN for the best value that there can be."""

    def get_monitor_value(self, logs: Mapping[str, float] | None) -> float | None:
        """The value of an epoch; None where it is not a number, and so neither best nor worse."""
        value = super().get_monitor_value(logs)
        return value if value is not None and np.isfinite(value) else None


class StopOnNaN(keras.callbacks.Callback):
    """Stops after an epoch whose loss is not a number.

    Keras's TerminateOnNaN and ModelCheckpoint look at every batch, and so make every step wait
    for the one before: on JAX, that costs 4 % (benchmarks/throughput.py).
    """

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.model.stop_training |= not np.isfinite((logs or {})["loss"])


def _callbacks(config: Fitting) -> list[keras.callbacks.Callback]:
    """What keeps the best weights, then what stops."""
    monitor = config.checkpoint.monitor
    keeps_best = FiniteEarlyStopping(
        monitor, patience=config.epochs, mode=mode(monitor), restore_best_weights=True
    )
    if (stopping := config.early_stopping) is None:
        return [keeps_best, StopOnNaN()]
    stops = FiniteEarlyStopping(**stopping.model_dump(), mode=mode(stopping.monitor))
    return [keeps_best, StopOnNaN(), stops]


def when_built(call: Callable[[], None]) -> keras.callbacks.Callback:
    """Calls when everything is built, before the first step."""
    return keras.callbacks.LambdaCallback(on_train_begin=lambda logs: call())


def mode(monitor: str) -> Literal["max", "min"]:
    """Which value of a column is best: an accuracy is to be large, a loss small."""
    return "max" if monitor.endswith("accuracy") else "min"


def optimizer(config: Fitting, steps_per_epoch: int) -> Any:
    """The Keras optimizer with its schedule; `Mistakes` where Keras refuses an argument."""
    rate = schedules.build(config.learning_rate, config.epochs, steps_per_epoch)
    try:
        return build_named(config.optimizer, learning_rate=rate)
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "optimizer"), reason(error))]) from None


def loss(config: Fitting) -> Any:
    """The Keras loss; `Mistakes` where Keras refuses an argument."""
    try:
        return task.loss(config.loss)
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "loss"), reason(error))]) from None
