"""Random variations of the train split: as layers, as a picture, as copies on disk."""

from collections.abc import Sequence

import keras
import numpy as np

from components.dataset import Split

SHOWN, VARIATIONS, CHUNK = 6, 7, 1024


def as_model(layers: Sequence[keras.Layer], shape: Sequence[int | None]) -> keras.Sequential:
    """The layers as one model, which leaves examples of a shape alone outside of training."""
    inputs = keras.Input(shape, dtype="float32")
    return keras.Sequential([inputs, *layers], name="augmentation")


def vary(augmentation: keras.Model, split: Split, copies: int) -> Split:
    """`copies` varied copies of every example, all examples once, then all once more.

    Args:
        augmentation: From `(n, ...)` to the same shape.
        split: `n` examples.
        copies: 0 gives an empty split.
    """
    varied = [
        np.asarray(augmentation(chunk, training=True))
        for _ in range(copies)
        for chunk in split.chunks(CHUNK)
    ]
    return Split(np.concatenate([split.array[:0], *varied]), np.tile(split.labels, copies))


def preview(augmentation: keras.Model, split: Split) -> tuple[list[np.ndarray], list[str]]:
    """Some examples, each followed by variations of it, with titles for a grid of pictures."""
    rows = np.linspace(0, len(split) - 1, SHOWN).astype(int)
    chosen = Split(split.array[rows], split.labels[rows])
    varied = vary(augmentation, chosen, VARIATIONS).array
    shape = split.array.shape[1:]
    both = np.concatenate(
        [chosen.array[:, None], varied.reshape(VARIATIONS, SHOWN, *shape).swapaxes(0, 1)], axis=1
    )
    return list(both.reshape(-1, *shape)), (["original"] + ["varied"] * VARIATIONS) * SHOWN
