"""What a report shows of a classification."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.data import shown as examples
from components.data.dataset import Split
from components.show.classes import confusion, reliability
from components.tasks.classification import Classification
from components.tasks.classification.measure import Probabilities
from components.tasks.measured import Measures

Rows = NDArray[np.int64]


def figures(
    task: Classification, measures: Measures, answers: Probabilities, test: Split, shown: int
) -> dict[str, Figure]:
    """Confusion matrix, reliability diagram, and examples: mistakes, labels that may be wrong."""
    classes, bins = test.schema.target.names, measures.details["reliability"]
    drawn = {
        "Confusion matrix": confusion(np.array(measures.details["confusion"]), classes),
        "Reliability": reliability(
            *([one[key] for one in bins] for key in ("confidence", "accuracy", "count"))
        ),
    }
    found = {
        "Mistakes, the most confident first": mistakes(test, answers, shown),
        "Labels that may be wrong, the most certain first (cleanlab)": np.array(
            measures.details["label_issues"][:shown], np.int64
        ),
    }
    for caption, rows in found.items():
        if len(rows) and (grid := examples.examples(test, rows, _titles(test, answers, rows))):
            drawn[caption] = grid
    return drawn


def mistakes(test: Split, answers: Probabilities, count: int) -> Rows:
    """Rows of wrongly classified examples, at most `count`, the most confident first."""
    wrong = np.flatnonzero(answers.argmax(axis=1) != np.asarray(test.target[:]))
    return wrong[np.argsort(-answers[wrong].max(axis=1), kind="stable")][:count]


def _titles(test: Split, answers: Probabilities, rows: Rows) -> list[str]:
    """For each row what it is labelled, what it was taken for, and how sure the model was."""
    classes = test.schema.target.names
    return [
        f"{classes[test.target[row]]}\ntaken for {classes[answers[row].argmax()]}\n"
        f"{answers[row].max():.0%} sure"
        for row in rows.tolist()
    ]


def summary(
    task: Classification, measures: Measures
) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Each class against the rest."""
    rows = [tuple(one.values()) for one in measures.details["per_class"]]
    return {"Classes": (["class", "precision", "recall", "F1", "examples"], rows)}


def tables(
    task: Classification, measures: Measures, answers: Probabilities, test: Split
) -> dict[str, tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """Every prediction, and the labels that may be wrong."""
    classes = test.schema.target.names
    issues = measures.details["label_issues"]
    return {
        "predictions": (
            ["row", "name", "label", "predicted", *classes],
            _predictions(test, answers),
        ),
        "label_issues": (
            ["row", "name", "label", "perhaps", "probability"],
            _issues(test, answers, issues),
        ),
    }


def _predictions(test: Split, answers: Probabilities) -> Iterator[tuple[Any, ...]]:
    """For each example: its row, where it comes from, its label, its class, every probability."""
    classes = test.schema.target.names
    for place, shares in enumerate(answers):
        label, guess = classes[test.target[place]], classes[int(shares.argmax())]
        yield test.row(place), test.name(place) or "", label, guess, *shares.tolist()


def _issues(test: Split, answers: Probabilities, rows: list[int]) -> Iterator[tuple[Any, ...]]:
    """For each position: its row in the split as ingest wrote it, as everywhere, where it comes
    from, its label, the class that it may be, and how sure the model is of that."""
    classes = test.schema.target.names
    for place in rows:
        guess = int(answers[place].argmax())
        sure = float(answers[place, guess])
        label = classes[test.target[place]]
        yield test.row(place), test.name(place) or "", label, classes[guess], sure
