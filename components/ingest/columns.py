"""A table of columns as a listing, wherever it comes from."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset
from datasets.utils.logging import disable_progress_bar, set_verbosity_error
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem, Stop
from components.base.words import reason
from components.config.building import build
from components.config.ingest import Tabular
from components.config.lookup import near
from components.config.section import Kind
from components.data.features.feature import SHOWN, TableColumn, brief, typed
from components.data.listing import SPLITS, Listing
from components.data.rows import Files
from components.data.schema import Schema

TIME = "ingest.split.time"

disable_progress_bar()  # of its steps; what takes long has a bar of its own
set_verbosity_error()


def listing(
    table: Dataset,
    config: Tabular,
    given: NDArray[Any] | None,
    root: Path,
    is_typed: bool = True,
    place: Callable[[int], str] = "row {}".format,
) -> Listing:
    """The rows of a table.

    Args:
        table: With the columns that the section names.
        config: The section.
        given: `(n,)`, the split of each row, where the source gives them.
        root: What paths start from.
        is_typed: Whether the table knows a number from text; a CSV does not.
        place: Where a row is in its file.

    Raises:
        Stop: Values are missing, or not of their column's kind; of every column at once.
    """

    def column(name: str) -> TableColumn:
        kind = table.features[name]
        return TableColumn(name, table[name], kind, table, root, is_typed, place)

    kinds, values, wrong = {}, {}, []
    for name, named in config.kinds.items():
        try:
            kinds[name], values[name] = _kind(name, named).gather(column(name))
        except Stop as error:
            wrong.append(str(error))
    if wrong:
        raise Stop("\n".join(wrong))
    files = [one for one in values.values() if isinstance(one, Files)]
    names = files[0].paths if files else [f"row {row}" for row in range(len(table))]
    by = config.split
    groups = _groups(column(by.group)) if by.group else None
    times = _times(column(by.time)) if by.time else None
    schema = Schema(kinds, config.learned)
    return Listing(schema, values, names, given, groups, times)


def _kind(name: str, named: Kind) -> Any:
    try:
        return build(named)
    except Exception as error:  # whatever it raises about its arguments
        where = ("ingest", "columns", name, named.name)
        raise Mistakes([Problem(where, reason(error))]) from None


def _groups(column: TableColumn) -> NDArray[Any]:
    """Whole numbers where all are, else as they are."""
    values = column.values[:]
    column.refuse_missing(values, where="ingest.split.group")
    # As objects: of whole numbers that are too large for it NumPy makes fractions.
    return np.array(values) if column.is_typed else np.array(typed(values), object)


def _times(column: TableColumn) -> NDArray[Any]:
    """Numbers, or dates, in the order of which the examples are dealt out."""
    values = column.values[:]
    column.refuse_missing(values, where=TIME)
    try:
        numbers = values if column.is_typed else typed(values)
        found = [one if isinstance(one, int) else float(one) for one in numbers]
    except (TypeError, ValueError):
        return _dates(column.name, values)
    if unknown := [row for row, one in enumerate(found) if math.isnan(one)]:
        raise Stop(f"{TIME}: column '{column.name}' is no number in row {unknown[0]}")
    return np.array(found, object)


def _dates(name: str, values: Sequence[Any]) -> NDArray[Any]:
    try:
        return _read_dates(values)
    except (TypeError, ValueError):
        wrong = next((one for one in values if not _is_date(one)), values[0])
        raise Stop(
            f"{TIME}: column '{name}' holds {brief(repr(str(wrong)))}; "
            "all must be numbers, or all dates such as 2026-01-31"
        ) from None


def _is_date(value: Any) -> bool:
    try:
        return len(_read_dates([value])) == 1
    except (TypeError, ValueError):
        return False


def _read_dates(values: Sequence[Any]) -> NDArray[Any]:
    """Dates as ISO 8601 writes them; one without a time zone is of UTC."""
    dates = pd.to_datetime(list(values), format="ISO8601", utc=True)
    if dates.hasnans:
        raise ValueError("not a date")
    return np.asarray(dates.tz_localize(None))


def splits(values: Sequence[Any]) -> NDArray[Any]:
    """The split of each row from a column that says it, in the words of `SPLITS`."""
    unknown = sorted({str(value) for value in values if str(value).lower() not in SPLITS})
    if unknown:
        message = (
            f"holds {', '.join(map(brief, unknown[:SHOWN]))}; it must say train, validation or test"
        )
        raise Mistakes([Problem(("ingest", "split_column"), message)])
    return np.array([SPLITS[str(value).lower()] for value in values])


def check(table: Dataset, config: Tabular, name: str) -> None:
    """Raises `Mistakes` where the section names a column that the table does not have."""
    named: dict[tuple[str, ...], str | None] = {
        **{("columns", column): column for column in config.kinds},
        ("split", "group"): config.split.group,
        ("split", "time"): config.split.time,
        ("split_column",): getattr(config, "split_column", None),
    }
    there = ", ".join(map(brief, table.column_names))
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
