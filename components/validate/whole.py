"""What is found in a dataset as a whole, and in no single example."""

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from components.config.validate import Config
from components.data.dataset import Split
from components.data.features.feature import Feature, brief, content
from components.validate import drift


def of_whole(
    train: Split,
    counts: Mapping[str, Mapping[str, int]],
    compared: Mapping[str, Sequence[drift.Difference]],
    config: Config,
) -> dict[str, list[str]]:
    """Findings in sentences, by their keys of the `validate` section.

    Args:
        train: The train split.
        counts: For each split the examples of each class; without classes, of all.
        compared: By what is compared with the train split, every distribution.
        config: What passes.
    """
    return {
        "repeated_target": _repeated(train),
        "constant_target": _constant(train),
        "similar_classes": _similar(list(counts["train"])),
        "missing_class": _missing(counts),
        "imbalance": _imbalance(counts["train"], config.max_imbalance),
        "drift": [
            f"{whole} differs from the train split in {one.sentence}"
            for whole, differences in compared.items()
            for one in drift.significant(differences, config.max_drift)
        ],
    }


def _repeated(train: Split) -> list[str]:
    """Inputs that hold what a target holds, in every example."""
    pairs = [(one, other) for one in train.schema.inputs for other in train.schema.targets]
    return [
        f"column '{one}' repeats '{other}', which is to be learned"
        for one, other in pairs
        if len(train) > 1 and _is_equal(train, one, other)
    ]


def _is_equal(train: Split, one: str, other: str) -> bool:
    kinds = [train.schema.columns[name] for name in (one, other)]
    if any(kind.is_encoded and kind.shape for kind in kinds):  # files are not read again
        return False
    return any(
        all(
            form(kinds[0], a) == form(kinds[1], b)
            for a, b in zip(train[one], train[other], strict=True)
        )
        for form in (_stored, _said)
    )


def _stored(kind: Feature, value: Any) -> tuple[Any, bytes]:
    """A value in a form in which a number equals itself as another type."""
    is_number = np.ndim(value) == 0 and not isinstance(value, str | bytes)
    return np.shape(value), content(np.float64(value) if is_number else value)


def _said(kind: Feature, value: Any) -> tuple[Any, bytes]:
    """As `_stored`, of a class its name, and of text that is a number the number."""
    if kind.names and not kind.shape and 0 <= value < len(kind.names):
        value = kind.text(value)
    try:
        return _stored(kind, float(value) if isinstance(value, str) else value)
    except ValueError:
        return _stored(kind, value)


def _constant(train: Split) -> list[str]:
    """Numbers to be learned that are one and the same."""
    columns = train.schema.columns
    numbers = [
        one for one in train.schema.targets if not columns[one].names and not columns[one].shape
    ]
    return [
        f"column '{one}', which is to be learned, is {train[one][0]} in every training example"
        for one in numbers
        if len(train) > 1 and len({content(value) for value in train[one]}) == 1
    ]


def _similar(classes: Sequence[str]) -> list[str]:
    """Pairs of classes that a person would write for one."""

    def plain(name: str) -> str:
        return "".join(unicodedata.normalize("NFKC", name).casefold().split())

    ordered = sorted(classes, key=plain)
    return [
        f"classes {one!r} and {other!r} differ in case, blanks or the form of Unicode alone"
        for one, other in pairwise(ordered)
        if plain(one) == plain(other)
    ]


def _missing(counts: Mapping[str, Mapping[str, int]]) -> list[str]:
    return [
        f"the {split} split has no example of class '{brief(name)}'"
        for split, classes in counts.items()
        for name, count in classes.items()
        if not count
    ]


def _imbalance(counts: Mapping[str, int], limit: float) -> list[str]:
    some = {name: count for name, count in counts.items() if count}
    ordered = sorted(some, key=some.__getitem__)
    return [
        f"class '{brief(most)}' has {some[most] / some[least]:.1f} times the training examples "
        f"of class '{brief(least)}'; validate.max_imbalance allows {limit:g}"
        for least, most in zip(ordered[:1], ordered[-1:], strict=True)
        if some[most] > limit * some[least]
    ]
