"""Random variations of the train split: as layers, as a picture, as copies on disk."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np

from components.data.dataset import Split
from components.data.shards import batched
from components.layers.chain import chain

SHOWN, VARIATIONS = 6, 7


def as_model(layers: Sequence[keras.Layer], shape: Sequence[int | None]) -> keras.Sequential:
    """The layers as one model, which leaves examples of a shape alone outside of training."""
    inputs = keras.Input(shape, dtype="float32")
    return chain(inputs, layers, ("augment", "layers"), "augmentation")


def vary(augmentation: keras.Model, split: Split, copies: int) -> Iterator[Split]:
    """`copies` varied copies of every example, some at a time: all examples once, then once more.

    Args:
        augmentation: From `(n, ...)` to the same shape.
        split: `n` examples.
        copies: 0 gives one empty part.
    """
    yield split.take(np.arange(0))
    for _ in range(copies):
        for part in batched(split):
            varied = np.asarray(augmentation(part.inputs[:], training=True))
            yield Split(varied, part.labels)


def preview(augmentation: keras.Model, split: Split) -> tuple[list[np.ndarray], list[str]]:
    """Some examples, each followed by variations of it, with titles for a grid of pictures."""
    rows = np.linspace(0, len(split) - 1, SHOWN).astype(int)
    chosen = Split(split.array[rows], split.labels[rows])
    varied = np.concatenate([part.inputs[:] for part in vary(augmentation, chosen, VARIATIONS)])
    shape = split.array.shape[1:]
    both = np.concatenate(
        [chosen.array[:, None], varied.reshape(VARIATIONS, SHOWN, *shape).swapaxes(0, 1)], axis=1
    )
    return list(both.reshape(-1, *shape)), (["original"] + ["varied"] * VARIATIONS) * SHOWN
