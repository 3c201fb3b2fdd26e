"""What a source holds, known before its examples are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.base.errors import Stop

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""What sources call the splits."""

STAMPS = ("size", "written", "changed", "inode")
MAX_INT64 = 2**63 - 1


@dataclass(frozen=True)
class Listing:
    """The examples of a source, `n` of them, in an order that follows from the source alone."""

    inputs: Any
    """`(n, ...)` arrays, or image files: `Files` or `Cells`."""
    labels: NDArray[np.int64]
    """`(n,)`, positions in `classes`."""
    classes: tuple[str, ...]
    names: Sequence[str] | None = None
    """Where each example comes from."""
    given: NDArray[Any] | None = None
    """`(n,)`, the split that the source gives to each example."""
    groups: NDArray[Any] | None = None
    """`(n,)`, what no two splits may share."""
    passed_over: tuple[str, ...] = ()
    """Files of the source that are no example of any class."""

    @property
    def is_encoded(self) -> bool:
        """Whether the examples are image files."""
        return not isinstance(self.inputs, np.ndarray)


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
        """
        found = [(root / path).stat() for path in paths]
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
        if np.ndim(index):
            return [self[row] for row in index]
        path = self.root / self.paths[index]
        try:
            return path.read_bytes()
        except OSError as error:
            raise Stop(f"{path}: cannot be read: {error.strerror}") from None

    def select(self, rows: NDArray[np.int64]) -> "Files":
        """Some of the files, small enough to be sent to another process."""
        return Files(self.root, [self.paths[row] for row in rows], self.stamps[rows])


@dataclass(frozen=True)
class Cells(Sequence[bytes]):
    """Image files in a column of a table that is larger than memory."""

    table: Any
    """A `datasets.Dataset` whose cells are bytes, or `{bytes, path}`."""
    column: str
    typical: int = 100_000
    """Bytes that are taken for the size of an image, to cut shards."""

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: Any) -> Any:
        if np.ndim(index):
            return [_content(cell) for cell in self.table[np.asarray(index)][self.column]]
        return _content(self.table[int(index)][self.column])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """About the bytes of each image."""
        return np.full(len(self), self.typical, np.int64)

    def select(self, rows: NDArray[np.int64]) -> "Cells":
        """Some of the images; only the table's place on disk is sent to another process."""
        return Cells(self.table.select(rows), self.column)


def _content(cell: Any) -> bytes:
    if isinstance(cell, dict):
        if cell.get("bytes") is None and cell.get("path"):
            return Path(cell["path"]).read_bytes()
        cell = cell.get("bytes")
    return cell or b""
