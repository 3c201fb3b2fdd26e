"""What was seen of layers, read: a row is what `layers` of a training's record has of one."""

from collections.abc import Mapping, Sequence
from typing import Any

VANISHED, EXPLODED = 2e-3, 500.0  # of the last layer's, each beside the size of its weights
TINY = 0.01  # of the weights' size, as of a last layer that is to begin with nothing

Row = Mapping[str, Any]


def beside(row: Row) -> float:
    """The size of its gradient beside that of its weights."""
    return float(row["gradient"] / (row["weight"] or 1))


def learned(rows: Sequence[Row]) -> list[Row]:
    """Those that have weights to learn."""
    return [row for row in rows if row["gradient"] is not None]


def passage(rows: Sequence[Row]) -> float | None:
    """The first layer's gradient as a multiple of the last's, each beside its weights.

    Returns:
        Below `VANISHED` gradients vanish on their way, from `EXPLODED` on they explode. None
        where nothing can be told: with one layer, or a last one that begins with nothing, behind
        which all gradients are 0.
    """
    found = learned(rows)
    if len(found) < 2:
        return None
    first, last = found[0], found[-1]
    is_grown = last["weight"] > TINY * first["weight"]
    return beside(first) / beside(last) if is_grown and last["gradient"] else None
