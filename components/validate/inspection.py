"""What is known of each example after one look at it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from components.data.dataset import Split, open_shards
from components.data.features.feature import Look, content
from components.data.schema import Schema
from components.validate.likeness import perceptual_hash

REASON = "reason "
"""Before the kind of a finding, whose column says why; empty where it was not found."""
FACT, MEASURE, VALUE = "fact ", "measure ", "value "
"""Before the name of a column, and what of it."""
SIDES = ("height", "width")


@dataclass(frozen=True)
class Shard:
    """Some examples of a split, to be looked at by one worker."""

    split: str
    path: Path
    schema: Schema


def inspect(shard: Shard) -> pd.DataFrame:
    """Looks at every example of a shard.

    Returns:
        A row for each example: `split`, `name` (empty where nothing says it), `digest` of all
        inputs and `truth`, that of all targets, `likeness` of the first input, whether an input
        `is_reduced`, and by their prefixes what is wrong, facts, measures, and values that have
        names.
    """
    examples, schema = open_shards([shard.path], shard.schema), shard.schema
    every = range(len(examples))
    looks = {name: [_look(examples, name, row) for row in every] for name in schema.columns}
    first = looks[schema.inputs[0]]
    table = pd.DataFrame({"name": [examples.name(row) or "" for row in every]}, dtype="str")
    table.insert(0, "split", pd.Series(shard.split, index=table.index, dtype="str"))
    table["digest"] = _objects(
        combined(looks[one][row].digest for one in schema.inputs) for row in every
    )
    table["truth"] = _objects(
        combined(content(examples[one][row]) for one in schema.targets) for row in every
    )
    # Said, lest hashes below and above 2 ** 63 meet as floats.
    table["likeness"] = pd.array([look.likeness for look in first], dtype="UInt64")
    table["is_reduced"] = pd.array(
        [any(looks[one][row].is_reduced for one in schema.inputs) for row in every], dtype="bool"
    )
    found = {name: _of_column(schema, examples, name, looks[name]) for name in schema.columns}
    unequal = [_unequal([looks[name][row] for name in looks]) for row in every]
    return pd.concat([table, *found.values(), _reasons(looks, unequal)], axis=1)


def _look(examples: Split, name: str, row: int) -> Look:
    look = examples.schema.columns[name].look(examples[name][row], examples.name(row))
    # The hash at once: the pictures of a whole shard would be as large again.
    likeness = perceptual_hash(look.likeness) if look.likeness is not None else None
    # What is to be learned may be the same in every place, such as a vector of no label at all.
    ignored = {"constant"} if name in examples.schema.targets else set()
    findings = {kind: why for kind, why in look.findings.items() if kind not in ignored}
    return replace(look, likeness=likeness, findings=findings)


def _of_column(schema: Schema, examples: Split, name: str, looks: list[Look]) -> pd.DataFrame:
    """Facts, measures, and values that have names."""
    kind = schema.columns[name]
    facts = pd.DataFrame([dict(look.facts) for look in looks], index=range(len(looks)))
    values = np.full((len(looks), len(kind.measures)), np.nan)
    for row, look in enumerate(looks):
        if len(look.measures):
            values[row] = look.measures
    measured = pd.DataFrame(values, columns=[f"{MEASURE}{name} {one}" for one in kind.measures])
    parts = [facts.add_prefix(f"{FACT}{name} "), measured]
    if kind.names or kind.dtype == "string":
        said = [
            kind.text(value) if not look.findings else ""
            for value, look in zip(examples[name], looks, strict=True)
        ]
        parts.append(pd.DataFrame({f"{VALUE}{name}": pd.Series(said, dtype="str")}))
    return pd.concat(parts, axis=1)


def _unequal(looks: list[Look]) -> Mapping[str, str]:
    """Pictures of one example that are not of one size, such as an image and its mask."""
    sizes = {tuple(look.facts[one] for one in SIDES) for look in looks if SIDES[0] in look.facts}
    if len(sizes) < 2:
        return {}
    shown = " and ".join(f"{height} x {width}" for height, width in sorted(sizes))
    return {"unequal_size": f"{shown}, height and width"}


def _reasons(looks: Mapping[str, list[Look]], relations: list[Mapping[str, str]]) -> pd.DataFrame:
    """For each kind of finding a column of reasons: of the first column that has it, after the
    names of all that have it, where there are more than an input and a target.
    """
    every = [list(one) for one in zip(*looks.values(), strict=True)]
    rows = [
        {**related, **_said(dict(zip(looks, row, strict=True)))}
        for row, related in zip(every, relations, strict=True)
    ]
    return pd.DataFrame(rows, index=range(len(rows))).add_prefix(REASON)


def _said(row: Mapping[str, Look]) -> dict[str, str]:
    """Of one example, by the kind of finding."""
    found: dict[str, dict[str, str]] = {}
    for name, look in row.items():
        for kind, why in look.findings.items():
            found.setdefault(kind, {})[name] = why
    return {
        kind: f"{', '.join(whys)}: {first}" if len(row) > 2 else first
        for kind, whys in found.items()
        for first in [next(iter(whys.values()))]
    }


def _objects(values: Iterable[bytes]) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def combined(parts: Iterable[bytes]) -> bytes:
    """One digest of several."""
    every = list(parts)
    return every[0] if len(every) == 1 else hashlib.sha256(b"\0".join(every)).digest()


def together(shards: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Inspected shards as one table, with `row`, the position of an example within its split."""
    table = pd.concat(list(shards), ignore_index=True)
    row = table.groupby("split").cumcount()
    name = table["name"].where(table["name"] != "", table["split"] + ":" + row.astype(str))
    return table.assign(row=row, name=name)


def titles(schema: Schema) -> dict[str, str]:
    """What the columns of measures say, in words: `width`, `mean of channel 0 of image`."""
    return {
        f"{MEASURE}{name} {one}": name if one == "value" else f"{one} of {name}"
        for name, kind in schema.columns.items()
        for one in kind.measures
    }


def beginning(table: pd.DataFrame, prefix: str) -> list[str]:
    """The columns whose names begin so."""
    return [str(name) for name in table if str(name).startswith(prefix)]


def where(table: pd.DataFrame, kind: str) -> pd.Series:
    """In which examples a kind of thing was found."""
    name = f"{REASON}{kind}"
    return table[name].notna() if name in table else pd.Series(False, index=table.index)
