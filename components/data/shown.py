"""Examples as people see them: by the drawing of their first input, where its kind has one."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from components.base.errors import Stop
from components.data.dataset import Split
from components.data.features.feature import Feature
from components.show import pictures


def drawing(kind: Feature) -> ModuleType | None:
    """What draws values of a kind: `draw(axes, value)` and `thumbnail(value, side)`."""
    # By its name: how it is drawn is another module than how it is stored.
    name = f"components.show.{type(kind).__module__.rpartition('.')[2]}"
    return import_module(name) if find_spec(name) else None


def draws(split: Split, rows: NDArray[np.int64]) -> list[pictures.Draw]:
    """What draws the examples at some rows; empty where they cannot be drawn."""
    column = split.schema.inputs[0]
    if (shown := drawing(split.schema.columns[column])) is None:
        return []
    return [partial(shown.draw, value=split.decoded(column, int(row))) for row in rows]


def examples(split: Split, rows: NDArray[np.int64], titles: Sequence[str]) -> Figure | None:
    """The examples at some rows; None where they cannot be drawn."""
    drawn = draws(split, rows)
    return pictures.grid(drawn, titles, columns=8) if drawn else None


def arrays(kind: Feature, values: Sequence[NDArray[Any]]) -> list[pictures.Draw]:
    """What draws values of a kind that are arrays already."""
    shown = drawing(kind)
    return [partial(shown.draw, value=value) for value in values] if shown else []


def thumbnail(split: Split, row: int, side: int) -> Image.Image | None:
    """A small picture of an example; None where there is nothing to see."""
    column = split.schema.inputs[0]
    if (shown := drawing(split.schema.columns[column])) is None:
        return None
    try:
        image: Image.Image = shown.thumbnail(split.decoded(column, row), side)
    except Stop:
        return None
    return image


def words(split: Split, row: int, longest: int = 120) -> str:
    """An example in words, where it is no picture: each of its inputs."""
    said = (f"{name} {split.text(name, row)}" for name in split.schema.inputs)
    text = ", ".join(said)
    return text if len(text) < longest else f"{text[:longest]}..."
