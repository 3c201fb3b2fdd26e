"""Measure a trained model on examples that it has never seen."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
from cleanlab.filter import find_label_issues
from numpy.typing import NDArray

from components.data.dataset import Facts, Split
from components.data.examples import Examples, fixed
from components.data.images import pixels


def predict(serving: keras.Model, split: Split, facts: Facts) -> NDArray[np.float32]:
    """Class probabilities `(n, classes)` of the raw examples of a split."""
    model, before = fixed(serving, facts)
    chunks = Examples(split, facts, before)
    return np.concatenate([model.predict_on_batch(chunk) for chunk in chunks]).astype(np.float32)


def mistakes(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32], count: int
) -> NDArray[np.int64]:
    """Rows of wrongly classified examples, at most `count`, the most confident first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:count]


def label_issues(
    labels: NDArray[np.int64], probabilities: NDArray[np.float32]
) -> NDArray[np.int64]:
    """Rows whose label is probably wrong, the most certain first.

    The model has not seen these examples, so where it is sure of another class, as sure as it is
    of examples of that class, either it errs or the label does.

    References:
        Northcutt, Jiang, Chuang, Confident Learning (2021), section 3; computed by cleanlab.
    """
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        # It warns of a class with a single example, of which it then says nothing.
        rows: NDArray[np.int64] = find_label_issues(
            labels, probabilities, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return rows


def raw_batch(split: Split, facts: Facts, count: int = 5) -> NDArray[Any]:
    """The first raw examples that go into one array, `(count, ...)`; of several sizes, one."""
    count = 1 if facts.is_ragged else count
    return np.stack([pixels(split, row, facts) for row in range(min(count, len(split)))])


def issue_rows(
    rows: NDArray[np.int64], test: Split, probabilities: NDArray[np.float32], facts: Facts
) -> Iterator[tuple[int, str, str, str, float]]:
    """For each position: its row in the split as ingest wrote it, as everywhere, where it comes
    from, its label, the class that it may be, and how sure the model is of that."""
    for place in rows.tolist():
        guess = int(probabilities[place].argmax())
        label, other = facts.classes[test.labels[place]], facts.classes[guess]
        sure = float(probabilities[place, guess])
        yield test.row(place), test.name(place) or "", label, other, sure


def prediction_rows(
    test: Split, probabilities: NDArray[np.float32], facts: Facts
) -> Iterator[tuple[Any, ...]]:
    """For each example: its row, where it comes from, its label, its class, every probability."""
    for place, shares in enumerate(probabilities):
        label, guess = facts.classes[test.labels[place]], facts.classes[int(shares.argmax())]
        yield test.row(place), test.name(place) or "", label, guess, *shares.tolist()


def titles(
    rows: NDArray[np.int64],
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    classes: Sequence[str],
) -> list[str]:
    """For each row what it is labelled, what it was taken for, and how sure the model was."""
    return [
        f"{classes[labels[row]]}\ntaken for {classes[probabilities[row].argmax()]}\n"
        f"{probabilities[row].max():.0%} sure"
        for row in rows
    ]


def confusion_rows(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], classes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Actual and predicted class of each example, the form that DVC's template counts."""
    for label, guess in zip(labels, predicted, strict=True):
        yield classes[label], classes[guess]
