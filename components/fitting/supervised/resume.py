"""A training that was killed goes on where it was, to the bytes of one that was not."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from components.fitting.state import Saved, State, numbered
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.record import Record
from components.fitting.supervised.variables import variables

COUNTED = ("best", "best_epoch", "wait", "cooldown_counter")  # of Keras's callbacks


class Resume(keras.callbacks.Callback):
    """Keeps where a training is, and begins where one was; the last of the callbacks.

    Keras's BackupAndRestore begins the epoch again, with metrics and random numbers of its end.

    Args:
        state: Where it is kept.
        batches: Of the training.
        counting: What remembers the best epoch, or counts those without a better one.
    """

    def __init__(
        self,
        state: State,
        batches: Batches,
        counting: Sequence[keras.callbacks.Callback],
    ) -> None:
        super().__init__()
        self.state, self.batches, self.counting = state, batches, counting
        self.saved: Saved | None = state.read()
        nothing: dict[str, Any] = {"epoch": 0, "batch": 0, "record": {}}
        facts = self.saved.facts if self.saved else nothing
        self.record = Record(**facts["record"])
        """Of the training, from its first step on."""
        self.epoch: int = facts["epoch"]
        self.first: int = facts["batch"]
        """The batch of the epoch that Keras counts as 0."""

    @property
    def past(self) -> tuple[dict[str, float], ...]:
        """The learning curves of the epochs that were done before, epoch by epoch."""
        columns = self.record.history.items()
        epochs = range(self.epoch)
        return tuple({name: values[epoch] for name, values in columns} for epoch in epochs)

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras; makes what else the first step would make, and what is restored."""
        if self.saved is not None:
            variables(self.model)
            self.model.test_on_batch(*self.batches[0])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Called by Keras, which has just reset the metrics."""
        if self.saved is None:
            self.epoch, self.first = epoch, 0
        else:
            self._restore(self.saved)
            self.saved = None
        self.batches.begin(self.epoch, self.first)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Called by Keras, in the thread that trains.

        Raises:
            StopIteration: The epoch was gone on with, and is over, as Keras counts its batches
                from the first; it takes that for the end of the data.
        """
        place = self.first + batch
        if place == self.batches.total:
            raise StopIteration
        if self.state.is_due:
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()
            self._write(self.epoch, place)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        for name, value in (logs or {}).items():
            self.record.history.setdefault(name, []).append(float(value))

    def _variables(self) -> list[Any]:
        """All that a step changes, and the metrics of the epoch."""
        return [*variables(self.model), *self.model.metrics_variables]

    def _write(self, epoch: int, batch: int) -> None:
        arrays = dict(numbered("variable", self._variables()))
        watched = []
        for place, one in enumerate(self.counting):
            arrays |= numbered(f"best {place}", getattr(one, "best_weights", None) or ())
            counted = {name: vars(one)[name] for name in COUNTED if name in vars(one)}
            watched.append({name: _plain(value) for name, value in counted.items()})
        self.record.settle(batch)
        record = {**vars(self.record), "means": self.record.means[:batch]}
        facts = {"epoch": epoch, "batch": batch, "record": record, "counting": watched}
        self.state.write(arrays, facts)

    def _restore(self, saved: Saved) -> None:
        for variable, value in zip(self._variables(), saved.numbered("variable"), strict=True):
            variable.assign(value)
        counting = zip(self.counting, saved.facts["counting"], strict=True)
        for place, (one, counted) in enumerate(counting):
            vars(one).update(counted)
            one.best_weights = saved.numbered(f"best {place}") or None


def _plain(value: Any) -> Any:
    """A number as JSON has it."""
    return value if value is None or isinstance(value, int) else float(value)
