"""A dataset on disk: a Hugging Face `datasets` folder that any data tool opens.

    data/digits/raw/
        dataset.json            the columns and their kinds, the counts, and the fingerprint
        dataset_dict.json       the names of the splits
        train/  validation/  test/      shards, Arrow files: a column each, perhaps `_name`

Arrays of one shape are in fixed-size binary columns that are read as zero-copy NumPy views of the
memory-mapped files (an `Array3D` column gathers at 15 k images/s, these at memory speed).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.base.errors import Stop
from components.base.files import read_json
from components.data.rows import Column, Index, Rows, Selected, Values, joined, positions
from components.data.schema import Schema, of_json

SPLITS = ("train", "validation", "test")
NAME = "_name"  # the column that says where an example comes from


@dataclass(frozen=True)
class Split:
    """One split, `n` examples.

    Args:
        schema: What the columns are.
        columns: `n` values each, as they are stored.
        names: Where each example comes from, such as its path; None where nothing says so.
        rows: `(n,)`, the row of each example in the split as ingest wrote it; None where none is
            left out, and so it is its position.
    """

    schema: Schema
    columns: Mapping[str, Rows]
    names: Rows | None = None
    rows: Index | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, column: str) -> Rows:
        return self.columns[column]

    @property
    def input(self) -> Rows:
        """The values of the only input."""
        (name,) = self.schema.inputs
        return self.columns[name]

    @property
    def target(self) -> Rows:
        """The values of the only target."""
        (name,) = self.schema.targets
        return self.columns[name]

    def name(self, position: int) -> str | None:
        """Where an example comes from."""
        return str(self.names[position]) if self.names is not None else None

    def row(self, position: int) -> int:
        """The row of an example in the split as ingest wrote it."""
        return position if self.rows is None else int(self.rows[position])

    def decoded(self, column: str, position: int) -> NDArray[Any]:
        """A value as an array."""
        return self.schema.columns[column].decode(self.columns[column][position])

    def text(self, column: str, position: int) -> str:
        """A value in words."""
        return self.schema.columns[column].text(self.columns[column][position])

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> "Split":
        """The examples at some positions; nothing is read before it is asked for."""
        chosen = positions(index, len(self))
        names = Selected(self.names, chosen) if self.names is not None else None
        rows = chosen if self.rows is None else self.rows[chosen]
        columns = {name: Selected(values, chosen) for name, values in self.columns.items()}
        return Split(self.schema, columns, names, rows)

    def read(self) -> "Split":
        """The same examples, read now."""
        columns = {name: _read(values) for name, values in self.columns.items()}
        return replace(self, columns=columns)


def _read(values: Rows) -> Rows:
    every = Values(values) if isinstance(values, list) else values
    found = every[np.arange(len(values))]
    return Values(found) if isinstance(found, list) else found


@dataclass(frozen=True)
class Facts:
    """What is known about a dataset without reading it."""

    schema: Schema
    counts: Mapping[str, int]
    """Examples in each split."""

    def with_counts(self, counts: Mapping[str, int]) -> "Facts":
        """The same facts with other splits."""
        return replace(self, counts=counts)


def concatenated(first: Split, second: Split) -> Split:
    """The examples of two splits of one schema, one after the other; arrays are not copied."""
    columns = {name: _joined(first[name], second[name]) for name in first.columns}
    return Split(first.schema, columns)


def _joined(first: Any, second: Any) -> Any:
    if not hasattr(first, "dtype"):
        return Values([*first, *second])
    is_small = first.ndim == 1 if isinstance(first, np.ndarray) else False
    return np.concatenate([first, second]) if is_small else joined([first, second])


def read_facts(folder: Path) -> Facts:
    """What is known about the dataset in `folder`."""
    described = _description(folder)
    return Facts(of_json(described), described["counts"])


def read_fingerprint(folder: Path) -> str:
    """The fingerprint of the dataset in `folder`."""
    return str(_description(folder)["fingerprint"])


def read_dropped(verdict: Path) -> dict[str, list[int]]:
    """For each split the rows that `validate` leaves out from here on."""
    return read_json(verdict)["dropped"]  # type: ignore[no-any-return]


def shard_paths(folder: Path, name: str) -> list[Path]:
    """The Arrow files of a split, in the order of their examples."""
    files = read_json(folder / name / "state.json")["_data_files"]
    return [folder / name / file["filename"] for file in files]


def open_split(folder: Path, name: str, dropped: Sequence[int] | NDArray[np.int64] = ()) -> Split:
    """Memory-maps one split of the dataset in `folder`; its arrays are read-only.

    Args:
        folder: The dataset.
        name: Of the split.
        dropped: Rows that are left out.

    Raises:
        Stop: There is no dataset, or it has no such split.
    """
    facts = read_facts(folder)
    if name not in facts.counts:
        raise Stop(f"{folder}: no split '{name}'; there are {', '.join(facts.counts)}")
    split = open_shards(shard_paths(folder, name), facts.schema)
    if not len(dropped):
        return split
    return split.take(np.delete(np.arange(len(split)), dropped))


def open_shards(paths: Sequence[Path], schema: Schema) -> Split:
    """Memory-maps some shards of a dataset as one split."""
    tables = [pa.ipc.open_stream(pa.memory_map(str(path))).read_all() for path in paths]
    if not sum(len(table) for table in tables):
        return empty(schema)
    table = pa.concat_tables(tables)
    columns = {name: kind.open(table.column(name)) for name, kind in schema.columns.items()}
    return Split(
        schema, columns, Column(table.column(NAME)) if NAME in table.column_names else None
    )


def empty(schema: Schema) -> Split:
    """No examples at all."""
    return Split(schema, {name: kind.none() for name, kind in schema.columns.items()})


def batched(split: Split, size: int) -> Iterator[Split]:
    """A split, some examples at a time."""
    for start in range(0, len(split), size):
        yield split.take(np.arange(start, min(start + size, len(split))))


def _description(folder: Path) -> dict[str, Any]:
    try:
        return read_json(folder / "dataset.json")  # type: ignore[no-any-return]
    except FileNotFoundError:
        raise Stop(f"{folder}: not a dataset: no dataset.json") from None
