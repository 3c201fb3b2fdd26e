"""What the last ingest of a folder has read, so that a grown folder is not read again.

The shards of the last dataset stay in the cache as hard links, which cost no space, with a table
of the files in them. A file whose size, dates and inode are those of the table is taken from its
shard.
The dataset that comes of it is the same, byte for byte; only the time is not.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from components.base.files import replacing
from components.data.rows import STAMPS, Column, Files
from components.ingest.fetch import cache_folder

TABLE = "files.parquet"
KEY = ["path", *STAMPS]


@dataclass(frozen=True)
class Known(Files):
    """Files of a folder, some of which are in shards of the last dataset."""

    shards: NDArray[Any]
    """`(n,)`, the shard that has the file; None where it must be read."""
    rows: NDArray[np.int64]
    """`(n,)`, its row there."""
    digests: NDArray[Any]
    """`(n,)`, SHA-256 of the file; None where it must be read."""

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) or np.ndim(index) or self.shards[index] is None:
            return super().__getitem__(index)
        try:
            return _open(self.shards[index])[self.rows[index]]
        except FileNotFoundError:  # another ingest of the folder has ended, and tidied up
            return super().__getitem__(index)

    def select(self, rows: NDArray[np.int64]) -> "Known":
        """Some of the files, small enough to be sent to another process."""
        return replace(
            self,
            paths=[self.paths[row] for row in rows],
            stamps=self.stamps[rows],
            shards=self.shards[rows],
            rows=self.rows[rows],
            digests=self.digests[rows],
        )


def _open(shard: str) -> Any:
    if shard not in _opened:
        _opened.clear()  # one at a time: a memory map counts as memory of the process
        table = pa.ipc.open_stream(pa.memory_map(shard)).read_all()
        _opened[shard] = Column(table.column(0))  # the column of files is the first
    return _opened[shard]


_opened: dict[str, Any] = {}


def recall(files: Files) -> Known:
    """Adds to a listing what the last ingest of the same folder has read of it."""
    tables = sorted(_folder(files.root).glob(f"*/{TABLE}"))
    folder = tables[-1].parent if tables else _folder(files.root)
    columns = ["path", *STAMPS, "shard", "row", "digest"]
    try:
        before = pd.read_parquet(folder / TABLE, columns=columns)
    except (OSError, ValueError):  # none yet, or of an earlier form
        before = pd.DataFrame({column: [] for column in columns})
    there = {name for name in before["shard"].unique() if (folder / name).exists()}
    before = before[before["shard"].isin(there)].astype(dict.fromkeys(STAMPS, "int64"))
    # A table may name a file twice; each row of it must still be one row.
    before = before.astype({"path": object}).drop_duplicates(KEY)
    found = _table(files).merge(before, "left", KEY, validate="many_to_one")
    is_known = found["row"].notna().to_numpy()
    paths = np.array([str(folder / str(name)) for name in found["shard"]], object)
    return Known(
        **vars(files),
        shards=np.where(is_known, paths, np.array(None)),
        rows=found["row"].fillna(-1).to_numpy(np.int64),
        digests=np.where(is_known, found["digest"].to_numpy(object), np.array(None)),
    )


def remember(
    files: Files, digests: NDArray[Any], placed: Iterable[tuple[Path, NDArray[np.int64]]]
) -> None:
    """Keeps the shards of a new dataset for the next ingest of the folder.

    Args:
        files: All files of the folder.
        digests: `(n,)`, SHA-256 of each.
        placed: Each shard, and the positions in `files` of its rows.
    """
    # A folder of its own for each time: one that another ingest reads from must never change.
    latest = _folder(files.root) / str(time.time_ns())
    try:
        with replacing(latest) as folder:
            folder.mkdir()
            tables = [
                _linked(path, folder / f"{number:05}.arrow", rows, files, digests)
                for number, (path, rows) in enumerate(placed)
            ]
            pd.concat(tables).to_parquet(folder / TABLE)
    except OSError:  # another file system, or no space: all is read again the next time
        return
    for earlier in latest.parent.iterdir():
        if earlier.name.strip(".") < latest.name:  # also what a killed ingest has left
            shutil.rmtree(earlier, ignore_errors=True)


def _linked(
    shard: Path, link: Path, rows: NDArray[np.int64], files: Files, digests: NDArray[Any]
) -> pd.DataFrame:
    """Keeps a shard, and says what is in it."""
    os.link(shard, link)
    return pd.DataFrame(
        {
            **_table(files.select(rows)),
            "shard": link.name,
            "row": np.arange(len(rows)),
            "digest": digests[rows],
        }
    )


def _table(files: Files) -> pd.DataFrame:
    """What a file is known by."""
    stamps = pd.DataFrame(files.stamps, columns=list(STAMPS))
    return stamps.assign(path=np.array(files.paths, object))


def _folder(root: Path) -> Path:
    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:16]
    return cache_folder() / "ingested" / name
