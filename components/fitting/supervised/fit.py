"""Fit a Keras network: what `train` does once and `tune` once for each trial."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.building import build as build_named
from components.config.pipeline import Pipeline
from components.config.task import Task
from components.data.dataset import Split
from components.fitting.data import Data
from components.fitting.diverged import Diverged
from components.fitting.supervised import Supervised, rates
from components.fitting.supervised.augmentation import on_host, within
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.build import build
from components.fitting.supervised.precision import check_precision
from components.fitting.supervised.rehearsal import Rehearsal
from components.fitting.supervised.resume import Resume
from components.fitting.supervised.saving import save
from components.fitting.supervised.schedule import Course
from components.fitting.supervised.size import check_memory, size
from components.fitting.supervised.weights import Weights, weights
from components.fitting.watch import Watch, Work
from components.tasks.head import Head

# Examples that the loss of a guess is taken of, and values, such as pixels.
GUESSED, LEAST_GUESSED, GUESSED_VALUES = 1024, 16, 1_000_000
EVALUATION_BATCH = 1024  # without gradients, larger batches fit and cost less overhead


@dataclass(frozen=True)
class Fitted:
    """A network with the weights of its best epoch, and how it got there."""

    model: keras.Model
    history: dict[str, list[float]]
    """Learning curves."""
    best: int
    """Position in the curves of the epoch whose weights the model has."""
    head: Head
    ready: Path
    """The model-ready dataset, which has the preprocessing."""
    guess: float | None
    """The loss of an answer that does not look at its input; None where there is none."""

    @property
    def numbers(self) -> dict[str, Any]:
        """What is known of its size."""
        return {"parameters": self.model.count_params()}

    def save(self, folder: Path) -> None:
        """Saves the network, and the model to serve."""
        save(self.model, self.head.finish(self.model), self.ready, folder)


def fit(file: Pipeline, data: Data, seed: int, watch: Watch) -> Fitted:
    """Fits a network to the train split and keeps the weights of its best epoch.

    Args:
        file: How and what to fit.
        data: What to fit it to.
        seed: Of weights, order and augmentation; the same seed gives the same model.
        watch: Is told how it goes.

    Raises:
        Mistakes: Keras refuses a setting, or the network does not fit the data or the memory.
        Diverged: The loss became NaN or infinite.
    """
    config, schema = settings(file), data.train.schema
    head = file.task.head(file, data.train)
    check_precision(config.precision)
    check_memory(size(file.model, schema, head), config.batch_size)
    before = keras.config.dtype_policy()
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(config.precision)
    try:
        return _fit(file, head, data, seed, watch)
    finally:
        keras.config.set_dtype_policy(before)


def settings(file: Pipeline) -> Supervised:
    """The `train` section."""
    assert isinstance(file.train, Supervised)  # noqa: S101
    return file.train


def _fit(file: Pipeline, head: Head, data: Data, seed: int, watch: Watch) -> Fitted:
    config = settings(file)
    model = build(file.model, data.train.schema, head)
    # Loaded layers have drawn their seeds already; a clone draws them from `seed`.
    augmentation = keras.models.clone_model(data.augmentation)
    moving = data.train.schema.moving
    trained, augment = within(model, augmentation, moving), on_host(augmentation, moving)
    weighed = weights(config, file.task, data.train)
    guess = _guess(head, data.train, weighed)
    batches = Batches(data.train, config.batch_size, head.targets, seed, augment, weighed)
    course = config.course(len(data.train))
    trained.compile(optimizer=optimizer(config, course), loss=head.loss, metrics=head.metrics)
    keeper, *stopping = _stopping(config, file.task)
    changing = list(rates.callbacks(course, file.task))
    resume = Resume(watch.state, batches, [keeper, *stopping, *changing])
    is_averaged = config.optimizer.arguments.get("use_ema")
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if is_averaged else []
    counting = [keeper, StopOnNaN(), *stopping, *changing]
    work = Work(config.epochs, len(batches), len(data.train), resume.past, resume.first)
    watch.built()
    if resume.saved is None:
        rehearsal = Rehearsal(trained, batches, config.epochs, guess)
        resume.notes += rehearsal.run(config.checks)
    for note in resume.notes:
        watch.note(note)
    with warnings.catch_warnings():
        # So says Keras at the end of an epoch that is gone on with: it has fewer batches.
        warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
        trained.fit(
            batches,
            validation_data=Batches(data.validation, EVALUATION_BATCH, head.targets),
            epochs=config.epochs,
            initial_epoch=resume.epoch,
            shuffle=False,  # Batches shuffles, alike on every backend
            verbose=0,
            callbacks=[*averaging, *counting, Watched(watch, work), resume],
        )
    history = resume.history
    if not np.isfinite(history["loss"]).all():
        raise Diverged(
            f"train: the loss is not a number in epoch {len(history['loss'])}; "
            "a lower train.learning_rate, a warm-up or clipnorm keeps it finite"
        )
    if keeper.best is None:
        raise Diverged(f"train: {keeper.monitor} is not a number in any epoch")
    return Fitted(model, history, int(keeper.best_epoch), head, data.ready, guess)


def _guess(head: Head, train: Split, weighed: Weights | None) -> float | None:
    """The loss of the best answer that is the same for every example; None where there is none."""
    if head.guess is None:
        return None
    size = sum(np.size(train[name][:1]) for name in train.schema.targets)
    count = min(GUESSED, max(LEAST_GUESSED, GUESSED_VALUES // size), len(train))
    rows = np.linspace(0, len(train) - 1, count).astype(int)
    columns = {name: train[name][rows] for name in train.schema.targets}
    targets, sample_weight = head.targets(columns), weighed(columns) if weighed else None
    loss = float(head.loss(targets, head.guess(targets), sample_weight))
    return loss if loss > 0 else None  # of one that goes below 0, nothing is told by its size


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


class Watched(keras.callbacks.Callback):
    """Tells a `Watch` what Keras tells its callbacks."""

    async_safe = True  # Keras then calls `on_train_batch_end` without making the next step wait

    def __init__(self, watch: Watch, work: Work) -> None:
        super().__init__()
        self.watch, self.work = watch, work

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        self.watch.begin(self.work)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Called by Keras, in a thread of its own."""
        self.watch.step()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        self.model.stop_training |= self.watch.epoch(epoch, dict(logs or {}))

    def on_train_end(self, logs: Any = None) -> None:
        """Called by Keras."""
        self.watch.end()


def _stopping(config: Supervised, task: Task) -> Sequence[FiniteEarlyStopping]:
    """What keeps the best weights, then what stops."""
    monitor = config.checkpoint.monitor
    keeps_best = FiniteEarlyStopping(
        monitor, patience=config.epochs, mode=rates.mode(task, monitor), restore_best_weights=True
    )
    if (stopping := config.early_stopping) is None:
        return [keeps_best]
    stops = FiniteEarlyStopping(**stopping.model_dump(), mode=rates.mode(task, stopping.monitor))
    return [keeps_best, stops]


def optimizer(config: Supervised, course: Course) -> Any:
    """The Keras optimizer with its schedule; `Mistakes` where Keras refuses an argument."""
    rate = rates.Scheduled(course)
    try:
        made = build_named(config.optimizer, learning_rate=rate)
        rate.belong_to(made)
        return made
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "optimizer"), reason(error))]) from None
