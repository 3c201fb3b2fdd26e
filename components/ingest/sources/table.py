"""A table with one line for each image: CSV or Parquet."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from datasets import Dataset
from datasets.exceptions import DatasetGenerationError

from components.base.errors import Stop
from components.base.files import digest
from components.config.ingest import Table
from components.ingest import columns
from components.ingest.fetch import cache_folder
from components.ingest.listing import Listing
from components.ingest.places import base, inside, located


def listing(config: Table, source: Path) -> Listing:
    """Lists the lines of a CSV or Parquet file.

    Args:
        config: The section.
        source: The pipeline's folder of sources.

    Raises:
        Stop: The file cannot be read, or images are missing.
        Mistakes: It has no such column.
    """
    folder = inside(config.folder, base(config.archive, source))
    paths = located(config.file, source)
    is_csv = paths[0].suffix.lower() == ".csv"
    try:
        table = _csv(paths) if is_csv else _parquet(paths)
    except (DatasetGenerationError, ValueError, OSError) as error:
        raise Stop(f"{paths[0]}: cannot be read: {error.__cause__ or error}") from None
    wanted = [config.image, config.label, config.split.group, config.split_column]
    columns.check(table, config, paths[0].name)
    if not len(table):
        raise Stop(f"{paths[0]}: has no rows")
    table = table.select_columns([one for one in dict.fromkeys(wanted) if one])
    given = columns.splits(table[config.split_column][:]) if config.split_column else None
    return columns.listing(table, config, given, folder, is_typed=not is_csv)


def _csv(paths: Sequence[Path]) -> Dataset:
    """Every cell as it is written: a guess takes 01 for 1, and a class called NA for none."""
    tables = [
        pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""]) for path in paths
    ]
    return Dataset.from_pandas(pd.concat(tables), preserve_index=False)


def _parquet(paths: Sequence[Path]) -> Dataset:
    return Dataset.from_parquet([str(path) for path in paths], cache_dir=str(_cache(paths)))


def _cache(paths: Sequence[Path]) -> Path:
    """Where `datasets` keeps what it makes of files, by their content.

    By itself it goes by their dates, and takes a file that was replaced under its old date for
    the old one. What it made of earlier contents goes.
    """
    where = hashlib.sha256(str(paths[0].resolve()).encode()).hexdigest()[:16]
    what = hashlib.sha256("".join(map(digest, paths)).encode()).hexdigest()[:16]
    folder = cache_folder() / "tables" / where / what
    for earlier in folder.parent.glob("*") if folder.parent.is_dir() else ():
        if earlier != folder:
            shutil.rmtree(earlier, ignore_errors=True)
    return folder
