"""The values of a column, read when they are asked for."""

import stat
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.base.errors import Stop

Index = NDArray[np.int64]
"""Positions."""

STAMPS = ("size", "written", "changed", "inode")
MAX_INT64 = 2**63 - 1


@runtime_checkable
class Rows(Protocol):
    """Values by position: an `ndarray` `(n, ...)`, or what is read when it is asked for.

    A slice or an array of positions gives several: as an array where the values are arrays of one
    shape, else as a list.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Selected(Sequence[Any]):
    """Some positions of rows.

    Args:
        base: What the positions are in.
        rows: `(n,)`.
    """

    def __init__(self, base: Rows, rows: Index) -> None:
        self._base, self._rows = base, rows
        if (dtype := getattr(base, "dtype", None)) is not None:
            self.dtype, self.shape = dtype, (len(rows), *base.shape[1:])  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: Any) -> Any:
        rows = self._rows[index]
        if isinstance(self._base, list) and np.ndim(rows):
            return [self._base[row] for row in rows]
        return self._base[rows]


class Pieces(Sequence[Any]):
    """Arrays one after the other, read as one without being copied together.

    Args:
        arrays: One or more, each `(n, ...)` of one dtype.
    """

    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self._arrays = arrays
        self._starts = np.array([0, *accumulate(map(len, arrays))])
        self.dtype, self.shape = arrays[0].dtype, (int(self._starts[-1]), *arrays[0].shape[1:])

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1 and start < stop:
                return self._between(start, stop)
            return self._gather(np.arange(start, stop, step))
        if np.ndim(index) == 0:
            return self._gather(np.array([index]))[0]
        return self._gather(positions(index, len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    def _between(self, start: int, stop: int) -> NDArray[Any]:
        """Consecutive rows: a view, where one array has them all."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_left(self._starts, stop)
        offsets = zip(self._arrays[first:last], self._starts[first:last].tolist(), strict=True)
        parts = [array[max(0, start - at) : stop - at] for array, at in offsets]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _gather(self, rows: Index) -> NDArray[Any]:
        if len(rows) and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"a row of {rows.min()} to {rows.max()} is not in {len(self)}")
        rows = rows % max(len(self), 1)
        gathered = np.empty((len(rows), *self.shape[1:]), self.dtype)
        pieces = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(pieces, kind="stable")
        edges = np.flatnonzero(np.diff(pieces[order])) + 1
        for here in np.split(order, edges) if len(rows) else ():
            piece = pieces[here[0]]
            gathered[here] = self._arrays[piece][rows[here] - self._starts[piece]]
        return gathered


class Column(Sequence[Any]):
    """A column of a memory-mapped table, read a value, a slice or an array of rows at a time."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._column[index].to_pylist()
        if np.ndim(index):
            return [self._column[int(row)].as_py() for row in positions(index, len(self))]
        return self._column[int(index)].as_py()


class Values(Sequence[Any]):
    """Values that are no arrays, such as text, in memory.

    Args:
        values: In their order.
    """

    def __init__(self, values: Sequence[Any] = ()) -> None:
        self._values = values

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        if np.ndim(index) == 0 or isinstance(index, slice):
            return self._values[index]
        return [self._values[row] for row in positions(index, len(self)).tolist()]


@dataclass(frozen=True)
class Files(Sequence[bytes]):
    """Files of a folder, read when they are asked for."""

    root: Path
    paths: Sequence[str]
    stamps: NDArray[np.int64]
    """`(n, 4)`: bytes, when it was written and when its state changed, in nanoseconds, and inode.

    All that tells a file from another one without reading it: files of equal size that are unpacked
    from one archive have equal dates, and keep them when they are renamed."""

    @classmethod
    def of(cls, root: Path, paths: Sequence[str]) -> Self:
        """Looks at files without reading them.

        Raises:
            FileNotFoundError: A file is missing.
            Stop: One is no file, such as a pipe, which nobody may ever write to.
        """
        found = [(root / path).stat() for path in paths]
        for path, one in zip(paths, found, strict=True):
            if not stat.S_ISREG(one.st_mode):
                raise Stop(f"{root / path}: not a regular file; remove it")
        stamps = [
            (one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino & MAX_INT64) for one in found
        ]
        return cls(root, paths, np.array(stamps, np.int64).reshape(-1, len(STAMPS)))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Bytes of each file, `(n,)`."""
        return self.stamps[:, 0]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) or np.ndim(index):
            return [self[row] for row in _rows(index, len(self))]
        path = self.root / self.paths[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise Stop(f"{path}: cannot be read: {error.strerror}") from None

    def select(self, rows: Index) -> "Files":
        """Some of the files, small enough to be sent to another process."""
        return Files(self.root, [self.paths[row] for row in rows], self.stamps[rows])


@dataclass(frozen=True)
class Cells(Sequence[bytes]):
    """Files in a column of a table that is larger than memory."""

    table: Any
    """A `datasets.Dataset` whose cells are bytes, or `{bytes, path}`."""
    column: str
    typical: int = 100_000
    """Bytes that are taken for the size of a file, to cut shards."""

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) or np.ndim(index):
            rows = _rows(index, len(self))
            return [_content(cell) for cell in self.table[rows][self.column]]
        return _content(self.table[int(index)][self.column])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """About the bytes of each file."""
        return np.full(len(self), self.typical, np.int64)

    def select(self, rows: Index) -> "Cells":
        """Some of the files; only the table's place on disk is sent to another process."""
        return Cells(self.table.select(rows), self.column)


def _content(cell: Any) -> bytes:
    if isinstance(cell, dict):
        if cell.get("bytes") is None and cell.get("path"):
            return Path(cell["path"]).read_bytes()
        cell = cell.get("bytes")
    return cell or b""


def positions(index: Any, count: int) -> Index:
    """An array of positions, or a mask of `count` booleans, as positions.

    Raises:
        IndexError: The mask has another length.
    """
    given = np.asarray(index)
    if given.dtype == bool and len(given) != count:
        raise IndexError(f"a mask of {len(given)} for {count} examples")
    found: Index = np.flatnonzero(given) if given.dtype == bool else given
    return found.astype(np.int64, copy=False)


def _rows(index: Any, count: int) -> Index:
    """The positions of a slice, or of what `positions` takes."""
    return np.arange(count)[index] if isinstance(index, slice) else positions(index, count)


def joined(arrays: Sequence[NDArray[Any]]) -> Any:
    """Arrays `(n, ...)` as one: the array itself where it is the only one."""
    return arrays[0] if len(arrays) == 1 else Pieces(arrays)


def select(rows: Rows, index: Index) -> Rows:
    """Some of the rows, small enough to be sent to another process, and read when asked for."""
    if isinstance(rows, Files | Cells):
        return rows.select(index)
    if isinstance(rows, np.ndarray):
        return rows[index]
    return Values([rows[int(row)] for row in index])
