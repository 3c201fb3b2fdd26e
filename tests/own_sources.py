"""A user's source."""

import numpy as np

from components.config.ingest import Source
from components.config.section import PositiveInt, kind
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.schema import Schema


class Rings(Source):
    """Points on two rings, in the order in which they were drawn."""

    points: PositiveInt = 200
    """How many."""

    @property
    def kinds(self):
        """Where it is, and on which ring."""
        return {"at": kind("Value"), "ring": kind("ClassLabel")}

    @property
    def learned(self):
        """The ring."""
        return ("ring",)

    def listing(self, folder):
        """Draws nothing: the same points every time."""
        ring, angle = np.arange(self.points) % 2, np.arange(self.points, dtype=np.float32)
        at = (1 + ring[:, None]) * np.column_stack([np.cos(angle), np.sin(angle)])
        columns = {"at": at.astype(np.float32), "ring": ring}
        schema = Schema(
            {"at": Value("float32", (2,)), "ring": ClassLabel(("inner", "outer"))}, self.learned
        )
        return Listing(schema, columns, times=np.arange(self.points)[::-1])
