"""Masks: a class for each pixel of an image."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.base.masks import IGNORE
from components.data.codecs import Undecodable, grey, header
from components.data.features.feature import (
    Feature,
    Found,
    Look,
    Shape,
    TableColumn,
    digest,
    refuse_twice,
)
from components.data.features.image import pictures
from components.data.rows import Column, Rows, Values

VALUES = 256  # that a file may have, where they are no grey that a threshold parts


@dataclass(frozen=True)
class Mask(Feature):
    """A class for each pixel, `(height, width)`: positions in the classes, 255 counts for nothing.

    Args:
        classes: Their names.
        threshold: Grey values from this one on are the second of two classes: for masks saved as
            JPEG, or with soft edges. Left out, a value of the file is a position in the classes.
        values: The value in the file of each class, where it is not its position.
        ignore: The value in the file of pixels that count for nothing.
        shape: None where it varies.
        is_file: Whether it is stored as the file that it came as.
    """

    classes: Sequence[str] = ()
    threshold: int | None = None
    values: Sequence[int] = ()
    ignore: int | None = None
    shape: Shape = (None, None)
    is_file: bool = True
    dtype: Found[str] = "uint8"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "shape", tuple(self.shape))
        for one in (*self.values, self.threshold, self.ignore):
            if one is not None and type(one) is not int:
                raise ValueError(f"values of a mask are whole numbers, not {one!r}")
        if not 2 <= len(self.classes) <= IGNORE:
            raise ValueError(f"a mask has 2 to {IGNORE} classes, not {len(self.classes)}")
        if self.threshold is not None and (len(self.classes) != 2 or self.values):
            raise ValueError("a threshold parts two classes, and leaves no values to name")
        if self.values and len(set(self.values)) != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes need as many values, all different")
        refuse_twice(self.classes)
        if self.threshold is None:
            self._check_values()

    def _check_values(self) -> None:
        known = self.values or range(len(self.classes))
        given = known if self.ignore is None else (*known, self.ignore)
        if strange := [value for value in given if not 0 <= value < VALUES]:
            raise ValueError(f"values are from 0 to {VALUES - 1}, not {strange[0]}")
        if self.ignore in known:
            name = self.classes[known.index(self.ignore)]
            raise ValueError(
                f"the value {self.ignore} is class {name}, and cannot count for nothing"
            )

    @property
    def is_encoded(self) -> bool:
        """Whether it is a file."""
        return self.is_file

    @property
    def is_spatial(self) -> bool:
        """It moves with its image."""
        return True

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Paths of image files, or their bytes; `Stop` where a file is missing."""
        return self, pictures(column)

    def observe(self, value: Any) -> Any:
        """The size that a file says of itself."""
        found = header(value) if self.is_file else None
        return (found.height, found.width) if found else None

    def known(self, seen: Counter[Any]) -> Self:
        """The size where all have one."""
        sizes = {one for one in seen if one is not None}
        size: Shape = sizes.pop() if len(sizes) == 1 else (None, None)
        return replace(self, shape=size) if self.is_file else self

    def after(self, shape: Shape) -> Feature:
        """Labels of a size."""
        return replace(self, shape=shape, is_file=False)

    @property
    def stored(self) -> str:
        """Files as bytes, labels as bytes of one length."""
        return "binary" if self.is_file else super().stored

    def store(self, values: Any) -> pa.Array:
        """Files as they are."""
        return pa.array(list(values), pa.binary()) if self.is_file else super().store(values)

    def open(self, column: pa.ChunkedArray) -> Rows:
        """Files, or `(n, height, width)`."""
        return Column(column) if self.is_file else super().open(column)

    def none(self) -> Rows:
        """No masks."""
        return Values() if self.is_file else super().none()

    def decode(self, value: Any) -> NDArray[Any]:
        """The labels; `Undecodable` where the file is no mask, or has a value of no class."""
        if not self.is_file:
            return np.asarray(value)
        labels, strange = self._labels(value)
        if len(strange):
            shown = ", ".join(map(str, strange[:5]))
            raise Undecodable(f"a mask has pixels of no class, with the values {shown}")
        return labels

    def _labels(self, value: bytes) -> tuple[NDArray[np.uint8], NDArray[Any]]:
        """The labels of a file, and its values that are no class."""
        values = grey(value)
        if self.threshold is not None:
            found = (values >= self.threshold).astype(np.uint8)
            if self.ignore is not None:
                found[values == self.ignore] = IGNORE
            return found, np.empty(0)
        table = np.full(VALUES, -1)
        table[list(self.values or range(len(self.classes)))] = range(len(self.classes))
        if self.ignore is not None:
            table[self.ignore] = IGNORE
        is_byte = (values >= 0) & (values < VALUES)
        labels = np.where(is_byte, table[np.where(is_byte, values, 0)], -1)
        return labels.astype(np.uint8), np.unique(values[labels < 0])

    def look(self, value: Any, name: str | None) -> Look:
        """Whether it can be decoded, has only classes, and anything that counts."""
        try:
            labels, strange = self._labels(value) if self.is_file else (np.asarray(value), ())
        except Undecodable as error:
            return Look({"corrupt": f"mask: {error}"})
        findings = {}
        if len(strange):
            shown = ", ".join(map(str, strange[:5]))
            findings["outside"] = f"mask: pixels of no class, with the values {shown}"
        if (labels == IGNORE).all():
            findings["empty"] = "mask: no pixel counts"
        facts = {"height": labels.shape[0], "width": labels.shape[1]}
        counted = labels[labels < len(self.classes)]
        shares = np.bincount(counted, minlength=len(self.classes)) / max(1, counted.size)
        return Look(findings, digest(labels), facts, shares)

    @property
    def measures(self) -> Sequence[str]:
        """The share of each class."""
        return [f"share of {name}" for name in self.classes]

    def text(self, value: Any) -> str:
        """The classes that are in it."""
        labels = self.decode(value)
        return ", ".join(self.classes[one] for one in np.unique(labels) if one != IGNORE)
