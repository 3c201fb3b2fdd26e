"""What a source holds, known before its examples are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.rows import Index, Rows, select
from components.data.schema import Schema

SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
"""What sources call the splits."""


@dataclass(frozen=True)
class Listing:
    """The examples of a source, `n` of them, in an order that follows from the source alone."""

    schema: Schema
    columns: Mapping[str, Rows]
    """`n` values each."""
    names: Sequence[str] | None = None
    """Where each example comes from."""
    given: NDArray[Any] | None = None
    """`(n,)`, the split that the source gives to each example."""
    groups: NDArray[Any] | None = None
    """`(n,)`, what no two splits may share."""
    times: NDArray[Any] | None = None
    """`(n,)`, numbers or dates that order the examples."""
    passed_over: tuple[str, ...] = ()
    """Files of the source that are no example."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def take(self, rows: Index) -> Split:
        """Some examples, not read yet, and without what the other rows would weigh."""
        columns = {name: select(values, rows) for name, values in self.columns.items()}
        # An array of them has no truth of its own.
        given = () if self.names is None else self.names
        names = np.array([given[row] for row in rows], object) if len(given) else None
        return Split(self.schema, columns, names)

    @property
    def strata(self) -> Index | None:
        """What a stratified split deals alike: the first target."""
        for name in self.schema.targets[:1]:
            return self.schema.columns[name].strata(self.columns[name])
        return None
