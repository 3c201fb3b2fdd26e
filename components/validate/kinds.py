"""What is found in single examples, kind by kind."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.config.validate import Config
from components.data.dataset import Facts, Split
from components.data.images import pixels
from components.validate import duplicates
from components.validate.inspection import measures, thumbnail

UNUSABLE = ("corrupt", "foreign")  # nothing can be made of them
RARE = 0.05  # share of the examples below which a mode or a format is odd
AREA, ASPECT = 10.0, 3.0  # times the median beyond which a size or a shape is odd


def of_examples(
    table: pd.DataFrame, splits: Mapping[str, Split], facts: Facts, config: Config
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """For each kind the examples, with a column `detail` and perhaps `other`; and what is kept.

    What is dropped for one kind does not count for the next ones: a copy of what is left out
    anyway is no copy.
    """

    def small(position: int) -> NDArray[np.float32]:
        where = table.loc[position]
        return _thumbnail(splits[where["split"]], int(where["row"]), facts)

    looks: list[Callable[[pd.DataFrame], dict[str, pd.DataFrame]]] = [_broken, _plain]
    if facts.is_encoded:
        looks.append(_odd)
    looks.append(lambda kept: _related(duplicates.equal(kept), table, "equals"))
    if facts.is_image:
        near = partial(duplicates.near, measures=measures(facts), thumbnail=small)
        looks.append(lambda kept: _related(near(kept), table, "looks like"))
    found: dict[str, pd.DataFrame] = {}
    kept = table
    for look in looks:
        rows = look(kept)
        found |= rows
        for kind, one in rows.items():
            if getattr(config, kind) == "drop" or kind in UNUSABLE:
                kept = kept.drop(index=one.index, errors="ignore")
    return found, kept


def _broken(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Files that are no images, or no whole ones."""
    found = {kind: table[table["status"] == kind] for kind in (*UNUSABLE, "truncated")}
    return {kind: rows.assign(detail=rows["reason"]) for kind, rows in found.items()}


def _plain(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Examples whose values say nothing."""
    return {
        "constant": table[table["is_constant"]].assign(detail="of one colour or value"),
        "not_finite": table[~table["is_finite"]].assign(detail="holds NaN or infinity"),
    }


def _thumbnail(split: Split, row: int, facts: Facts) -> NDArray[np.float32]:
    values: NDArray[np.float32] = np.array(thumbnail(pixels(split, row, facts)), np.float32).ravel()
    values -= values.mean()
    values /= np.linalg.norm(values) or 1
    return values


def _related(
    found: dict[str, pd.DataFrame], table: pd.DataFrame, how: str
) -> dict[str, pd.DataFrame]:
    """Adds what the other example is, and a `detail` that names it."""
    related = {}
    for kind, rows in found.items():
        other = table.loc[rows["other"]].set_index(rows.index)
        detail = how + " " + other["name"]
        differs = other["label"] != rows["label"]
        related[kind] = rows.assign(
            detail=detail.where(~differs, detail + " of another class"),
            other_name=other["name"],
            other_split=other["split"],
            other_row=other["row"],
        )
    return related


def _odd(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Image files unlike the rest."""
    area = table["height"] * table["width"].astype(float)
    aspect = table["width"] / table["height"]
    size = table["width"].astype(str) + " x " + table["height"].astype(str)
    found = {}
    for kind, values, limit in (("odd_size", area, AREA), ("odd_aspect", aspect, ASPECT)):
        ratio = values / (values.median() or 1)
        is_odd = (ratio > limit) | (ratio < 1 / limit)
        found[kind] = table[is_odd].assign(detail=size[is_odd])
    for kind, values in (("odd_mode", table["mode"]), ("odd_format", table["format"])):
        rare = values.map(values.value_counts(normalize=True)) < RARE
        most = values.mode().iloc[0] if len(values) else ""
        found[kind] = table[rare].assign(detail=values[rare].astype(str) + f", most are {most}")
    return found
