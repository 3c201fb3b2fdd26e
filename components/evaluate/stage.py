"""Measure a trained model on examples that it has never seen."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.dataset import Facts, Split, decode
from components.examples import Examples


def predict(serving: keras.Model, split: Split, facts: Facts) -> NDArray[np.float32]:
    """Class probabilities `(n, classes)` of the raw examples of a split."""
    return Examples(split, facts, serving.layers).array().astype(np.float32)


def mistakes(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    """Rows of wrongly classified examples, at most `count`, the most confident first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:count]


def raw_batch(split: Split, facts: Facts, count: int = 5) -> NDArray[Any]:
    """The first raw examples that go into one array, `(count, ...)`; of several sizes, one."""
    count = 1 if facts.is_encoded else count
    return np.stack([image(split, row, facts) for row in range(min(count, len(split)))])


def image(split: Split, row: int, facts: Facts) -> NDArray[Any]:
    """One raw example of a split; of an image, `(height, width, channels)`."""
    example = split.inputs[row]
    return decode(example, facts.shape[-1] or 3) if isinstance(example, bytes) else example


def titles(
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    classes: Sequence[str],
) -> list[str]:
    """For each row what it was taken for, what it is, and how sure the model was."""
    return [
        f"{classes[probabilities[row].argmax()]} for {classes[labels[row]]}, "
        f"{probabilities[row].max():.0%}"
        for row in rows
    ]


def confusion_rows(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Actual and predicted class of each example, the form that DVC's template counts."""
    for label, guess in zip(labels, predicted, strict=True):
        yield classes[label], classes[guess]
