"""Read a source, split it, and write it as a dataset."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem, Stop
from components.base.workers import Workers
from components.config.ingest import Config
from components.data import shards
from components.data.dataset import Facts, Split
from components.data.features.feature import content
from components.data.listing import Listing
from components.data.rows import Files, Index, select
from components.data.schema import Schema
from components.data.shards import Shard
from components.ingest import splitting
from components.ingest.known import Known, recall, remember

LOOKED_AT = 256  # examples that are read where all of them would take too long

Seen = dict[str, Counter[Any]]
"""By column, what its values have said of it."""


def split(config: Config, found: Listing, seed: int, workers: Workers) -> splitting.Rows:
    """The rows of each split.

    Raises:
        Stop: The examples cannot be split so.
        Mistakes: The source does not have what the section splits by.
    """
    how = config.split
    if how.by == "given":
        if found.given is None:
            raise _unsplit("by: given, but the source gives no splits")
        strata = _strata_of_train(found, found.given)
        return splitting.given(found.given, strata, _names(found), how.validation, seed)
    if how.by == "group":
        if found.groups is None:
            raise _unsplit(f"by: group, but {config.source} has no groups")
        return splitting.by_group(found.groups, how.shares, seed)
    if how.by == "time":
        if found.times is None:
            raise _unsplit(f"by: time, but {config.source} has no times")
        return splitting.by_time(found.times, how.shares)
    if how.by == "content":
        return splitting.by_content(digests(found, workers), how.shares, seed)
    names = _names(found) if found.strata is not None else ()
    return splitting.by_class(_strata(found), names, how.shares, seed)


def _unsplit(message: str) -> Mistakes:
    return Mistakes([Problem(("ingest", "split"), message)])


def _strata(found: Listing) -> Index:
    """What is dealt alike; all, where nothing tells examples apart."""
    strata = found.strata
    return np.zeros(len(found), np.int64) if strata is None else strata


def _strata_of_train(found: Listing, given: NDArray[Any]) -> Index:
    """What is dealt alike of the train split alone, whose numbers have fifths of their own."""
    strata, rows = np.zeros(len(found), np.int64), np.flatnonzero(given == "train")
    for name in found.schema.targets[:1]:
        dealt = found.schema.columns[name].strata(select(found.columns[name], rows))
        strata[rows] = 0 if dealt is None else dealt
    return strata


def _names(found: Listing) -> Sequence[str]:
    """Of the strata: the classes, where there are such."""
    return [name for one in found.schema.targets[:1] for name in found.schema.columns[one].names]


def digests(found: Listing, workers: Workers) -> Sequence[bytes]:
    """SHA-256 of the inputs of each example; only those files are read that were not before."""
    hashed = [_digests_of(found.columns[name], workers) for name in found.schema.inputs]
    if len(hashed) == 1:
        return hashed[0]
    return [hashlib.sha256(b"".join(parts)).digest() for parts in zip(*hashed, strict=True)]


def _digests_of(values: Any, workers: Workers) -> Sequence[bytes]:
    if not hasattr(values, "select"):  # in memory
        return [hashlib.sha256(content(one)).digest() for one in values]
    known = values.digests if isinstance(values, Known) else np.full(len(values), None)
    rows = np.flatnonzero(known == None)  # noqa: E711  by element
    groups = [rows[part] for part in shards.cut(values.sizes[rows])]
    fresh = workers.map(_hash, [values.select(group) for group in groups], "hashing")
    known = known.copy()
    for group, digests in zip(groups, fresh, strict=True):
        known[group] = digests
    return list(known)


def _hash(files: Any) -> NDArray[Any]:
    hashed = np.empty(len(files), object)
    hashed[:] = [hashlib.sha256(files[row]).digest() for row in range(len(files))]
    return hashed


@dataclass(frozen=True)
class _Task:
    """One shard to write."""

    path: Path
    examples: Split


@dataclass(frozen=True)
class _Written:
    """One shard that was written, and what its examples say of themselves."""

    shard: Shard
    seen: Seen
    digests: NDArray[Any]
    """Of the first column."""


def write(found: Listing, rows: splitting.Rows, folder: Path, workers: Workers) -> Facts:
    """Writes the dataset, a shard at a time.

    Args:
        found: The source.
        rows: Of each split.
        folder: Does not exist yet.
        workers: Write the shards.

    Returns:
        What is known about it now.
    """
    tasks, places = [], []
    sizes = _sizes(found)
    for name, part in rows.items():
        groups = shards.cut(sizes[part])
        for number, group in enumerate(groups):
            path = (folder / name / shards.file_name(number, len(groups))).absolute()
            tasks.append(_Task(path, found.take(part[group])))
            places.append(part[group])
    is_read = any(hasattr(one, "select") for one in found.columns.values())
    # What is in memory already would only be sent about.
    written = list(workers.map(_write, tasks, "reading") if is_read else map(_write, tasks))
    schema = _known(found.schema, [one.seen for one in written])
    facts = Facts(schema, {name: len(part) for name, part in rows.items()})
    shards.seal(folder, [one.shard for one in written], facts)
    first = next(iter(found.columns.values()))
    if isinstance(first, Files):
        hashed = np.empty(len(found), object)
        for place, one in zip(places, written, strict=True):
            hashed[place] = one.digests
        placed = zip((task.path for task in tasks), places, strict=True)
        remember(first, hashed, placed)
    return facts


def _sizes(found: Listing) -> NDArray[np.int64]:
    """About the bytes of each example."""
    total = np.zeros(len(found), np.int64)
    for name, kind in found.schema.columns.items():
        total += kind.sizes(found.columns[name])
    return total


def _known(schema: Schema, seen: Sequence[Seen]) -> Schema:
    """The schema with what the values have said."""
    every: Seen = {name: Counter() for name in schema.columns}
    for one in seen:
        for name, said in one.items():
            every[name].update(said)  # a sum would copy all for each shard
    return schema.replacing(
        {name: kind.known(every[name]) for name, kind in schema.columns.items()}
    )


def _write(task: _Task) -> _Written:
    schema = task.examples.schema
    seen: Seen = {name: Counter() for name in schema.columns}
    hashed: list[bytes] = []
    first = next(iter(schema.columns))

    def parts() -> Iterator[Split]:
        for part in shards.batched(task.examples):
            read = part.read()
            _look(read, seen)
            if isinstance(task.examples[first], Files):
                hashed.extend(hashlib.sha256(one).digest() for one in read[first])
            yield read

    shard = shards.write(task.path, parts(), schema)
    array = np.empty(len(hashed), object)
    array[:] = hashed
    return _Written(shard, seen, array)


def _look(part: Split, seen: Seen) -> None:
    for name, kind in part.schema.columns.items():
        if kind.is_encoded:
            seen[name].update(kind.observe(value) for value in part[name])


def few(found: Listing, rows: Index) -> Split:
    """Some examples, read now, and what they show of the whole; for a check before the work."""
    count = min(LOOKED_AT, len(found))
    spread = found.take(np.linspace(0, len(found) - 1, count).astype(int)).read()
    seen: Seen = {name: Counter() for name in found.schema.columns}
    _look(spread, seen)
    schema = _known(found.schema, [seen])
    taken = replace(found.take(rows).read(), schema=schema)
    readable = np.flatnonzero([_is_readable(taken, row) for row in range(len(taken))])
    # Where none is, whoever reads them says why.
    return taken.take(readable).read() if len(readable) else taken


def _is_readable(part: Split, row: int) -> bool:
    kinds = part.schema.columns.items()
    encoded = [(name, kind) for name, kind in kinds if kind.is_encoded]
    if any(kind.observe(part[name][row]) is None for name, kind in encoded):
        return False
    try:
        for name in part.schema.moving:
            part.decoded(name, row)
    except Stop:
        return False
    return True


def recalled(found: Listing) -> Listing:
    """The listing with what the last ingest of the same folder has read already."""
    name, first = next(iter(found.columns.items()))
    if type(first) is not Files:
        return found
    return replace(found, columns={**found.columns, name: recall(first)})


def known(found: Listing) -> int:
    """How many files were read by an earlier run."""
    first = next(iter(found.columns.values()))
    return sum(one is not None for one in first.shards) if isinstance(first, Known) else 0
