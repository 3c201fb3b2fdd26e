"""Random variations of the train split: as layers, as a picture, as copies on disk."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from components.data.dataset import Split
from components.data.schema import Schema
from components.data.shards import batched
from components.layers.chain import chain
from components.layers.geometry import together

SHOWN, VARIATIONS = 6, 7


def as_model(layers: Sequence[keras.Layer], shape: Sequence[int | None]) -> keras.Sequential:
    """The layers as one model, which leaves examples of a shape alone outside of training."""
    inputs = keras.Input(shape, dtype="float32")
    model = chain(inputs, layers, ("augment", "layers"), "augmentation")
    model.built = True  # which Keras denies, and warns of, where there is no layer
    return model


def vary(augmentation: keras.Model, split: Split, copies: int) -> Iterator[Split]:
    """`copies` varied copies of every example, some at a time: all examples once, then once more.

    Args:
        augmentation: From `(n, ...)` to the same shape.
        split: `n` examples.
        copies: 0 gives one empty part.
    """
    (name,) = split.schema.inputs
    moved = together(augmentation.layers) if split.schema.moving else None
    yield split.take(np.arange(0))
    for _ in range(copies):
        for part in batched(split):
            varied, masks = _varied(augmentation, moved, part, name)
            yield Split(split.schema, {**part.columns, **masks, name: varied})


def _varied(
    augmentation: keras.Model, moved: Any, part: Split, name: str
) -> tuple[Any, dict[str, Any]]:
    """The values of a column, varied, and the masks that move with them."""
    values, moving = part[name][:], part.schema.moving
    if not augmentation.layers:  # which Keras calls only for the shape that it was made with
        return values, {}
    if moved is not None:
        images, *masks = moved(values, *(part[one][:] for one in moving))
        return images, dict(zip(moving, masks, strict=True))
    return np.asarray(augmentation(values, training=True)), {}


def preview(augmentation: keras.Model, split: Split) -> tuple[Split, list[str]]:
    """Some examples, each followed by variations of it, with titles for a grid of pictures.

    Of the targets it has those that move with the inputs.
    """
    rows = np.linspace(0, len(split) - 1, SHOWN).astype(int)
    chosen = split.take(rows).read()
    parts = list(vary(augmentation, chosen, VARIATIONS))
    order = np.arange(SHOWN * (1 + VARIATIONS)).reshape(1 + VARIATIONS, SHOWN).T.ravel()
    columns = {}
    for name in (*split.schema.inputs, *split.schema.moving):
        every = [np.asarray(part[name][:]) for part in (chosen, *parts)]
        columns[name] = np.concatenate(every)[order]
    kinds = {name: split.schema.columns[name] for name in columns}
    shown = Split(Schema(kinds, split.schema.moving), columns)
    return shown, (["original"] + ["varied"] * VARIATIONS) * SHOWN
