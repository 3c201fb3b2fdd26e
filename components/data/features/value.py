"""Numbers, vectors of numbers, and categories."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.base.errors import Stop
from components.data.features.feature import (
    SHOWN,
    Feature,
    Look,
    Shape,
    TableColumn,
    brief,
    content,
    digest,
    refuse_twice,
)
from components.data.rows import Column, Index, Rows, Values

STRATA = 5  # of about as many numbers each, that a stratified split deals alike
TEXT = "string"
DIGITS = re.compile(r"[+-]?[0-9]+")


@dataclass(frozen=True)
class Value(Feature):
    """A number, an array of numbers, or, with `dtype: string`, a category.

    Args:
        dtype: NumPy's, or `string`.
        shape: Of one value; left out, a single one.
        missing: Whether a value may be missing: NaN, of a category the empty text. Otherwise
            `validate.missing` says what happens.
        categories: The categories; left out, those that the column has.
    """

    dtype: str = "float32"
    shape: Shape = ()
    missing: bool = False
    categories: Sequence[str] = ()

    def __post_init__(self) -> None:
        # NumPy says what is wrong with a name; `object` and dates are no numbers.
        if not self.is_category and np.dtype(self.dtype).kind not in "biuf":
            raise ValueError(f"'{self.dtype}' is no dtype of numbers, and not '{TEXT}'")
        object.__setattr__(self, "shape", tuple(self.shape))
        object.__setattr__(self, "categories", tuple(map(str, self.categories)))
        refuse_twice(self.categories)

    @property
    def is_category(self) -> bool:
        """Whether it is text."""
        return self.dtype == TEXT

    @property
    def is_encoded(self) -> bool:
        """Whether it is text, whose place among the categories is its number."""
        return self.is_category

    def observe(self, value: Any) -> Any:
        """Of a category, itself."""
        return value if self.is_category else None

    def known(self, seen: Counter[Any]) -> Self:
        """The categories that there are, sorted; the empty text is none."""
        if not self.is_category or self.categories:
            return self
        return replace(self, categories=tuple(sorted(map(str, filter(None, seen)))))

    def decode(self, value: Any) -> NDArray[Any]:
        """A category as its place, NaN for one that is missing or unknown; numbers as they are."""
        if not self.is_category:
            return np.asarray(value)
        return np.float32(self._places.get(value, math.nan))  # type: ignore[return-value]

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {one: place for place, one in enumerate(self.categories)}

    @property
    def decoded_dtype(self) -> str:
        """Of a category, that of its place."""
        return "float32" if self.is_category else self.dtype

    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """Numbers or text; `Stop` where a number is none."""
        values = column.values[:]
        if self.is_category:
            return self, Values([_text(value) for value in values])
        read = _exact if self._is_whole else float
        found = [_number(value, read) for value in values]
        if wrong := [row for row, one in enumerate(found) if one is None]:
            rows = ", ".join(
                f"{column.place(row)}: {brief(repr(values[row]))}" for row in wrong[:SHOWN]
            )
            raise Stop(
                f"ingest.columns.{column.name}: {len(wrong)} of {len(values)} are no numbers "
                f"({rows}); mend them, or declare the column as {{Value: {{dtype: string}}}}"
            )
        numbers = self._numbers(column, found)
        return replace(self, shape=numbers.shape[1:]), numbers

    def _numbers(self, column: TableColumn, found: Sequence[Any]) -> NDArray[Any]:
        """Arrays of one shape; `Stop` where they are not, or a dtype would make others of them."""
        where, shapes = f"ingest.columns.{column.name}", sorted({np.shape(one) for one in found})
        if len(shapes) > 1:
            column.refuse_missing(column.values[:])
            lengths = " and ".join(str(one[0]) if one else "one number" for one in shapes[:SHOWN])
            raise Stop(f"{where}: its values have several lengths: {lengths}")
        if shapes and 0 in shapes[0]:
            raise Stop(f"{where}: its values are empty lists")
        # A float64 has 53 bits of the 64 that a whole number may have.
        given = np.array(found, object if self._is_whole else np.float64)
        is_wrong = self._is_wrong(given)
        if is_wrong.any():
            row = int(np.argwhere(is_wrong)[0][0])
            what = f"{brief(repr(column.values[row]))} is no {self.dtype}"
            raise Stop(f"{where}: {column.place(row)}: {what}")
        with np.errstate(all="ignore"):  # what becomes infinite, `validate` finds
            return given.astype(self.dtype)

    @property
    def _is_whole(self) -> bool:
        return np.dtype(self.dtype).kind in "iu"

    def _is_wrong(self, given: NDArray[Any]) -> NDArray[np.bool_]:
        """Which numbers the dtype would make others of; fractions it may round."""
        if self._is_whole:
            ends = np.iinfo(self.dtype)
            flat = [type(one) is int and ends.min <= one <= ends.max for one in given.ravel()]
            return ~np.array(flat, bool).reshape(given.shape)
        if np.dtype(self.dtype).kind == "b":
            return ~np.isin(given, (0, 1))
        return np.zeros(given.shape, bool)

    def store(self, values: Any) -> pa.Array:
        """Numbers as they are; arrays as bytes; text."""
        return pa.array(list(values)) if self.is_category else super().store(values)

    def open(self, column: pa.ChunkedArray) -> Rows:
        """`(n, ...)`, or text."""
        return Column(column) if self.is_category else super().open(column)

    def none(self) -> Rows:
        """No values."""
        return Values() if self.is_category else super().none()

    @property
    def measures(self) -> Sequence[str]:
        """Each number."""
        if self.is_category:
            return ()
        count = math.prod(length or 1 for length in self.shape)
        return ("value",) if not self.shape else [f"feature {place}" for place in range(count)]

    def look(self, value: Any, name: str | None) -> Look:
        """Whether it is there, finite, and not the same in every place."""
        if self.is_category:
            is_there = bool(value) or self.missing
            return Look({} if is_there else {"missing": "it has no value"}, content(value))
        values = np.asarray(value)
        found = {}
        is_missing = np.isnan(values).any() if values.dtype.kind == "f" else False
        if is_missing and not self.shape:
            if not self.missing:
                found["missing"] = "it has no value"
        elif values.dtype.kind == "f" and not np.isfinite(values).all():
            found["not_finite"] = "holds NaN or infinity"
        elif values.size > 1 and values.min() == values.max():
            # A single value is no more constant than any other.
            found["constant"] = "of one colour or value"
        usable = not is_missing and "not_finite" not in found
        return Look(found, digest(values), measures=np.ravel(values) if usable else ())

    def strata(self, values: Rows) -> Index | None:
        """Of numbers, fifths by their size."""
        if self.is_category or self.shape:
            return None
        numbers: NDArray[Any] = np.asarray(values)
        order = np.argsort(np.argsort(numbers, kind="stable"), kind="stable")
        return np.asarray(order * STRATA // max(len(numbers), 1), np.int64)


def _text(value: Any) -> str:
    """A category; of a whole number, as pandas has it where others are missing, without `.0`."""
    if value is None or value != value:  # NaN
        return ""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)


def _number(value: Any, read: Callable[[Any], float]) -> Any:
    """A number, NaN for none, or None where it is something else."""
    if value is None or value == "":
        return math.nan
    if isinstance(value, str) and "_" in value:  # Python reads 1_0 as 10
        return None
    try:
        return [read(one) for one in value] if isinstance(value, list) else read(value)
    except (TypeError, ValueError):
        return None


def _exact(value: Any) -> float:
    """A whole number to its last digit; a fraction as a float."""
    if isinstance(value, str):
        value = int(value) if DIGITS.fullmatch(value.strip()) else float(value)
    return int(value) if value % 1 == 0 else float(value)
