"""The examples of a split as arrays of one shape, a chunk at a time, after some layers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.dataset import Facts, Split, decode


@dataclass(frozen=True)
class Examples:
    """What `layers` make of the examples of a split; may be iterated again.

    Images of several sizes go through the first layer, a `Resizing`, one by one.

    Args:
        split: `n` examples, decoded or encoded.
        facts: What is known about their dataset.
        layers: Applied first to last, in inference mode.
        size: Examples in a chunk: 1024 are 12 MB of 32x32 RGB in float32.
    """

    split: Split
    facts: Facts
    layers: Sequence[keras.Layer] = ()
    size: int = 1024

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Chunks `(size, ...)`, the last one shorter."""
        for start in range(0, len(self.split), self.size):
            chunk: Any = self.split.inputs[start : start + self.size]
            layers = self.layers
            if self.facts.is_encoded:
                resizing, *layers = layers
                chunk = np.stack([np.asarray(resizing(self._decode(file))) for file in chunk])
            for layer in layers:
                chunk = layer(chunk)  # outside of fit, Keras layers infer
            yield np.asarray(chunk)

    def array(self) -> NDArray[Any]:
        """All of them at once, `(n, ...)`."""
        return np.concatenate(list(self))

    def _decode(self, file: bytes) -> NDArray[np.uint8]:
        return decode(file, self.facts.shape[-1] or 3)
