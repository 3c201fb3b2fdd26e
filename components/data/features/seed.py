"""Seeds of an environment: each is an episode."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from components.base.errors import Stop
from components.data.features.feature import Feature, Look, Shape, TableColumn, digest
from components.data.rows import Rows


@dataclass(frozen=True)
class Seed(Feature):
    """A whole number that an environment is reset with; all that happens follows from it.

    Args:
        environment: Its name in Gymnasium's registry.
    """

    environment: str = ""

    shape = ()
    dtype = "int64"

    @property
    def is_array(self) -> bool:
        """It is no value to compute with."""
        return False

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Whole numbers; `Stop` where one is none."""
        try:
            return self, np.asarray(column.values[:], np.int64)
        except (TypeError, ValueError, OverflowError):
            what = "seeds of an environment are whole numbers"
            raise Stop(f"ingest.columns.{column.name}: {what}") from None

    def after(self, shape: Shape) -> Feature:
        """No layer changes it."""
        return self

    def look(self, value: Any, name: str | None) -> Look:
        """Nothing can be wrong with it."""
        return Look({}, digest(np.int64(value)))
