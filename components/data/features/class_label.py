"""One of several classes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from components.base.errors import Stop
from components.data.features.feature import (
    SHOWN,
    Feature,
    Look,
    TableColumn,
    brief,
    content,
    refuse_twice,
    typed,
)
from components.data.rows import Index, Rows


@dataclass(frozen=True)
class ClassLabel(Feature):
    """One of several classes, as a position in their names.

    Args:
        classes: Their names; left out, what the column has, sorted.
    """

    classes: Sequence[str] = ()

    # No arguments: a label is one whole number.
    shape = ()
    dtype = "int64"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        refuse_twice(self.classes)

    @property
    def names(self) -> Sequence[str]:
        """Of the classes."""
        return self.classes

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Labels as text or whole numbers; `Stop` where one is missing, or not among `classes`."""
        values = column.values[:]
        # The Hub marks with -1 what has no label; elsewhere it is a label like any other.
        is_known = column.is_of("ClassLabel")
        column.refuse_missing(values, (None, -1) if is_known else (None,))
        if is_known and not self.classes:
            return replace(self, classes=column.kind.names), np.array(values, np.int64)
        if is_known:
            values = [column.kind.names[value] for value in values]
        values = values if column.is_typed else typed(values)
        if any(isinstance(value, list | dict) for value in values):
            raise Stop(
                f"ingest.columns.{column.name}: it holds lists; labels are text or whole numbers"
            )
        known: Sequence[Any] = sorted(set(values))
        if any(isinstance(value, float) for value in known):
            raise Stop(
                f"ingest.columns.{column.name}: it holds fractions; labels are text or whole "
                "numbers"
            )
        names = self.classes or tuple(map(str, known))
        places = {name: place for place, name in enumerate(names)}
        if unknown := [str(value) for value in known if str(value) not in places]:
            shown = ", ".join(map(brief, unknown[:SHOWN]))
            what = f"ingest.columns.{column.name}: {shown} is not among the classes"
            raise Stop(f"{what}{_quoting(unknown, names)}")
        positions = {value: places[str(value)] for value in known}
        found = np.array([positions[value] for value in values], np.int64)
        return replace(self, classes=names), found

    def text(self, value: Any) -> str:
        """The name of the class."""
        return self.classes[int(value)]

    def look(self, value: Any, name: str | None) -> Look:
        """Whether it is one of the classes."""
        if not 0 <= int(value) < len(self.classes):
            return Look({"outside": f"label {value} of {len(self.classes)} classes"})
        return Look(digest=content(np.int64(value)))

    def strata(self, values: Rows) -> Index | None:
        """The classes."""
        return np.asarray(values, np.int64)


def _quoting(unknown: Sequence[str], names: Sequence[str]) -> str:
    """What to do about classes that YAML has read as numbers, or as true and false."""
    read = [name for one in unknown for name in names if _is_read_as(one, name)]
    return f"; YAML reads them as {', '.join(map(brief, read[:SHOWN]))}: quote them" if read else ""


def _is_read_as(written: str, name: str) -> bool:
    if name in ("True", "False"):
        return written.lower() == name.lower()
    try:
        return float(written) == float(name) or int(written, 8) == int(name)  # 010 is 8
    except ValueError:
        return False
