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
    every, issues = range(len(answers)), measures.details["label_issues"]
    columns = ["row", "name", "label"]
    return {
        "predictions": (
            [*columns, "predicted", *test.schema.target.names],
            ((*_said(test, answers, place), *answers[place].tolist()) for place in every),
        ),
        "label_issues": (
            [*columns, "perhaps", "probability"],
            ((*_said(test, answers, place), answers[place].max().item()) for place in issues),
        ),
    }


def _said(test: Split, answers: Probabilities, place: int) -> tuple[int, str, str, str]:
    """Of the example at `place`: its row in the split as ingest wrote it, as everywhere, where it
    comes from, its label, and its most probable class."""
    classes = test.schema.target.names
    label, guess = classes[test.target[place]], classes[int(answers[place].argmax())]
    return test.row(place), test.name(place) or "", label, guess
