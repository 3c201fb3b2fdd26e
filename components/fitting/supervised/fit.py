"""Fit a Keras network: what `train` does once and `tune` once for each trial."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from components.config.pipeline import Pipeline
from components.fitting.data import Data
from components.fitting.diverged import Diverged
from components.fitting.supervised import rates
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.callbacks import Watched, best_and_early
from components.fitting.supervised.feeding import Feeding
from components.fitting.supervised.layers import Layers
from components.fitting.supervised.precision import check_precision, computing_in
from components.fitting.supervised.prepared import prepare, settings
from components.fitting.supervised.record import BEFORE, Record
from components.fitting.supervised.rehearsal import Rehearsal
from components.fitting.supervised.resume import Resume
from components.fitting.supervised.saving import save
from components.fitting.supervised.size import check_memory, size
from components.fitting.supervised.steps import Steps
from components.fitting.watch import Watch, Work
from components.tasks.head import Head

LOOKED_AT = 2_000_000  # outputs of layers that are looked at
EVALUATION_BATCH = 1024  # without gradients, larger batches fit and cost less overhead


@dataclass(frozen=True)
class Fitted:
    """A network with the weights of its best epoch, and how it got there."""

    model: keras.Model
    best: int
    """Position in the curves of the epoch whose weights the model has."""
    head: Head
    ready: Path
    """The model-ready dataset, which has the preprocessing."""
    guess: float | None
    """The loss of an answer that does not look at its input; None where there is none."""
    record: Record

    @property
    def history(self) -> dict[str, list[float]]:
        """Learning curves."""
        return self.record.history

    @property
    def told(self) -> dict[str, Any]:
        """What else there is to tell of the training."""
        return {"guess": self.guess, **self.record.told}

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
    counted = size(file.model, schema, head)
    check_memory(counted, config.batch_size)
    keras.utils.set_random_seed(seed)
    with computing_in(config.precision):
        return _fit(file, head, data, seed, watch, LOOKED_AT // counted.activations)


def _fit(file: Pipeline, head: Head, data: Data, seed: int, watch: Watch, looked_at: int) -> Fitted:
    config = settings(file)
    ready = prepare(file, head, data, seed)
    model, trained, batches, guess = ready.model, ready.trained, ready.batches, ready.guess
    keeper, *stopping = best_and_early(config, file.task)
    changing = list(rates.callbacks(ready.course, file.task))
    resume = Resume(watch.state, batches, [keeper, *stopping, *changing])
    record, epochs = resume.record, config.epochs
    watch.built()
    record.tell_again(watch)
    if resume.saved is None:
        rehearsal = Rehearsal(trained, batches, epochs, guess)
        for note in rehearsal.run(config.checks):
            record.note(watch, BEFORE, note)
        record.by_heart = rehearsal.by_heart
        record.range_test = rehearsal.range.points if rehearsal.range else []
    is_averaged = config.optimizer.arguments.get("use_ema")
    averaging = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if is_averaged else []
    watched = Watched(watch, Work(epochs, len(batches), len(data.train), resume.past, resume.first))
    steps = Steps(model, ready.examples, batches, record, watch, guess, epochs)
    looking = []
    if config.checks.layers:
        looking = [Layers(model, ready.examples, looked_at, record, watch, epochs)]
    seeing = [steps, *looking, Feeding(batches, watch)]
    with warnings.catch_warnings():
        # So says Keras at the end of an epoch that is gone on with: it has fewer batches.
        warnings.filterwarnings("ignore", "Your input ran out of data", UserWarning)
        trained.fit(
            batches,
            validation_data=Batches(data.validation, EVALUATION_BATCH, head.targets),
            epochs=epochs,
            initial_epoch=resume.epoch,
            shuffle=False,  # Batches shuffles, alike on every backend
            verbose=0,
            callbacks=[*averaging, keeper, *stopping, *changing, watched, *seeing, resume],
        )
    if steps.lost is not None:
        raise Diverged(f"train: {steps.lost}")
    if keeper.best is None:
        raise Diverged(f"train: {keeper.monitor} is not a number in any epoch")
    return Fitted(model, int(keeper.best_epoch), head, data.ready, guess, record)
