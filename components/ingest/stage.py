"""Read a source, split it, and write it as a dataset."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem
from components.base.workers import Workers
from components.config.ingest import Config
from components.data import shards
from components.data.dataset import Facts, Split
from components.data.images import DEEP, GREY, Header, header
from components.data.shards import Shard
from components.ingest import splitting
from components.ingest.known import Known, recall, remember
from components.ingest.listing import Files, Listing

LOOKED_AT = 256  # images whose headers are read where all of them would take too long


def listing(config: Config, source: Path) -> Listing:
    """What a source holds, without reading its images.

    Args:
        config: The section.
        source: The pipeline's folder of sources, which every local path is inside of.

    Raises:
        Stop: The source cannot be read; the message names each file that is wrong.
        Mistakes: The section names what the source does not have.
    """
    # By its name: a stage depends on the source that it reads, not on the others.
    reader = import_module(f"components.ingest.sources.{config.module}")
    found: Listing = reader.listing(config, source)
    return found


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
        return splitting.given(found.given, found.labels, found.classes, how.validation, seed)
    if how.by == "group":
        if found.groups is None:
            raise _unsplit(f"by: group, but {config.source} has no groups")
        return splitting.by_group(found.groups, how.shares, seed)
    if how.by == "content":
        return splitting.by_content(digests(found, workers), how.shares, seed)
    return splitting.by_class(found.labels, found.classes, how.shares, seed)


def _unsplit(message: str) -> Mistakes:
    return Mistakes([Problem(("ingest", "split"), message)])


def digests(found: Listing, workers: Workers) -> Sequence[bytes]:
    """SHA-256 of each example; of files only those are read that were not read before."""
    if not found.is_encoded:
        return [hashlib.sha256(np.ascontiguousarray(one).data).digest() for one in found.inputs]
    known = (
        found.inputs.digests
        if isinstance(found.inputs, Known)
        else np.full(len(found.labels), None)
    )
    rows = np.flatnonzero(known == None)  # noqa: E711  by element
    groups = [rows[part] for part in shards.cut(found.inputs.sizes[rows])]
    fresh = workers.map(_hash, [found.inputs.select(group) for group in groups], "hashing")
    known = known.copy()
    for group, values in zip(groups, fresh, strict=True):
        known[group] = values
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
    facts: Facts


@dataclass(frozen=True)
class _Written:
    """One shard that was written, and what its examples say of themselves."""

    shard: Shard
    headers: Counter[Header | None]
    digests: NDArray[Any]


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
    facts = _facts(found, Counter())
    if not found.is_encoded:
        splits = {name: _take(found, part) for name, part in rows.items()}
        shards.save(splits, facts, folder)
        return facts.with_counts({name: len(part) for name, part in rows.items()})
    tasks, places = [], []
    for name, part in rows.items():
        groups = shards.cut(found.inputs.sizes[part])
        for number, group in enumerate(groups):
            path = (folder / name / shards.file_name(number, len(groups))).absolute()
            tasks.append(_Task(path, _take(found, part[group]), facts))
            places.append(part[group])
    written = list(workers.map(_write, tasks, "reading"))
    headers = sum((one.headers for one in written), Counter[Header | None]())
    facts = _facts(found, headers).with_counts({name: len(part) for name, part in rows.items()})
    shards.seal(folder, [one.shard for one in written], facts)
    if isinstance(found.inputs, Files):
        hashed = np.empty(len(found.labels), object)
        for place, one in zip(places, written, strict=True):
            hashed[place] = one.digests
        placed = zip((task.path for task in tasks), places, strict=True)
        remember(found.inputs, hashed, placed)
    return facts


def _write(task: _Task) -> _Written:
    headers: Counter[Header | None] = Counter()
    hashed: list[bytes] = []

    def parts() -> Iterator[Split]:
        for part in shards.batched(task.examples):
            files = part.inputs[:]
            headers.update(header(one) for one in files)
            hashed.extend(hashlib.sha256(one).digest() for one in files)
            yield replace(part, inputs=files)

    shard = shards.write(task.path, parts(), task.facts)
    array = np.empty(len(hashed), object)
    array[:] = hashed
    return _Written(shard, headers, array)


def few(found: Listing, rows: NDArray[np.int64]) -> tuple[Split, Facts]:
    """Some examples, read now, and what they show of the whole; for a check before the work."""
    spread = np.linspace(0, len(found.labels) - 1, min(LOOKED_AT, len(found.labels))).astype(int)
    seen = map(header, found.inputs[spread]) if found.is_encoded else ()
    taken = _take(found, rows)
    inputs = taken.inputs[np.arange(len(rows))]
    if found.is_encoded:
        readable = [place for place, one in enumerate(inputs) if header(one)]
        inputs, taken = [inputs[place] for place in readable], taken.take(np.array(readable, int))
    return replace(taken, inputs=inputs), _facts(found, Counter(seen))


def _take(found: Listing, rows: NDArray[np.int64]) -> Split:
    """The examples at the rows, not read yet, and without what the other rows would weigh."""
    names = [found.names[row] for row in rows] if found.names is not None else None
    inputs = found.inputs.select(rows) if found.is_encoded else found.inputs[rows]
    return Split(inputs, found.labels[rows], names)


def _facts(found: Listing, headers: Counter[Header | None]) -> Facts:
    """What the headers of image files, or the arrays themselves, show."""
    if not found.is_encoded:
        shape, dtype = found.inputs.shape[1:], str(found.inputs.dtype)
        return Facts(shape, dtype, found.classes, {"all": len(found.labels)})
    seen = [one for one in headers if one is not None]
    modes = {one.mode for one in seen}
    sizes: set[tuple[int | None, int | None]] = {(one.height, one.width) for one in seen}
    size = sizes.pop() if len(sizes) == 1 else (None, None)
    return Facts(
        (*size, 1 if modes and modes <= GREY | DEEP else 3),
        "uint16" if modes and modes <= DEEP else "uint8",
        found.classes,
        {"all": len(found.labels)},
        is_encoded=True,
    )


def recalled(found: Listing) -> Listing:
    """The listing with what the last ingest of the same folder has read already."""
    if type(found.inputs) is not Files:
        return found
    return replace(found, inputs=recall(found.inputs))
