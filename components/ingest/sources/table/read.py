"""Reads CSV, Parquet and JSON lines."""

import hashlib
import json
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from datasets import Dataset
from datasets.exceptions import DatasetGenerationError
from pyarrow import parquet

from components.base.errors import Stop
from components.base.files import digest
from components.data.listing import Listing
from components.ingest import columns
from components.ingest.fetch import cache_folder
from components.ingest.places import base, inside, located
from components.ingest.sources.table import Table


def listing(config: Table, source: Path) -> Listing:
    """Lists the lines of a table.

    Args:
        config: The section.
        source: The pipeline's folder of sources.

    Raises:
        Stop: The file cannot be read, or images are missing.
        Mistakes: It has no such column.
    """
    folder = inside(config.folder, base(config.archive, source))
    paths = located(config.file, source)
    ending = paths[0].suffix.lower()
    named = [*config.kinds, config.split.group, config.split.time, config.split_column]
    wanted = list(dict.fromkeys(one for one in named if one))
    try:
        table = READERS[ending](paths, wanted)
    except (DatasetGenerationError, ValueError, OverflowError, OSError) as error:
        raise Stop(f"{paths[0]}: cannot be read: {error.__cause__ or error}") from None
    columns.check(table, config, paths[0].name)
    if not len(table):
        raise Stop(f"{paths[0]}: has no rows")
    table = table.select_columns(wanted)
    given = columns.splits(table[config.split_column][:]) if config.split_column else None
    return columns.listing(table, config, given, folder, is_typed=ending != ".csv")


def _csv(paths: Sequence[Path], wanted: Collection[str]) -> Dataset:
    """Every cell as it is written: a guess takes 01 for 1, and a class called NA for none."""
    tables = [
        pd.read_csv(path, dtype="string", keep_default_na=False, na_values=[""]) for path in paths
    ]
    return Dataset.from_pandas(pd.concat(tables), preserve_index=False)


def _parquet(paths: Sequence[Path], wanted: Collection[str]) -> Dataset:
    """Files of one type a column: `datasets` makes the types of the first of them of all."""
    held: dict[str, tuple[str, Path]] = {}
    for path in paths:
        for field in parquet.read_schema(path):
            kind = _held(field.type)
            if field.name not in wanted or kind is None:
                continue
            before, first = held.setdefault(field.name, (kind, path))
            if kind != before:
                raise Stop(
                    f"{path}: column '{field.name}' holds {kind}; in {first.name} it holds {before}"
                )
    return Dataset.from_parquet([str(path) for path in paths], cache_dir=str(_cache(paths)))


def _held(kind: pa.DataType) -> str | None:
    """What a column of a type holds; None for nothing but missing values."""
    if pa.types.is_dictionary(kind):
        return _held(kind.value_type)
    if hasattr(kind, "value_type"):
        return f"lists of {_held(kind.value_type)}"
    if pa.types.is_null(kind):
        return None
    return next(
        (what for what, tests in HELD.items() if any(one(kind) for one in tests)), str(kind)
    )


HELD = {
    "true or false": (pa.types.is_boolean,),
    "numbers": (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal),
    "text": (pa.types.is_string, pa.types.is_large_string),
    "bytes": (pa.types.is_binary, pa.types.is_large_binary),
    "objects": (pa.types.is_struct,),
    "dates": (pa.types.is_temporal,),
}


def _json(paths: Sequence[Path], wanted: Collection[str]) -> Dataset:
    """Every value as it is written: a guess takes "01" for 1, and text for a date."""
    rows: list[dict[str, Any]] = []
    held: dict[str, tuple[str, str]] = {}
    for path in paths:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(_row(line, f"{path}:{number}"))
                    _check(rows[-1], held, path, number, wanted)
    if not rows:
        raise Stop(f"{paths[0]}: has no rows")
    names = dict.fromkeys(name for row in rows for name in row)
    return Dataset.from_dict({name: _values(rows, name, name in wanted) for name in names})


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise Stop(f"{where}: not JSON: {error.msg}") from None
    if not isinstance(row, dict):
        raise Stop(f'{where}: not an object, such as {{"label": "cat"}}')
    return row


def _check(
    row: dict[str, Any],
    held: dict[str, tuple[str, str]],
    path: Path,
    number: int,
    wanted: Collection[str],
) -> None:
    """Raises a `Stop` where a column changes its type on the way."""
    for name in wanted:
        if (value := row.get(name)) is None:
            continue
        kind = WORDS[type(value)]
        before, where = held.setdefault(name, (kind, f"{path.name}:{number}"))
        if kind != before:
            raise Stop(
                f"{path}:{number}: column '{name}' holds {kind}; in {where} it holds {before}"
            )


def _values(rows: Sequence[dict[str, Any]], name: str, is_wanted: bool) -> list[Any]:
    """A column; whole numbers beside fractions as such, which JSON does not tell apart."""
    if not is_wanted:
        return [None] * len(rows)
    values = [row.get(name) for row in rows]
    if any(type(value) is float for value in values):
        return [float(value) if type(value) is int else value for value in values]
    return values


WORDS = {
    bool: "true or false",
    int: "numbers",
    float: "numbers",
    str: "text",
    list: "lists",
    dict: "objects",
}


READERS = {".csv": _csv, ".parquet": _parquet, ".jsonl": _json}


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
