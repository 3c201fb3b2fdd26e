"""Examples that are equal, and images that look the same."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

CORRELATION = 0.99  # of two thumbnails that look the same
SHIFT = 0.1  # between their means at most, in standard deviations of a channel
BITS = 2  # that their hashes differ in at most; as many bits are set in every one, so 1 is rare
COMPARED = 16  # images with similar hashes that each one is compared with
REMEMBERED = 100_000  # thumbnails, 4 kB each
PRECEDENCE = {"test": 0, "validation": 1, "train": 2}  # whose copy is kept


def equal(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Examples whose values are equal to those of another one.

    Args:
        table: What `inspect` found, of all splits, without unusable examples.

    Returns:
        `conflicting`: every example of a group of equal ones that has several labels. Of the
        other groups the first is kept, in the test split, then in the validation split; the
        copies are `leaked` where they are in another split than it, else `duplicates`. Column
        `other` is the index of the one that is kept, of a conflicting one that of another label.
    """
    ordered = _by_precedence(table)
    copies = ordered[ordered.duplicated("digest", keep=False)]
    kept = _first(copies, copies["digest"])
    differs = copies["label"].to_numpy() != table["label"].loc[kept].to_numpy()
    another = _first(copies[differs], copies["digest"])
    in_conflict = (another >= 0).to_numpy()
    is_copy = ~in_conflict & (copies.index != kept)
    leaked = copies["split"].to_numpy() != table["split"].loc[kept].to_numpy()
    copies = copies.assign(other=kept)
    return {
        "conflicting": copies.assign(other=kept.where(differs, another))[in_conflict],
        "leaked": copies[is_copy & leaked],
        "duplicates": copies[is_copy & ~leaked],
    }


def near(
    table: pd.DataFrame, measures: list[str], thumbnail: Callable[[int], NDArray[np.float32]]
) -> dict[str, pd.DataFrame]:
    """Images that look like another one without being equal to it.

    Candidates have similar perceptual hashes and means; their thumbnails decide.

    Args:
        table: What `inspect` found, of all splits, without unusable examples.
        measures: Its columns of means and contrasts, the means first.
        thumbnail: Of the example at an index, of mean 0 and length 1; of length 0 for a flat one.

    Returns:
        `near_leaked` where the one that is kept is in another split, else `near_duplicates`;
        column `other` as for `equal`.
    """
    usable = _by_precedence(table[table["is_finite"] & ~table["is_constant"]])
    usable = usable.drop_duplicates("digest")
    index, splits = usable.index.to_numpy(), usable["split"].to_numpy()
    means, contrasts = np.split(usable[measures].to_numpy(float), 2, axis=1)
    left, right = _candidates(usable["phash"].to_numpy(np.uint64))
    limit = SHIFT * np.maximum(contrasts[left], contrasts[right])
    is_close = (np.abs(means[left] - means[right]) <= limit).all(axis=1)
    left, right = left[is_close], right[is_close]
    small = lru_cache(REMEMBERED)(thumbnail)
    is_same = np.array(
        [
            float(small(one) @ small(other)) >= CORRELATION
            for one, other in zip(index[left].tolist(), index[right].tolist(), strict=True)
        ],
        bool,
    )
    first = _firsts(left[is_same], right[is_same], len(usable))
    found = usable.assign(other=index[first])
    is_copy = first != np.arange(len(usable))
    leaked = splits != splits[first]
    return {"near_leaked": found[is_copy & leaked], "near_duplicates": found[is_copy & ~leaked]}


def _by_precedence(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[np.argsort(table["split"].map(PRECEDENCE).to_numpy(int), kind="stable")]


def _first(rows: pd.DataFrame, digests: pd.Series) -> pd.Series:
    """For each digest the index of the first of the rows that has it; -1 where none has."""
    firsts = rows.drop_duplicates("digest")
    return digests.map(pd.Series(firsts.index, firsts["digest"])).fillna(-1).astype(int)


def _firsts(left: NDArray[np.int64], right: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """For each of `count` positions the first that pairs join it with, which may be itself."""
    if not len(left):
        return np.arange(count)
    pairs = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    _, group = connected_components(pairs, directed=False)
    first: NDArray[np.int64] = np.unique(group, return_index=True)[1][group]
    return first


def _candidates(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of positions whose hashes differ in BITS or fewer.

    Of three bands of bits two differing bits leave one as it is, so sorting by each band in turn
    brings every such pair together. Each is compared with COMPARED neighbours, lest images that
    all look alike cost the square of their number.
    """
    count, found = len(hashes), [np.empty(0, np.int64)]
    for band in range(0, 63, 21):
        turned = (hashes << np.uint64(band)) | (hashes >> np.uint64((64 - band) % 64))
        order = np.argsort(turned, kind="stable")
        turned = turned[order]
        for step in range(1, min(COMPARED, count - 1) + 1):
            before, after = turned[:-step], turned[step:]
            is_near = np.bitwise_count(before ^ after) <= BITS
            pairs = np.sort([order[:-step][is_near], order[step:][is_near]], axis=0)
            found.append(pairs[0] * count + pairs[1])
    return np.divmod(np.unique(np.concatenate(found)), max(count, 1))
