"""What every kind of column has."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.base.errors import Stop
from components.data.rows import Index, Rows, joined

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 10  # rows or files that a message names
LONGEST = 100  # characters of a value that it shows
WHOLE = re.compile(r"0|-?[1-9][0-9]{0,999}")  # Python reads no more than 4,300 digits

T = TypeVar("T")
Found = Annotated[T, "by the data"]
"""A field of a kind that only the data says; no pipeline file may give it."""

Shape = tuple[int | None, ...]
"""Of one value as an array; None where it varies."""


@dataclass(frozen=True)
class Look:
    """What is known of a value after one look at it."""

    findings: Mapping[str, str] = field(default_factory=dict)
    """What is wrong, by the key of the `validate` section that says what happens."""
    digest: bytes = b""
    """Of its values, whatever the format of a file."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What it is compared with the others by (`Feature.odd`), such as height and width."""
    measures: Sequence[float] | NDArray[Any] = ()
    """One for each of `Feature.measures`; none where they cannot be taken."""
    likeness: Any = None
    """A small grey picture, about the same for what looks the same (`Feature.thumbnail`)."""
    is_reduced: bool = False
    """Whether an image was seen in a part of its size, and `digest` is of that."""


@dataclass(frozen=True)
class TableColumn:
    """A column of a table that somebody else has made."""

    name: str
    values: Any
    """A `datasets` column: a list by a slice."""
    kind: Any
    """The type that `datasets` has for it."""
    table: Any
    """The `datasets.Dataset` that it is of."""
    folder: Path
    """What paths start from."""
    is_typed: bool
    """Whether the table knows a number from text; a CSV does not."""
    place: Callable[[int], str] = "row {}".format
    """Where a row is in its file."""

    def is_of(self, name: str) -> bool:
        """Whether `datasets` calls its type so; to ask by the class would load `datasets`."""
        return type(self.kind).__name__ == name

    def refuse_missing(
        self, values: Sequence[Any], unknown: Sequence[Any] = (None,), where: str = ""
    ) -> None:
        """Raises a `Stop` that names the rows without a value, and the key of the file."""
        missing = [row for row, value in enumerate(values) if value in unknown]
        if missing:
            rows = ", ".join(map(self.place, missing[:SHOWN])) + (
                ", ..." if missing[SHOWN:] else ""
            )
            raise Stop(
                f"{where or f'ingest.columns.{self.name}'}: {len(missing)} rows have no value: "
                f"{rows}; remove them, or fill them in"
            )


