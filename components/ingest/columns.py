"""A table of images and labels as a listing, wherever it comes from."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, Image
from datasets.utils.logging import disable_progress_bar, set_verbosity_error
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem, Stop
from components.config.ingest import HuggingFace, Table
from components.config.lookup import near
from components.ingest.listing import SPLITS, Cells, Files, Listing

SHOWN = 10  # rows or files that a message names
WHOLE = re.compile(r"0|-?[1-9][0-9]*")

disable_progress_bar()  # of its steps; what takes long has a bar of its own
set_verbosity_error()


def listing(
    table: Dataset,
    config: Table | HuggingFace,
    given: NDArray[Any] | None,
    root: Path,
    is_typed: bool = True,
) -> Listing:
    """The rows of a table.

    Args:
        table: With the columns that the section names.
        config: The section.
        given: `(n,)`, the split of each row, where the source gives them.
        root: What paths start from.
        is_typed: Whether the table knows a number from text; a CSV does not.

    Raises:
        Stop: Labels, groups or images are missing.
    """
    classes, labels = _labels(table, config.label, is_typed)
    groups = _groups(table, config.split.group, is_typed) if config.split.group else None
    kind = table.features[config.image]
    if getattr(kind, "dtype", "") in ("string", "large_string"):
        paths = table[config.image][:]
        _refuse_missing(paths, "image", "complete")
        inputs: Any = _files(paths, root)
        return Listing(inputs, labels, classes, paths, given, groups)
    if isinstance(kind, Image):
        table = table.cast_column(config.image, Image(decode=False))
    names = [f"row {row}" for row in range(len(table))]
    cells = Cells(table.select_columns([config.image]), config.image)
    return Listing(cells, labels, classes, names, given, groups)


def _labels(
    table: Dataset, column: str, is_typed: bool
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names of the classes, sorted where the table does not say them, and their positions."""
    values, kind = table[column][:], table.features[column]
    # The Hub marks with -1 what has no label; elsewhere it is a label like any other.
    unknown = (None, -1) if isinstance(kind, ClassLabel) else (None,)
    _refuse_missing(values, "label", "label", unknown)
    if isinstance(kind, ClassLabel):
        return tuple(kind.names), np.array(values, np.int64)
    values = values if is_typed else _typed(values)
    known = sorted(set(values))
    if any(isinstance(value, float) for value in known):
        raise Stop(
            f"ingest.label: column '{column}' holds fractions; labels are text or whole numbers"
        )
    positions = {value: position for position, value in enumerate(known)}
    return tuple(map(str, known)), np.array([positions[value] for value in values], np.int64)


def _groups(table: Dataset, column: str, is_typed: bool) -> NDArray[Any]:
    values = table[column][:]
    _refuse_missing(values, "split.group", "group")
    # As objects: of whole numbers that are too large for it NumPy makes fractions.
    return np.array(values) if is_typed else np.array(_typed(values), object)


def _typed(values: list[str]) -> list[Any]:
    """Whole numbers, where each is written as Python writes it, so that 10 comes after 9."""
    return [int(value) for value in values] if all(map(WHOLE.fullmatch, values)) else values


def _refuse_missing(
    values: Sequence[Any], key: str, verb: str, unknown: tuple[Any, ...] = (None,)
) -> None:
    missing = [row for row, value in enumerate(values) if value in unknown]
    if missing:
        rows, what = ", ".join(map(str, missing[:SHOWN])), key.rpartition(".")[2]
        raise Stop(
            f"ingest.{key}: {len(missing)} rows have no {what}: {rows}; remove or {verb} them"
        )


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


def splits(values: Sequence[Any]) -> NDArray[Any]:
    """The split of each row from a column that says it, in the words of `SPLITS`."""
    unknown = sorted({str(value) for value in values if str(value).lower() not in SPLITS})
    if unknown:
        message = f"holds {', '.join(unknown[:SHOWN])}; it must say train, validation or test"
        raise Mistakes([Problem(("ingest", "split_column"), message)])
    return np.array([SPLITS[str(value).lower()] for value in values])


def check(table: Dataset, config: Table | HuggingFace, name: str) -> None:
    """Raises `Mistakes` where the section names a column that the table does not have."""
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
