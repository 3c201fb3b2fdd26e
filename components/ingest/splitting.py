"""Which example goes to which split."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Stop
from components.data.dataset import SPLITS
from components.data.features.feature import brief

CARVED = 0.1  # of the train split, where neither the source nor the file gives a validation split

Rows = dict[str, NDArray[np.int64]]
"""For each split the rows that it gets, ascending."""


def by_class(
    labels: NDArray[np.int64], classes: Sequence[str], shares: dict[str, float], seed: int
) -> Rows:
    """Deals the examples of every class to the splits (stratified).

    Args:
        labels: `(n,)`, positions in `classes`, or fifths of a number.
        classes: Names of the classes; none where there are fifths.
        shares: The share of each split.
        seed: Draws the same split again.

    Returns:
        Every class has a row in every split.

    Raises:
        Stop: A class has fewer examples than there are splits.
    """
    random = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {name: [] for name in shares}
    sizes = np.bincount(labels, minlength=len(classes))
    by_label = np.split(np.argsort(labels, kind="stable"), np.cumsum(sizes)[:-1])
    fifths = [f"fifth {place + 1} of the target" for place in range(len(sizes))]
    too_small = []
    for label, name in enumerate([f"class '{brief(one)}'" for one in classes] or fifths):
        members = random.permutation(by_label[label])
        if len(members) < len(rows):
            too_small.append(f"{name} has {len(members)}")
            continue
        for left, (split, share) in reversed(list(enumerate(shares.items()))):
            # The first one, train, gets what is left; the others leave one example for each.
            count = min(max(1, round(share * sizes[label])), len(members) - left)
            count = count if left else len(members)
            rows[split].append(members[:count])
            members = members[count:]
    if too_small:
        raise Stop(
            f"ingest: {', '.join(too_small)}; each needs {len(rows)} examples or more, "
            "one for every split"
        )
    return {name: np.sort(np.concatenate(parts)) for name, parts in rows.items()}


def by_group(groups: NDArray[Any], shares: dict[str, float], seed: int) -> Rows:
    """Deals whole groups to the splits: each, in drawn order, to the split that lacks most.

    Args:
        groups: `(n,)`, the group of each example.
        shares: The share of each split, of examples.
        seed: Draws the same split again.

    Raises:
        Stop: There are fewer groups than splits.
    """
    names, positions, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < len(shares):
        raise Stop(f"ingest.split: {len(names)} groups cannot fill {len(shares)} splits")
    wanted = np.array(list(shares.values())) * len(groups)
    placed = np.zeros(len(shares))
    split_of = np.empty(len(names), np.int64)
    for group in np.random.default_rng(seed).permutation(len(names)):
        split_of[group] = np.argmax((wanted - placed) / wanted)
        placed[split_of[group]] += sizes[group]
    assigned = split_of[positions]
    return {name: np.flatnonzero(assigned == place) for place, name in enumerate(shares)}


def by_content(digests: Sequence[bytes], shares: dict[str, float], seed: int) -> Rows:
    """Draws the split of an example from the hash of its content.

    An example stays in its split whatever else is added or removed, and its copies join it.

    Args:
        digests: Of each example.
        shares: The share of each split, which large numbers come close to.
        seed: Another one gives another split.
    """
    salt = seed.to_bytes(8, "little", signed=True)
    drawn = [
        int.from_bytes(hashlib.sha256(salt + digest).digest()[:8], "little") / 2**64
        for digest in digests
    ]
    edges = np.cumsum(list(shares.values()))[:-1]
    places = np.searchsorted(edges, drawn, side="right")
    return {name: np.flatnonzero(places == place) for place, name in enumerate(shares)}


def by_time(times: NDArray[Any], shares: dict[str, float]) -> Rows:
    """Deals the examples in the order of their times: the first to train, the last to test.

    Args:
        times: `(n,)`, numbers or text whose order is that of time.
        shares: The share of each split.

    Raises:
        Stop: The times cannot be compared.
    """
    try:
        order = np.argsort(times, kind="stable")
    except TypeError:
        raise Stop("ingest.split.time: it holds text and numbers, which have no order") from None
    edges = np.round(np.cumsum(list(shares.values()))[:-1] * len(times)).astype(int)
    parts = zip(shares, np.split(order, edges), strict=True)
    return {name: np.sort(part) for name, part in parts}


def given(
    splits: NDArray[Any],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    validation: float | None,
    seed: int,
) -> Rows:
    """The splits of the source; where it has no validation split, a share of its train split.

    Args:
        splits: `(n,)`, the name of each example's split.
        labels: `(n,)`, positions in `classes`.
        classes: Names of the classes.
        validation: That share; 0.1 where it is None.
        seed: Draws the same validation split again.

    Raises:
        Stop: The source has no train or no test split.
    """
    rows = {name: np.flatnonzero(splits == name) for name in SPLITS}
    missing = [name for name in ("train", "test") if not len(rows[name])]
    if missing:
        raise Stop(
            f"ingest.split: by: given, but the source has no {' and no '.join(missing)} split"
        )
    if len(rows["validation"]):
        return rows
    share = validation or CARVED
    train = rows["train"]
    parts = by_class(labels[train], classes, {"train": 1 - share, "validation": share}, seed)
    return {**rows, **{name: train[part] for name, part in parts.items()}}
