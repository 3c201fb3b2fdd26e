"""Writing a dataset, shard by shard: in one process, in several, or on a cluster.

Which examples make a shard follows from the examples alone, never from the number of workers, so
the same dataset has the same bytes wherever it was written.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Features, Value
from datasets.info import DatasetInfo
from numpy.typing import NDArray

from components.base.errors import Stop
from components.base.files import partials, replacing, write_json
from components.data.dataset import NAME, Facts, Split
from components.data.features.feature import Feature, content
from components.data.schema import Schema

SHARD_BYTES = 32_000_000  # what one worker holds at a time
BATCH_BYTES = 8_000_000  # what is written at a time


@dataclass(frozen=True)
class Shard:
    """One written shard."""

    split: str
    file: str
    count: int
    digest: str
    """SHA-256 over its columns and names."""


def cut(sizes: NDArray[np.int64], limit: int = SHARD_BYTES) -> list[NDArray[np.int64]]:
    """Positions of examples, in their order, shard by shard.

    Args:
        sizes: Bytes of each example, `(n,)`.
        limit: Bytes of a shard; an example that begins within them is in it, and ends it where it
            reaches over them.

    Returns:
        One shard or more: an empty split has an empty one, without which nothing could open it.
    """
    shards = (np.cumsum(sizes) - sizes) // limit
    edges = np.flatnonzero(np.diff(shards)) + 1
    return np.split(np.arange(len(sizes)), edges)


def file_name(number: int, total: int) -> str:
    """What `datasets` calls a shard."""
    return f"data-{number:05}-of-{total:05}.arrow"


def write(path: Path, parts: Iterable[Split], schema: Schema) -> Shard:
    """Writes one shard, beside its place and then renamed.

    Args:
        path: `SPLIT/data-....arrow`.
        parts: The examples, some at a time; each part becomes one zero-copy piece.
        schema: Of the dataset.

    Raises:
        Stop: A value has another shape than the schema says, of whose bytes another image would be
            made.
    """
    digest, count = hashlib.sha256(), 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside, pa.OSFile(str(beside), "wb") as file:
        writer = None
        for part in parts:
            table = _table(part, schema)
            writer = writer or pa.ipc.new_stream(file, table.schema)
            writer.write_table(table)
            _update(digest, part)
            count += len(part)
        if writer is None:
            raise ValueError(f"{path}: a shard without parts")
        writer.close()
    return Shard(path.parent.name, path.name, count, digest.hexdigest())


def seal(folder: Path, shards: Sequence[Shard], facts: Facts) -> str:
    """Makes a folder of shards a dataset.

    Args:
        folder: Holds `SPLIT/data-....arrow` files.
        shards: Every one of them; within a split in the order of their examples.
        facts: Of the dataset.

    Returns:
        Its fingerprint, which depends on the examples and their order alone.
    """
    by_split: dict[str, list[Shard]] = {name: [] for name in facts.counts}
    for one in shards:
        by_split[one.split].append(one)
    for name, written in by_split.items():
        _clear(folder / name, {one.file for one in written})
        _describe(folder / name, written)
    write_json({"splits": list(facts.counts)}, folder / "dataset_dict.json")
    prints = [f"{one.split} {one.count} {one.digest}" for one in shards]
    whole = hashlib.sha256("\n".join(prints).encode()).hexdigest()
    described = {**facts.schema.to_json(), "counts": facts.counts, "fingerprint": whole}
    write_json(described, folder / "dataset.json")
    return whole


def save(splits: Mapping[str, Split], folder: Path) -> str:
    """Writes a dataset that is in memory to a new folder.

    Args:
        splits: By name, of one schema.
        folder: Does not exist yet.

    Returns:
        Its fingerprint.
    """
    shards = []
    for name, split in splits.items():
        groups = cut(sizes(split))
        for number, rows in enumerate(groups):
            path = folder / name / file_name(number, len(groups))
            shards.append(write(path, [split.take(rows)], split.schema))
    schema = next(iter(splits.values())).schema
    return seal(folder, shards, Facts(schema, {name: len(one) for name, one in splits.items()}))


def sizes(split: Split) -> NDArray[np.int64]:
    """Bytes of each example, `(n,)`."""
    total = np.zeros(len(split), np.int64)
    for name, kind in split.schema.columns.items():
        total += kind.sizes(split[name])
    return total


def batched(split: Split, limit: int = BATCH_BYTES) -> Iterator[Split]:
    """A split in parts of a size that is written at a time."""
    for rows in cut(sizes(split), limit):
        yield split.take(rows)


def _table(part: Split, schema: Schema) -> pa.Table:
    columns = {name: _stored(name, kind, part[name][:]) for name, kind in schema.columns.items()}
    kinds: dict[str, Any] = {
        name: ClassLabel(names=list(kind.names)) if kind.names else Value(kind.stored)
        for name, kind in schema.columns.items()
    }
    if part.names is not None:
        columns[NAME], kinds[NAME] = pa.array(list(part.names), pa.string()), Value("string")
    return pa.Table.from_arrays(list(columns.values()), schema=Features(kinds).arrow_schema)


def _stored(name: str, kind: Feature, values: Any) -> pa.Array:
    shape = np.shape(values)[1:] if hasattr(values, "dtype") and len(values) else kind.shape
    if shape != kind.shape:
        ours, theirs = ("x".join(map(str, one)) for one in (shape, kind.shape))
        raise Stop(
            f"column '{name}': values of {ours} where the dataset has {theirs}; "
            "a Resizing as the first layer of preprocess gives all images one size"
        )
    return kind.store(values)


def _update(digest: Any, part: Split) -> None:
    for name in part.schema.columns:
        values = part[name][:]
        if hasattr(values, "dtype"):
            digest.update(np.ascontiguousarray(values).data)
            continue
        for one in map(content, values):
            digest.update(len(one).to_bytes(8, "little") + one)
    for name in part.names if part.names is not None else ():
        digest.update(f"{name}\n".encode())


def _clear(folder: Path, files: set[str]) -> None:
    """Removes what workers have left that were killed, or thought dead, while they wrote."""
    for path in partials(folder):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.iterdir():
        if path.name not in files:
            raise ValueError(f"{path}: no shard of this dataset")


def _describe(folder: Path, shards: Sequence[Shard]) -> None:
    """Writes what `datasets` reads beside the shards of a split."""
    schema = pa.ipc.open_stream(pa.memory_map(str(folder / shards[0].file))).schema
    features = Features.from_arrow_schema(schema)
    DatasetInfo(features=features).write_to_directory(str(folder))
    digest = hashlib.sha256("".join(one.digest for one in shards).encode()).hexdigest()
    state: dict[str, Any] = {
        "_data_files": [{"filename": one.file} for one in shards],
        "_fingerprint": digest[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
    write_json(state, folder / "state.json")
