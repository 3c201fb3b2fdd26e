"""What a model said of each test example: kept with it, so that two models compare in pairs."""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from components.base.files import write_csv
from components.data.dataset import Facts, Split

COLUMNS = ["key", "label", "predicted"]


@dataclass(frozen=True)
class Outcomes:
    """The test examples of a model in an order that follows from them alone, `n` of them.

    Args:
        keys: SHA-256 of the raw content of each example, in part.
        labels: Names of the true classes.
        predicted: Names of the classes that the model found most probable.
    """

    keys: Sequence[str]
    labels: Sequence[str]
    predicted: Sequence[str]

    @property
    def fingerprint(self) -> str:
        """Of the examples and their labels: equal for models that were measured alike."""
        rows = zip(self.keys, self.labels, strict=True)
        return hashlib.sha256("\n".join(map(" ".join, rows)).encode()).hexdigest()[:32]


def outcomes(test: Split, facts: Facts, predicted: Sequence[str]) -> Outcomes:
    """What was said of each example.

    Args:
        test: `n` raw examples.
        facts: Of their dataset.
        predicted: For each the name of a class.
    """
    rows = sorted(
        (_key(test.inputs[place]), facts.classes[label], guess)
        for place, (label, guess) in enumerate(zip(test.labels, predicted, strict=True))
    )
    return Outcomes(*(list(column) for column in zip(*rows, strict=True)))


def _key(example: object) -> str:
    content = example if isinstance(example, bytes) else np.ascontiguousarray(example).data
    return hashlib.sha256(content).hexdigest()[:32]


def write_outcomes(found: Outcomes, path: Path) -> None:
    """Writes a row for each example."""
    write_csv(COLUMNS, zip(found.keys, found.labels, found.predicted, strict=True), path)


def read_outcomes(path: Path) -> Outcomes:
    """Reads what `write_outcomes` has written."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Outcomes(*([row[column] for row in rows] for column in COLUMNS))
