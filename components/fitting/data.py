"""What a learner is given, and what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras

from components.data import dataset
from components.data.dataset import Split
from components.models import keras_files


@dataclass(frozen=True)
class Data:
    """What a model is fitted to.

    Args:
        train: With the varied copies of it that were written.
        validation: What chooses the best.
        augmentation: Draws variations, from `(n, ...)` to the same shape; None of examples that
            no layer computes with.
        ready: The folder of the model-ready dataset, which has the preprocessing.
        dask: Of a scheduler; None for this machine.
    """

    train: Split
    validation: Split
    augmentation: keras.Model | None
    ready: Path
    dask: str | None = None

    @classmethod
    def load(cls, ready: Path, augmented: Path, dask: str | None = None) -> "Data":
        """Opens the model-ready dataset and what `augment` made of it."""
        train = dataset.open_split(ready, "train")
        copies = dataset.open_split(augmented, "train")
        path = augmented / "augmentation.keras"
        return cls(
            dataset.concatenated(train, copies) if len(copies) else train,
            dataset.open_split(ready, "validation"),
            keras_files.load(path) if path.exists() else None,
            ready,
            dask,
        )

    @property
    def facts(self) -> dataset.Facts:
        """What is known about the model-ready dataset."""
        return dataset.read_facts(self.ready)


class Fitted(Protocol):
    """A model as it was at its best, and how it got there."""

    history: Mapping[str, Sequence[float]]
    """Learning curves: `loss`, and the task's, perhaps with `val_` before them."""
    best: int
    """Position in the curves of what the model is."""
    numbers: Mapping[str, Any]
    """What is known of its size."""

    def save(self, folder: Path) -> None:
        """Writes what a predictor is loaded from (`components.fitting.predictor`)."""
        ...
