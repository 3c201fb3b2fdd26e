"""Text, such as a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import pyarrow as pa

from components.data.features.feature import Feature, Look, Shape, TableColumn, content, digest
from components.data.rows import Column, Rows, Values


@dataclass(frozen=True)
class Text(Feature):
    """A text of any length."""

    shape = ()
    dtype = "text"

    @property
    def is_array(self) -> bool:
        """It has no shape that layers could compute with."""
        return False

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Texts as they are; a missing one is empty."""
        return self, Values(["" if one is None else str(one) for one in column.values[:]])

    def after(self, shape: Shape) -> Feature:
        """No layer changes it."""
        return self

    @property
    def stored(self) -> str:
        """Text."""
        return "string"

    def store(self, values: Any) -> pa.Array:
        """Text."""
        return pa.array(list(values), pa.string())

    def open(self, column: pa.ChunkedArray) -> Rows:
        """Text by position."""
        return Column(column)

    def none(self) -> Rows:
        """No texts."""
        return Values()

    @property
    def measures(self) -> Sequence[str]:
        """How long it is."""
        return ("words",)

    def look(self, value: Any, name: str | None) -> Look:
        """Whether there is a word in it."""
        words = value.split()
        findings = {} if words else {"empty": "it has no word"}
        return Look(findings, digest(content(value)), measures=[len(words)])