class Feature(ABC):
    """A kind of column: how its values are stored, read and decoded, and what is wrong with one."""

    shape: Shape
    dtype: str
    """NumPy's, of a value as an array."""
    categories: Sequence[str] = ()
    """Of text, the values that have a number each."""

    # What a source has, and what it becomes.

    @abstractmethod
    def gather(self, column: TableColumn) -> tuple[Self, Rows]:
        """The values of a column of a table, and what is known of them now.

        Raises:
            Stop: They are not of this kind, or missing.
        """

    def observe(self, value: Any) -> Any:
        """What a value says of the whole column, hashable; None where it says nothing."""
        return None

    def known(self, seen: Counter[Any]) -> Self:
        """This kind with what the values have said, each `observe` with its number."""
        return self

    def after(self, shape: Shape) -> "Feature":
        """What layers have made of the values: float32 of a shape."""
        from components.data.features.value import Value

        return Value("float32", shape)

    # On disk, and back.

    @property
    def stored(self) -> str:
        """What `datasets` calls the type that it has on disk, where it has no `names`."""
        return f"fixed_size_binary[{self.width}]" if self.shape else self.dtype

    def store(self, values: Any) -> pa.Array:
        """Values as Arrow keeps them: numbers, and arrays of one shape in fixed-size binaries."""
        rows = np.ascontiguousarray(values, self.dtype)
        if not self.shape:
            return pa.array(rows)
        width = int(rows.dtype.itemsize * np.prod(rows.shape[1:]))
        return pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(width), len(rows), [None, pa.py_buffer(rows)]
        )

    def open(self, column: pa.ChunkedArray) -> Rows:
        """Values of a memory-mapped column: views of it, where they are arrays of one shape."""
        if not self.shape:
            return np.asarray(column.to_numpy(), self.dtype)
        views = [self._view(chunk) for chunk in column.chunks if len(chunk)]
        return joined(views) if views else self.none()

    def none(self) -> Rows:
        """No values at all."""
        return np.empty((0, *(length or 0 for length in self.shape)), self.dtype)

    def sizes(self, values: Rows) -> NDArray[np.int64]:
        """Bytes of each value, `(n,)`."""
        if (dtype := getattr(values, "dtype", None)) is not None:
            shape = np.shape(values[:1])[1:]
            return np.full(len(values), int(np.prod(shape)) * np.dtype(dtype).itemsize, np.int64)
        if hasattr(values, "sizes"):
            return np.asarray(values.sizes, np.int64)
        return np.fromiter((len(content(one)) for one in values), np.int64, len(values))

    @property
    def width(self) -> int:
        """Bytes of a stored value of one shape."""
        return int(np.dtype(self.dtype).itemsize * np.prod([length or 1 for length in self.shape]))

    def _view(self, chunk: pa.FixedSizeBinaryArray) -> NDArray[Any]:
        width = chunk.type.byte_width
        flat = np.frombuffer(chunk.buffers()[1], np.uint8)
        flat = flat[chunk.offset * width : (chunk.offset + len(chunk)) * width]
        return flat.view(self.dtype).reshape(len(chunk), *self.shape)

    # One value.

    @property
    def is_encoded(self) -> bool:
        """Whether a stored value must be decoded before it is an array."""
        return False

    @property
    def decoded_dtype(self) -> str:
        """NumPy's, of a decoded value."""
        return self.dtype

    @property
    def is_array(self) -> bool:
        """Whether layers can compute with it."""
        return True

    @property
    def is_spatial(self) -> bool:
        """Whether it moves with the image that it belongs to."""
        return False

    @property
    def is_ragged(self) -> bool:
        """Whether values have several shapes."""
        return None in self.shape

    @property
    def names(self) -> Sequence[str]:
        """Of the values, where they are a few that have names: classes."""
        return ()

    def decode(self, value: Any) -> NDArray[Any]:
        """A stored value as an array of `shape` and `dtype`.

        Raises:
            Stop: It cannot be decoded.
        """
        return np.asarray(value)

    def decode_least(self, value: Any, least: tuple[int, int] | None = None) -> NDArray[Any]:
        """As `decode`; of an image perhaps a part of its size.

        Args:
            value: As it is stored.
            least: Height and width that are enough; None asks for all.
        """
        return self.decode(value)

    def text(self, value: Any) -> str:
        """A stored value in words."""
        return str(value)

    # What can be wrong with it.

    @property
    def measures(self) -> Sequence[str]:
        """Names of what is measured of every value, to be compared between sets of them."""
        return ()

    @abstractmethod
    def look(self, value: Any, name: str | None) -> Look:
        """Looks at a stored value.

        Args:
            value: As it is stored.
            name: Where the example comes from.
        """

    def odd(self, facts: "pd.DataFrame") -> Mapping[str, "pd.Series"]:
        """What is unlike the rest: by key of the `validate` section, what it is, in words.

        Args:
            facts: A row for each value that nothing is wrong with.
        """
        return {}

    def thumbnail(self, value: Any) -> NDArray[np.float32] | None:
        """What two values that have about the same `likeness` are compared by; of length 1."""
        return None

    # How examples are dealt out.

    def strata(self, values: Rows) -> Index | None:
        """What a stratified split deals alike, `(n,)`; None where every example is like another."""
        return None


def refuse_twice(names: Sequence[str]) -> None:
    """Raises a `ValueError` where two classes have one name."""
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"two classes have the name {brief(twice[0])}")


def brief(text: str) -> str:
    """A value as a message shows it: one cell may be as large as a file."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def typed(values: list[str]) -> list[Any]:
    """Whole numbers, where each is written as Python writes it, so that 10 comes after 9."""
    return [int(value) for value in values] if all(map(WHOLE.fullmatch, values)) else values


def content(value: Any) -> bytes:
    """The bytes of a stored value: equal for equal values."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    return np.ascontiguousarray(value).tobytes()


def digest(value: Any) -> bytes:
    """Sixteen bytes that tell a value and its shape from every other."""
    salt = str(np.shape(value)).encode()[:16]
    return hashlib.blake2b(content(value), digest_size=16, salt=salt).digest()
