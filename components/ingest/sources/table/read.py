"""Reads CSV, Parquet and JSON lines."""

import csv
import hashlib
import json
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from datasets import Dataset, Features
from datasets.exceptions import DatasetGenerationError
from pyarrow import parquet

from components.base.errors import Stop
from components.base.files import digest, discard, hold
from components.data.features.feature import brief
from components.data.listing import Listing
from components.ingest import columns
from components.ingest.fetch import cache_folder
from components.ingest.places import base, inside, located
from components.ingest.plain import refuse_nul
from components.ingest.sources.table import Table

csv.field_size_limit(sys.maxsize)  # pandas, which reads the same cells, has none


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
    if ending != ".csv":
        return columns.listing(table, config, given, folder)
    return columns.listing(
        table, config, given, folder, is_typed=False, place=partial(_line, paths)
    )


def _csv(paths: Sequence[Path], wanted: Collection[str]) -> Dataset:
    """Every cell as it is written: a guess takes 01 for 1, and a class called NA for none."""
    for path in paths:
        refuse_nul(path)
        _refuse_quotes(path)
    tables, headers = [], {path: _header(path) for path in paths}
    _refuse_lacking(headers, wanted)
    for path in paths:
        with warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning):
            # Without an index: for that it takes the first column of rows that end with a comma.
            tables.append(
                pd.read_csv(
                    path, dtype="string", keep_default_na=False, na_values=[""], index_col=False
                )
            )
    return Dataset.from_pandas(pd.concat(tables), preserve_index=False)


def _refuse_lacking(headers: Mapping[Path, Sequence[str]], wanted: Collection[str]) -> None:
    """Raises a `Stop` where a file lacks a column that another one has."""
    there = {name for header in headers.values() for name in header}
    for path, header in headers.items():
        for name in wanted:
            if name in there and name not in header:
                first = next(one for one, names in headers.items() if name in names)
                raise Stop(
                    f"{path}: no column '{name}', which {first.name} has; there are "
                    f"{', '.join(map(brief, header))}"
                )


def _header(path: Path) -> list[str]:
    """Names of columns; `Stop` where two have one name, or rows have more values than there are."""
    rows = _records(path)
    line, header = next(rows, (1, []))
    _refuse_repeated(header, f"{path}:{line}")
    # Of rows that are longer than the first one, pandas says so.
    if len(next(rows, (0, []))[1]) <= len(header):
        return header
    for line, row in _records(path):
        if any(row[len(header) :]):
            raise Stop(f"{path}:{line}: {len(row)} values; the header has {len(header)} columns")
    return header


def _refuse_repeated(names: Sequence[str], where: str) -> None:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise Stop(f"{where}: two columns have the name '{brief(twice[0])}'")


def _refuse_quotes(path: Path) -> None:
    """Raises a `Stop` where text follows a quote that closes, or none does.

    pandas takes both: a quote that was never meant to open a value hides all rows up to the next.
    """
    with path.open("rb") as file:
        if not any(b'"' in piece for piece in iter(partial(file.read, 1 << 20), b"")):
            return
    for _ in _records(path):
        pass


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, the header first, each with the number of its line.

    Without lines of blanks alone, which pandas passes over.

    Raises:
        Stop: A value in quotes does not end with one.
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = (line if line.strip(" \t\r\n") else "\n" for line in file)
        reader, line = csv.reader(lines, strict=True), 1
        try:
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
        except csv.Error:
            raise Stop(
                f"{path}:{line}: a value begins with a quote, and ends with none before a comma or "
                'the end of a row; close it, or write "" for a quote inside of quotes'
            ) from None


def _line(paths: Sequence[Path], row: int) -> str:
    """Where a row of all files together is."""
    for path in paths:
        for number, (line, _) in enumerate(_records(path)):
            if number == row + 1:
                return f"{path.name}:{line}"
        row -= number
    raise IndexError(row)


def _parquet(paths: Sequence[Path], wanted: Collection[str]) -> Dataset:
    """Files of one type a column: `datasets` makes the types of the first of them of all."""
    held: dict[str, tuple[str, Path]] = {}
    schemas = [parquet.read_schema(path) for path in paths]
    if not set(wanted) <= set(schemas[0].names):  # which is told, with those that there are
        return Dataset.from_dict({name: [] for name in schemas[0].names})
    for path, schema in zip(paths, schemas, strict=True):
        _refuse_repeated(schema.names, str(path))
        for field in schema:
            kind = _held(field.type)
            if field.name not in wanted or kind is None:
                continue
            before, first = held.setdefault(field.name, (kind, path))
            if kind != before:
                raise Stop(
                    f"{path}: column '{field.name}' holds {kind}; in {first.name} it holds {before}"
                )
    # Of a file without rows `datasets` says that its batches are too small.
    paths = [path for path in paths if parquet.read_metadata(path).num_rows]
    if not paths:
        return Dataset.from_dict({name: [] for name in schemas[0].names})
    # Said, lest it look at all columns, and fail on one that is none of ours.
    read = pa.schema([schemas[0].field(name) for name in wanted], schemas[0].metadata)
    return Dataset.from_parquet(
        [str(path) for path in paths],
        columns=list(wanted),
        features=Features.from_arrow_schema(read),
        cache_dir=str(_cache(paths, wanted)),
    )


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
        refuse_nul(path)
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    rows.append(_row(line, f"{path}:{number}"))
                    _check(rows[-1], held, path, number, wanted)
    if not rows:
        raise Stop(f"{paths[0]}: has no rows")
    names = dict.fromkeys(name for row in rows for name in row)
    try:
        return Dataset.from_dict({name: _values(rows, name, name in wanted) for name in names})
    except (OverflowError, ValueError):
        _refuse_strange(paths, wanted)
        raise


def _refuse_strange(paths: Sequence[Path], wanted: Collection[str]) -> None:
    """Raises a `Stop` that names the first value that a table cannot hold."""
    for path in paths:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                row = _row(line, f"{path}:{number}") if line.strip() else {}
                for name in wanted:
                    try:
                        pa.array([row.get(name)])
                    except (OverflowError, ValueError) as error:
                        where = f"{path}:{number}: column '{name}'"
                        raise Stop(f"{where} holds what no table can: {error}") from None


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=partial(_object, where))
    except json.JSONDecodeError as error:
        raise Stop(f"{where}: not JSON: {error.msg}") from None
    except ValueError:  # of Python, which reads no more than 4,300 digits
        raise Stop(f"{where}: it has a number of more digits than can be read") from None
    except RecursionError:
        raise Stop(f"{where}: nested too deeply") from None
    if not isinstance(row, dict):
        raise Stop(f'{where}: not an object, such as {{"label": "cat"}}')
    return row


def _object(where: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_repeated([name for name, _ in pairs], where)
    return dict(pairs)


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


def _cache(paths: Sequence[Path], wanted: Collection[str]) -> Path:
    """Where `datasets` keeps what it makes of files, by their content.

    By itself it goes by their dates, and takes a file that was replaced under its old date for
    the old one. What it made of earlier contents goes, where no other process reads it.
    """
    where = hashlib.sha256(str(paths[0].resolve()).encode()).hexdigest()[:16]
    content = [*map(digest, paths), *wanted]
    what = hashlib.sha256("\0".join(content).encode()).hexdigest()[:16]
    folder = cache_folder() / "tables" / where / what
    hold(folder)
    for earlier in folder.parent.iterdir():
        if earlier != folder:
            discard(earlier)
    return folder
