"""Check a dataset before anything is trained on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from components.config.validate import Config
from components.data.dataset import Split
from components.data.features.feature import brief
from components.data.schema import Schema
from components.validate import drift
from components.validate.inspection import VALUE, titles, where
from components.validate.kinds import UNUSABLE, of_examples
from components.validate.whole import of_whole

SHOWN = 5  # examples that a message names
COPIES = ("conflicting", "leaked", "duplicates")  # kinds that max_duplicate_fraction is for
LISTED = 1000  # examples of one kind that the report lists


class Example(BaseModel):
    """One example with something wrong."""

    split: str
    row: int
    """Within the split, as ingest wrote it."""
    name: str
    """Where it comes from, such as its path; else `split:row`."""
    label: str
    """What is learned, where it has a name."""
    detail: str
    """What is wrong, in a few words."""
    other: str | None = None
    """Name of the example that it equals."""
    other_split: str | None = None
    other_row: int | None = None


class Finding(BaseModel):
    """One kind of thing that was found."""

    kind: str
    """The key of the `validate` section that says what happens."""
    policy: str
    """What happens: `error`, `drop` or `warn`, also where `max_duplicate_fraction` allows it."""
    count: int
    details: list[str] = []
    """What was found in no single example, one sentence each."""
    examples: list[Example] = []
    """The first 1,000."""


class Report(BaseModel):
    """What was found; `problems` is empty where the line may go on."""

    counts: dict[str, dict[str, int]]
    """For each split the examples of each class after dropping; without classes, of all."""
    findings: list[Finding]
    """Each kind that was found."""
    dropped: dict[str, list[int]]
    """For each split the rows that are left out from here on."""
    statistics: drift.Statistics
    """Of the train split, for later versions to be compared with."""
    drift: dict[str, list[drift.Difference]]
    """By what is compared with the train split, every distribution."""
    problems: list[str]
    """Why the dataset must not be trained on, one sentence each."""


def validate(
    table: pd.DataFrame,
    splits: Mapping[str, Split],
    config: Config,
    accepted: drift.Statistics | None = None,
) -> Report:
    """Checks a dataset.

    Args:
        table: What `inspect` found, `together`; its index runs from 0 over all splits.
        splits: Every split, for a second look at images that may be the same.
        config: What happens where something is found.
        accepted: The train split of the last accepted version.
    """
    schema = splits["train"].schema
    found, kept = of_examples(table, splits, schema, config)
    policies = _policies(found, len(table), config)
    findings = [
        _finding(kind, rows, policies[kind], schema) for kind, rows in found.items() if len(rows)
    ]
    is_dropped = np.zeros(len(table), bool)
    for kind, rows in found.items():
        is_dropped[rows.index] |= policies[kind] == "drop"
    statistics = drift.statistics(kept[kept["split"] == "train"])
    compared = _drift(kept, splits, statistics, accepted)
    counts = {name: _counts(kept[kept["split"] == name], schema) for name in splits}
    findings += [
        Finding(kind=kind, policy=getattr(config, kind), count=len(details), details=details)
        for kind, details in of_whole(splits["train"], counts, compared, config).items()
        if details
    ]
    return Report(
        counts=counts,
        findings=findings,
        dropped={
            name: table["row"][is_dropped & (table["split"] == name)].tolist() for name in splits
        },
        statistics=statistics,
        drift=compared,
        problems=[
            *_problems(findings, len(table), config),
            *_too_few(counts, config),
            *_too_many_dropped(is_dropped, config),
        ],
    )


def _policies(found: Mapping[str, pd.DataFrame], total: int, config: Config) -> dict[str, str]:
    """What happens to each kind; so few copies as are allowed are only reported."""
    policies: dict[str, str] = {kind: getattr(config, kind) for kind in found}
    copies = {kind for kind in COPIES if policies[kind] == "error"}
    if sum(len(found[kind]) for kind in copies) <= config.max_duplicate_fraction * total:
        policies |= dict.fromkeys(copies, "warn")
    return policies


def _finding(kind: str, rows: pd.DataFrame, policy: str, schema: Schema) -> Finding:
    label = _label(schema)
    examples = [
        Example(
            split=one["split"],
            row=one["row"],
            name=one["name"],
            label=one[label] if label else "",
            detail=one["detail"],
            other=one.get("other_name"),
            other_split=one.get("other_split"),
            other_row=one.get("other_row"),
        )
        for one in rows.head(LISTED).to_dict("records")
    ]
    return Finding(kind=kind, policy=policy, count=len(rows), examples=examples)


def _label(schema: Schema) -> str | None:
    """The column of the first target, where its values have names."""
    named = [f"{VALUE}{name}" for name in schema.targets if schema.columns[name].names]
    return named[0] if named else None


def _drift(
    kept: pd.DataFrame,
    splits: Mapping[str, Split],
    statistics: drift.Statistics,
    accepted: drift.Statistics | None,
) -> dict[str, list[drift.Difference]]:
    said = titles(splits["train"].schema)
    compared = {
        f"the {name} split": drift.differences(statistics, kept[kept["split"] == name], said)
        for name in splits
        if name != "train"
    }
    if accepted is not None:
        train = kept[kept["split"] == "train"]
        compared["the accepted version"] = drift.differences(accepted, train, said)
    return compared


def _problems(findings: Sequence[Finding], total: int, config: Config) -> list[str]:
    """Sentences for each finding whose policy is to stop, and what to do about it."""
    sentences = []
    for one in findings:
        if one.policy != "error":
            continue
        if one.details:
            sentences += [f"{one.kind}: {detail}" for detail in one.details[:SHOWN]]
            more = f" ({one.count - SHOWN} more)" if one.count > SHOWN else ""
            sentences[-1] += f"{more}; to go on all the same, set validate.{one.kind}: warn"
            continue
        shown = [f"{example.name} ({example.detail})" for example in one.examples[:SHOWN]]
        what = ", ".join(shown + (["..."] if one.count > SHOWN else []))
        choice = "drop" if one.kind in UNUSABLE else "drop or warn"
        if one.kind == "missing":
            choice += ", or say missing: true of the column"
        limit = f"; validate.max_duplicate_fraction allows {config.max_duplicate_fraction:.1%}"
        sentences.append(
            f"{one.kind}: {one.count} of {total} examples: {what}; remove them, "
            f"or set validate.{one.kind}: {choice}{limit if one.kind in COPIES else ''}"
        )
    return sentences


def _too_few(counts: Mapping[str, Mapping[str, int]], config: Config) -> list[str]:
    least = config.min_examples_per_class
    return [
        f"class '{brief(name)}' has {count} training examples; "
        f"validate.min_examples_per_class asks for {least}"
        for name, count in counts["train"].items()
        if 0 < count < least
    ]


def _too_many_dropped(is_dropped: NDArray[np.bool_], config: Config) -> list[str]:
    share = float(is_dropped.mean()) if len(is_dropped) else 0.0
    if share <= config.max_dropped_fraction:
        return []
    return [
        f"{int(is_dropped.sum())} of {len(is_dropped)} examples would be dropped; "
        f"validate.max_dropped_fraction allows {config.max_dropped_fraction:.1%}"
    ]


def _counts(table: pd.DataFrame, schema: Schema) -> dict[str, int]:
    """Examples of each class; without classes, of all."""
    if (label := _label(schema)) is None:
        return {"examples": len(table)}
    counts = table[label].value_counts()
    names = schema.columns[label.removeprefix(VALUE)].names
    return {name: int(counts.get(name, 0)) for name in names}


def unusable(table: pd.DataFrame, split: str) -> NDArray[np.int64]:
    """Rows of a split that no picture can be made of."""
    wrong = table["split"] == split
    wrong &= np.any([where(table, kind) for kind in (*UNUSABLE, "outside", "not_finite")], axis=0)
    rows: NDArray[np.int64] = table["row"][wrong].to_numpy(np.int64)
    return rows


def numbers(report: Report) -> dict[str, Any]:
    """The report's counts, for DVC's metrics."""
    return {
        **{one.kind: one.count for one in report.findings},
        "dropped": sum(map(len, report.dropped.values())),
        "problems": len(report.problems),
    }
