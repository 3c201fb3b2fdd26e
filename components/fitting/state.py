"""Where a fit is, kept in a file, so that one that was killed goes on from there."""

import json
import os
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.base.files import replacing, sweep

EVERY_S = 30.0  # between two writes, or
SHARE = 0.01  # so much time that writing takes no more of it than this
FACTS = "facts"


@dataclass(frozen=True)
class Saved:
    """What a fit has kept of itself."""

    arrays: Mapping[str, NDArray[Any]]
    facts: Mapping[str, Any]
    """As JSON has them."""

    def numbered(self, name: str) -> list[NDArray[Any]]:
        """The arrays that `numbered` gave this name."""
        count = sum(key.startswith(f"{name} ") for key in self.arrays)
        return [self.arrays[f"{name} {number}"] for number in range(count)]


class State:
    """Keeps where a fit is: the whole of the last time, or of the one before, whatever is killed.

    Args:
        path: Of the file; None where nothing is kept.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._next = time.monotonic() + EVERY_S

    def read(self) -> Saved | None:
        """What was kept last; None where there is nothing, or nothing whole."""
        if self.path is None or not self.path.exists():
            return None
        try:
            with self.path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = dict(file)
            facts = json.loads(arrays.pop(FACTS).tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None  # damaged: the fit begins anew, and comes to the same
        kinds = facts.pop("dtypes")
        return Saved({name: _as(array, kinds.get(name)) for name, array in arrays.items()}, facts)

    @property
    def is_due(self) -> bool:
        """Whether it is time to keep it again."""
        return self.path is not None and time.monotonic() >= self._next

    def write(self, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
        """Keeps it; what was kept before stays until this is on the disk."""
        if self.path is None:
            return
        begun = time.monotonic()
        # NumPy's format knows no bfloat16: its bytes are kept, and its name.
        kinds = {name: array.dtype.name for name, array in arrays.items() if _is_foreign(array)}
        kept = {name: _as_bytes(array) for name, array in arrays.items()}
        text = json.dumps({**facts, "dtypes": kinds}).encode()
        kept[FACTS] = np.frombuffer(text, np.uint8)
        with replacing(self.path) as beside, beside.open("wb") as file:
            np.savez(file, **kept)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        now = time.monotonic()
        self._next = now + max(EVERY_S, (now - begun) / SHARE)

    def remove(self) -> None:
        """Keeps nothing any more."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
            sweep(self.path)


def _is_foreign(array: NDArray[Any]) -> bool:
    """Whether a dtype is none of NumPy's own."""
    return array.dtype.kind == "V"


def _as_bytes(array: NDArray[Any]) -> NDArray[Any]:
    return array.view(f"u{array.dtype.itemsize}") if _is_foreign(array) else array


def _as(array: NDArray[Any], kind: str | None) -> NDArray[Any]:
    if kind is None:
        return array
    import ml_dtypes

    return array.view(getattr(ml_dtypes, kind))


def numbered(name: str, values: Iterable[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Arrays, such as weights, by a name and their number."""
    for number, value in enumerate(values):
        yield f"{name} {number}", np.asarray(value)
