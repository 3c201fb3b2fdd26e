"""A table with one line for each image: CSV, Parquet, or a data set of the Hugging Face Hub."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Image, concatenate_datasets, load_dataset
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError
from datasets.utils.logging import disable_progress_bar, set_verbosity_error
from numpy.typing import NDArray

from components.errors import Mistakes, Problem, Stop
from components.ingest.config import File, HuggingFace, Table
from components.ingest.image_folder import SPLITS
from components.ingest.listing import Cells, Files, Listing
from components.lookup import near

SHOWN = 10  # rows or files that a message names

disable_progress_bar()  # of its steps; what takes long has a bar of its own
set_verbosity_error()


def from_files(
    config: Table, locate: Callable[[File], Sequence[Path]], root: Path, cache: Path
) -> Listing:
    """Lists the lines of a CSV or Parquet file.

    Args:
        config: The section.
        locate: Where the files of the section are; several for a pattern.
        root: What paths start from.
        cache: Where `datasets` keeps what it makes of them.

    Raises:
        Stop: The file cannot be read, or images are missing.
        Mistakes: It has no such column.
    """
    paths = locate(config.file)
    kind = paths[0].suffix.lower()
    readers = {".csv": Dataset.from_csv, ".parquet": Dataset.from_parquet}
    if kind not in readers:
        raise Stop(f"{paths[0]}: neither .csv nor .parquet")
    try:
        table = readers[kind]([str(path) for path in paths], cache_dir=str(cache))
    except (DatasetGenerationError, ValueError, OSError) as error:
        raise Stop(f"{paths[0]}: cannot be read: {error.__cause__ or error}") from None
    columns = [config.image, config.label, config.split.group, config.split_column]
    _check_columns(table, config, paths[0].name)
    table = table.select_columns([one for one in dict.fromkeys(columns) if one])
    given = _splits(table[config.split_column][:]) if config.split_column else None
    return _listing(table, config, given, root)


def from_hub(config: HuggingFace) -> Listing:
    """Lists the examples of a data set of the Hub.

    Raises:
        Stop: There is no such data set, or it cannot be reached.
        Mistakes: It has no such column.
    """
    try:
        found = load_dataset(config.dataset, config.name, revision=config.revision)
    except (DatasetNotFoundError, DatasetGenerationError, ValueError, OSError) as error:
        raise Stop(f"ingest: data set {config.dataset} cannot be read: {error}") from None
    parts = found if isinstance(found, DatasetDict) else DatasetDict({"train": found})
    parts = DatasetDict({name: parts[name] for name in parts if name in SPLITS})
    _check_columns(next(iter(parts.values())), config, config.dataset)
    given = np.repeat([SPLITS[name] for name in parts], [len(part) for part in parts.values()])
    return _listing(concatenate_datasets(list(parts.values())), config, given, Path())


def _listing(
    table: Dataset, config: Table | HuggingFace, given: NDArray[Any] | None, root: Path
) -> Listing:
    classes, labels = _labels(table, config.label)
    groups = np.array(table[config.split.group][:]) if config.split.group else None
    kind = table.features[config.image]
    if getattr(kind, "dtype", "") in ("string", "large_string"):
        paths = [str(path) for path in table[config.image][:]]
        inputs: Any = _files(paths, root)
        return Listing(inputs, labels, classes, paths, given, groups)
    if isinstance(kind, Image):
        table = table.cast_column(config.image, Image(decode=False))
    names = [f"row {row}" for row in range(len(table))]
    cells = Cells(table.select_columns([config.image]), config.image)
    return Listing(cells, labels, classes, names, given, groups)


def _labels(table: Dataset, column: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the classes, sorted where the table does not say them, and their positions."""
    values = table[column][:]
    missing = [row for row, value in enumerate(values) if value is None or value == -1]
    if missing:
        rows = ", ".join(map(str, missing[:SHOWN]))
        raise Stop(f"ingest.label: {len(missing)} rows have no label: {rows}; remove or label them")
    kind = table.features[column]
    if isinstance(kind, ClassLabel):
        return tuple(kind.names), np.array(values, np.int64)
    known = sorted(set(values))
    if any(isinstance(value, float) for value in known):
        raise Stop(
            f"ingest.label: column '{column}' holds fractions; labels are text or whole numbers"
        )
    positions = {value: position for position, value in enumerate(known)}
    return tuple(map(str, known)), np.array([positions[value] for value in values], np.int64)


def _files(paths: list[str], root: Path) -> Files:
    inside = root.resolve()
    outside = [path for path in paths if not (root / path).resolve().is_relative_to(inside)]
    if outside:
        raise Stop(f"ingest.image: {len(outside)} paths leave {root}, such as {outside[0]}")
    missing = [path for path in paths if not (root / path).is_file()]
    if missing:
        shown = ", ".join(missing[:SHOWN]) + (", ..." if len(missing) > SHOWN else "")
        raise Stop(
            f"ingest.image: {len(missing)} of {len(paths)} images are not in {root}: {shown}"
        )
    return Files.of(root, paths)


def _splits(values: Sequence[Any]) -> NDArray[Any]:
    unknown = sorted({str(value) for value in values if str(value).lower() not in SPLITS})
    if unknown:
        message = f"holds {', '.join(unknown[:SHOWN])}; it must say train, validation or test"
        raise Mistakes([Problem(("ingest", "split_column"), message)])
    return np.array([SPLITS[str(value).lower()] for value in values])


def _check_columns(table: Dataset, config: Table | HuggingFace, name: str) -> None:
    named: dict[tuple[str, ...], str | None] = {
        ("image",): config.image,
        ("label",): config.label,
        ("split", "group"): config.split.group,
        ("split_column",): getattr(config, "split_column", None),
    }
    there = ", ".join(table.column_names)
    problems = [
        Problem(
            ("ingest", *key),
            f"no column '{column}' in {name}"
            f"{near(column, table.column_names) or f'; there are {there}'}",
        )
        for key, column in named.items()
        if column is not None and column not in table.column_names
    ]
    if problems:
        raise Mistakes(problems)
