"""Check a dataset before anything is trained on it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from components.dataset import Facts, Split
from components.validate.config import Config

SHOWN = 10  # rows named in a message: enough to look at, few enough to read


class Report(BaseModel):
    """What was found; `problems` is empty where the line may go on."""

    counts: dict[str, dict[str, int]]
    """For each split the examples of each class."""
    duplicates: list[str]
    """Examples, as `split:row`, that equal an earlier one."""
    conflicting: list[str]
    """Those of the duplicates whose earlier equal has another label."""
    leaked: list[str]
    """Those of the duplicates whose earlier equal is in another split."""
    constant: list[str]
    """Examples of one value throughout."""
    problems: list[str]
    """Why the dataset must not be trained on, one sentence each."""


def validate(splits: Mapping[str, Split], facts: Facts, config: Config) -> Report:
    """Checks a dataset.

    Args:
        splits: Every split by name; inputs of any dtype, decoded or encoded.
        facts: What is known about the dataset.
        config: The limits.
    """
    duplicates, conflicting, leaked = find_duplicates(splits)
    constant = find_constant(splits) if not facts.is_encoded else []
    counts = {
        name: dict(zip(facts.classes, _bincount(split, facts), strict=True))
        for name, split in splits.items()
    }
    problems = [
        *_shares(
            "repeat an earlier one",
            duplicates,
            config.max_duplicate_fraction,
            "max_duplicate_fraction",
            splits,
        ),
        *_shares(
            "have one value throughout",
            constant,
            config.max_constant_fraction,
            "max_constant_fraction",
            splits,
        ),
        *_small_classes(counts, config),
        *_not_finite(splits, facts),
    ]
    return Report(
        counts=counts,
        duplicates=duplicates,
        conflicting=conflicting,
        leaked=leaked,
        constant=constant,
        problems=problems,
    )


def find_duplicates(splits: Mapping[str, Split]) -> tuple[list[str], list[str], list[str]]:
    """Examples that equal an earlier one, over all splits.

    Returns:
        All of them, those whose first equal has another label, those whose first equal is in
        another split; each as `split:row`.
    """
    first: dict[bytes, tuple[str, int]] = {}
    duplicates, conflicting, leaked = [], [], []
    for name, split in splits.items():
        for row, (example, label) in enumerate(zip(split.inputs, split.labels, strict=True)):
            digest = hashlib.blake2b(bytes(example), digest_size=16).digest()
            where, earlier = first.setdefault(digest, (f"{name}:{row}", int(label)))
            if where == f"{name}:{row}":
                continue
            duplicates.append(f"{name}:{row}")
            if earlier != label:
                conflicting.append(f"{name}:{row}")
            if not where.startswith(f"{name}:"):
                leaked.append(f"{name}:{row}")
    return duplicates, conflicting, leaked


def find_constant(splits: Mapping[str, Split]) -> list[str]:
    """Examples of one value throughout, as `split:row`."""
    found = []
    for name, split in splits.items():
        start = 0
        for chunk in split.chunks():
            flat = chunk.reshape(len(chunk), -1)
            rows = np.flatnonzero(flat.min(axis=1) == flat.max(axis=1))
            found += [f"{name}:{start + row}" for row in rows]
            start += len(chunk)
    return found


def _bincount(split: Split, facts: Facts) -> list[int]:
    return [int(count) for count in np.bincount(split.labels, minlength=len(facts.classes))]


def _shares(
    what: str, found: list[str], limit: float, key: str, splits: Mapping[str, Split]
) -> list[str]:
    total = sum(map(len, splits.values()))
    if len(found) <= limit * total:
        return []
    rows = ", ".join(found[:SHOWN]) + (", ..." if len(found) > SHOWN else "")
    return [f"{len(found)} of {total} examples {what} ({rows}); validate.{key} allows {limit:.1%}"]


def _small_classes(counts: Mapping[str, Mapping[str, int]], config: Config) -> list[str]:
    least = config.min_examples_per_class
    return [
        f"class '{name}' has {count} training examples; "
        f"validate.min_examples_per_class asks for {least}"
        for name, count in counts["train"].items()
        if count < least
    ]


def _not_finite(splits: Mapping[str, Split], facts: Facts) -> list[str]:
    if np.dtype(facts.dtype).kind != "f":
        return []
    rows: list[Any] = [
        f"{name}:{row}"
        for name, split in splits.items()
        for row in np.flatnonzero(~np.isfinite(split.array.reshape(len(split), -1)).all(axis=1))
    ]
    return (
        [f"{len(rows)} examples hold NaN or infinity ({', '.join(rows[:SHOWN])})"] if rows else []
    )
