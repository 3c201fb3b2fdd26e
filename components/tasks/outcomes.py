"""What a model said of each test example: kept with it, so that two models compare in pairs."""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.base.files import write_csv
from components.data.dataset import Split
from components.data.features.feature import content

KEY, TRUE, SAID = "key", "true ", "said "
Columns = Mapping[str, Sequence[str]]
"""Values of each example, as text, by the name of a column."""


@dataclass(frozen=True)
class Outcomes:
    """The test examples of a model in an order that follows from them alone, `n` of them.

    Args:
        keys: SHA-256 of the raw content of each example, in part.
        truth: What is so.
        answers: What the model said.
    """

    keys: Sequence[str]
    truth: Columns
    answers: Columns

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def fingerprint(self) -> str:
        """Of the examples and the truth: equal for models that were measured alike."""
        rows = zip(self.keys, *self.truth.values(), strict=True)
        return hashlib.sha256("\n".join(map(" ".join, rows)).encode()).hexdigest()[:32]


def outcomes(test: Split, truth: Columns, answers: Columns) -> Outcomes:
    """What was said of each example.

    Args:
        test: `n` raw examples.
        truth: `n` values each.
        answers: `n` values each.
    """
    columns = [_keys(test), *truth.values(), *answers.values()]
    rows = sorted(zip(*columns, strict=True))
    keys, *values = (list(column) for column in zip(*rows, strict=True))
    known = dict(zip(truth, values, strict=False))
    return Outcomes(keys, known, dict(zip(answers, values[len(truth) :], strict=True)))


def _keys(test: Split) -> list[str]:
    inputs = [test[name] for name in test.schema.inputs]
    examples = (b"".join(map(content, values)) for values in zip(*inputs, strict=True))
    return [hashlib.sha256(one).hexdigest()[:32] for one in examples]


def write_outcomes(found: Outcomes, path: Path) -> None:
    """Writes a row for each example."""
    head = [KEY, *(f"{TRUE}{name}" for name in found.truth)]
    head += [f"{SAID}{name}" for name in found.answers]
    columns = [found.keys, *found.truth.values(), *found.answers.values()]
    write_csv(head, zip(*columns, strict=True), path)


def read_outcomes(path: Path) -> Outcomes:
    """Reads what `write_outcomes` has written."""
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    columns = dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))
    truth, answers = (
        {name.removeprefix(mark): one for name, one in columns.items() if name.startswith(mark)}
        for mark in (TRUE, SAID)
    )
    return Outcomes(columns[KEY], truth, answers)
