"""Examples as people see them: by the drawing of their first input, where its kind has one."""

from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from components.base.errors import Stop
from components.data.dataset import Split
from components.data.features.feature import Feature
from components.data.schema import Schema
from components.show import pictures

LEGEND = 0.4  # inches


def drawing(kind: Feature) -> ModuleType | None:
    """What draws values of a kind: `draw(axes, value)` and `thumbnail(value, side)`.

    That of a kind which moves with an image has `over(axes, value, classes)`, `patches(classes)`
    and `legend(figure, patches)` besides.
    """
    # By its name: how it is drawn is another module than how it is stored.
    name = f"components.show.{type(kind).__module__.rpartition('.')[2]}"
    return import_module(name) if find_spec(name) else None


def draws(split: Split, rows: NDArray[np.int64]) -> list[pictures.Draw]:
    """What draws the examples at some rows; empty where they cannot be drawn."""
    column = split.schema.inputs[0]
    if (shown := drawing(split.schema.columns[column])) is None:
        return []
    drawn: list[pictures.Draw] = []
    for row in map(int, rows):
        masks = [(name, split.decoded(name, row)) for name in split.schema.moving]
        drawn.append(partial(_draw, shown, split, split.decoded(column, row), masks))
    return drawn


def _draw(shown: ModuleType, split: Split, value: Any, masks: Sequence[Any], axes: Axes) -> None:
    """A value, and over it the masks that move with it."""
    shown.draw(axes, value)
    for name, mask in masks:
        kind = split.schema.columns[name]
        if (over := drawing(kind)) is not None:
            over.over(axes, mask, len(kind.classes))  # type: ignore[attr-defined]


def explain(figure: Figure, schema: Schema) -> Figure:
    """Says below a figure what the colours of the masks in it are."""
    for name in schema.moving:
        kind = schema.columns[name]
        if (shown := drawing(kind)) is not None:
            figure.set_figheight(figure.get_figheight() + LEGEND)
            shown.legend(figure, shown.patches(kind.classes))  # type: ignore[attr-defined]
    return pictures.fitted(figure) if schema.moving else figure


def examples(split: Split, rows: NDArray[np.int64], titles: Sequence[str]) -> Figure | None:
    """The examples at some rows; None where they cannot be drawn."""
    drawn = draws(split, rows)
    return pictures.grid(drawn, titles, columns=8) if drawn else None


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
    said = {name: split.text(name, row) for name in split.schema.inputs}
    is_text = [split.schema.columns[name].dtype == "text" for name in said] == [True]
    text = ", ".join(value if is_text else f"{name} {value}" for name, value in said.items())
    return text if len(text) < longest else f"{text[:longest]}..."
