"""A look at every example, and at images that may be equal a second one, to the last pixel."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.base.workers import Workers
from components.data.dataset import open_shards
from components.data.features.feature import digest
from components.validate.duplicates import candidates
from components.validate.inspection import FACT, SIDES, Shard, combined, inspect, together

Item = tuple[Shard, tuple[int, ...]]


def look(shards: Sequence[Shard], workers: Workers) -> pd.DataFrame:
    """Inspected shards as one table; of images that may be equal, with digests of all pixels.

    Two images of equal pixels have one size and about one perceptual hash; what was seen of others
    in a part of their size tells them apart.

    Args:
        shards: Of all splits.
        workers: Look at them.
    """
    looked = list(workers.map(inspect, shards, "looking"))
    table, starts = together(looked), np.cumsum([0, *map(len, looked)])
    unsure = _unsure(table, shards[0].schema.inputs[0])
    places = np.searchsorted(starts, unsure, "right") - 1
    items: list[Item] = [
        (shards[place], tuple((unsure[places == place] - starts[place]).tolist()))
        for place in np.unique(places)
    ]
    digests = table["digest"].to_numpy(object, copy=True)
    digests[unsure] = [one for found in workers.map(_digests, items, "comparing") for one in found]
    return table.assign(digest=digests)


def _unsure(table: pd.DataFrame, first: str) -> NDArray[np.int64]:
    """Rows that were seen in a part of their size, and have another of the same size and hash."""
    if not table["is_reduced"].any():
        return np.empty(0, np.int64)
    places = np.flatnonzero(table["likeness"].notna())
    some = table.iloc[places]
    pairs = candidates(some["likeness"].to_numpy(np.uint64))
    sizes = some[[f"{FACT}{first} {side}" for side in SIDES]].to_numpy(float)
    is_same = (sizes[pairs[0]] == sizes[pairs[1]]).all(axis=1)
    rows = places[np.unique(np.concatenate([one[is_same] for one in pairs]))]
    found: NDArray[np.int64] = rows[table["is_reduced"].to_numpy(bool)[rows]]
    return found


def _digests(item: Item) -> list[bytes]:
    shard, rows = item
    examples = open_shards([shard.path], shard.schema)

    def parts(row: int) -> Iterator[bytes]:
        for name in shard.schema.inputs:
            kind, value = shard.schema.columns[name], examples[name][row]
            is_image = kind.is_encoded
            yield digest(kind.decode(value)) if is_image else kind.look(value, None).digest

    return [combined(parts(row)) for row in rows]
