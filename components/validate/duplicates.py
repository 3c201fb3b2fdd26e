"""Examples that are equal, and images that look the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
        `conflicting`: every example of a group of equal ones that has several truths. Of the
        other groups the first is kept, in the test split, then in the validation split; the
        copies are `leaked` where they are in another split than it, else `duplicates`. Column
        `other` is the index of the one that is kept, of a conflicting one that of another label.
    """
    ordered = _by_precedence(table)
    copies = ordered[ordered.duplicated("digest", keep=False)]
    kept = _first(copies, copies["digest"])
    differs = copies["truth"].to_numpy() != table["truth"].loc[kept].to_numpy()
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

    Candidates have similar perceptual hashes and means; their thumbnails decide. Of those that
    look alike over others, an image is a copy only of a kept one that it looks like itself.

    Args:
        table: What `inspect` found, of all splits, without unusable examples.
        measures: Its columns of means and contrasts, the means first.
        thumbnail: Of the example at an index, of length 1.

    Returns:
        `near_leaked` where the one that is kept is in another split, else `near_duplicates`;
        column `other` as for `equal`.
    """
    usable = _by_precedence(table[table["likeness"].notna()])
    usable = usable.drop_duplicates("digest")
    index, splits = usable.index.to_numpy(), usable["split"].to_numpy()
    means, contrasts = np.split(usable[measures].to_numpy(float), 2, axis=1)
    small = lru_cache(REMEMBERED)(lambda place: thumbnail(int(index[place])))
    looks = _Looks(usable["likeness"].to_numpy(np.uint64), means, contrasts, small)
    left, right = candidates(looks.hashes)
    is_same = looks.alike(left, right)
    first = np.arange(len(usable))
    for members in _groups(left[is_same], right[is_same], len(usable)):
        first[members] = _kept(members, looks)
    found = usable.assign(other=index[first])
    is_copy = first != np.arange(len(usable))
    leaked = splits != splits[first]
    return {"near_leaked": found[is_copy & leaked], "near_duplicates": found[is_copy & ~leaked]}


@dataclass(frozen=True)
class _Looks:
    """What images are compared by, `n` of them."""

    hashes: NDArray[np.uint64]
    means: NDArray[np.float64]
    contrasts: NDArray[np.float64]
    thumbnail: Callable[[int], NDArray[np.float32]]

    def alike(self, ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of some images look the same as others, `(m,)` each, by all three."""
        limit = SHIFT * np.maximum(self.contrasts[ones], self.contrasts[others])
        is_alike: NDArray[np.bool_]
        is_alike = np.bitwise_count(self.hashes[ones] ^ self.hashes[others]) <= BITS
        is_alike &= (np.abs(self.means[ones] - self.means[others]) <= limit).all(axis=1)
        for place in np.flatnonzero(is_alike):  # the thumbnails last: they are read from the disk
            one, other = self.thumbnail(int(ones[place])), self.thumbnail(int(others[place]))
            is_alike[place] = float(one @ other) >= CORRELATION
        return is_alike


def _kept(members: NDArray[np.int64], looks: _Looks) -> NDArray[np.int64]:
    """For each image of a group the one that is kept in its place, which may be itself.

    One that looks like a copy need not look like what that is a copy of: the frames of a video
    each look like the next, and not like the first.
    """
    kept: list[int] = []
    found = []
    for member in members.tolist():
        ones = np.array(kept, np.int64)
        like = np.flatnonzero(looks.alike(ones, np.full(len(ones), member)))
        if not len(like):
            kept.append(member)
        found.append(kept[like[0]] if len(like) else member)
    return np.array(found, np.int64)


def _by_precedence(table: pd.DataFrame) -> pd.DataFrame:
    return table.iloc[np.argsort(table["split"].map(PRECEDENCE).to_numpy(int), kind="stable")]


def _first(rows: pd.DataFrame, digests: pd.Series) -> pd.Series:
    """For each digest the index of the first of the rows that has it; -1 where none has."""
    firsts = rows.drop_duplicates("digest")
    return digests.map(pd.Series(firsts.index, firsts["digest"])).fillna(-1).astype(int)


def _groups(
    left: NDArray[np.int64], right: NDArray[np.int64], count: int
) -> Iterator[NDArray[np.int64]]:
    """Positions that pairs join, directly or over others, ascending; those that none joins not."""
    if not len(left):
        return
    pairs = coo_array((np.ones(len(left)), (left, right)), shape=(count, count))
    _, group = connected_components(pairs, directed=False)
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order])) + 1
    yield from (members for members in np.split(order, edges) if len(members) > 1)


def candidates(hashes: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
