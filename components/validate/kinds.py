"""What is found in single examples, kind by kind."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.validate import Config
from components.data.dataset import Split
from components.data.schema import Schema
from components.validate import duplicates
from components.validate.inspection import FACT, MEASURE, REASON, beginning, where

UNUSABLE = ("corrupt", "foreign")  # nothing can be made of them
BROKEN = (*UNUSABLE, "truncated", "missing", "outside", "empty", "unequal_size")
PLAIN = ("constant", "not_finite")

Found = dict[str, pd.DataFrame]


def of_examples(
    table: pd.DataFrame, splits: Mapping[str, Split], schema: Schema, config: Config
) -> tuple[Found, pd.DataFrame]:
    """For each kind the examples, with a column `detail` and perhaps `other`; and what is kept.

    What is dropped for one kind does not count for the next ones: a copy of what is left out
    anyway is no copy.
    """
    first, other = schema.inputs[0], _other(schema)

    def small(position: int) -> NDArray[np.float32]:
        place = table.loc[position]
        value = splits[place["split"]][first][int(place["row"])]
        found = schema.columns[first].thumbnail(value)
        assert found is not None  # noqa: S101  what has a likeness has one
        return found

    def near(kept: pd.DataFrame) -> Found:
        measures = [f"{MEASURE}{first} {one}" for one in schema.columns[first].measures]
        return _related(duplicates.near(kept, measures, small), table, "looks like", other)

    looks: list[Callable[[pd.DataFrame], Found]] = [
        lambda kept: _said(kept, BROKEN),
        lambda kept: _said(kept, PLAIN),
        lambda kept: _odd(kept, schema),
        lambda kept: _related(duplicates.equal(kept), table, "equals", other),
    ]
    if table["likeness"].notna().any():
        looks.append(near)
    found: Found = {}
    kept = table
    for look in looks:
        rows = look(kept)
        found |= rows
        for kind, one in rows.items():
            if getattr(config, kind) == "drop" or kind in UNUSABLE:
                kept = kept.drop(index=one.index, errors="ignore")
    return found, kept


def _said(table: pd.DataFrame, kinds: Iterable[str]) -> Found:
    """What the values themselves show."""
    found = {kind: table[where(table, kind)] for kind in kinds}
    return {
        kind: rows.assign(detail=rows[f"{REASON}{kind}"] if len(rows) else "")
        for kind, rows in found.items()
    }


def _odd(table: pd.DataFrame, schema: Schema) -> Found:
    """What is unlike the rest."""
    found: Found = {}
    for name, kind in schema.columns.items():
        there = [one.rpartition(" ") for one in beginning(table, FACT)]
        facts = {fact: table[f"{of} {fact}"] for of, _, fact in there if of == f"{FACT}{name}"}
        for key, details in kind.odd(pd.DataFrame(facts, table.index)).items():
            before = found.get(key, table[:0])
            fresh = table.loc[details.index.difference(before.index)].assign(detail=details)
            found[key] = pd.concat([before, fresh]) if len(before) else fresh
    return found


def _other(schema: Schema) -> str:
    """What differs where the truth does."""
    named = schema.targets and schema.columns[schema.targets[0]].names
    return "of another class" if named else f"with another {' and '.join(schema.targets)}"


def _related(found: Found, table: pd.DataFrame, how: str, other_truth: str) -> Found:
    """Adds what the other example is, and a `detail` that names it."""
    related = {}
    for kind, rows in found.items():
        other = table.loc[rows["other"]].set_index(rows.index)
        detail = how + " " + other["name"]
        differs = other["truth"] != rows["truth"]
        related[kind] = rows.assign(
            detail=detail.where(~differs, detail + f" {other_truth}"),
            other_name=other["name"],
            other_split=other["split"],
            other_row=other["row"],
        )
    return related
