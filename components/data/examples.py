"""The examples of a split as arrays of one shape, a chunk at a time, after some layers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Facts, Split
from components.data.images import decode

CHUNK_BYTES = 8_000_000  # of float32 values, before the layers


@dataclass(frozen=True)
class Examples:
    """What `layers` make of the examples of a split; may be iterated again.

    Image files go through a first layer that is a `Resizing` one by one: they may have several
    sizes, and what comes of them is smaller than what was decoded.

    Args:
        split: `n` examples, decoded or encoded.
        facts: What is known about their dataset.
        layers: Applied first to last, in inference mode.
    """

    split: Split
    facts: Facts
    layers: Sequence[keras.Layer] = ()

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Chunks `(n, ...)`, the last one shorter."""
        layers = self.layers[1:] if self._resized else self.layers
        for start in range(0, len(self.split), self.size):
            chunk: Any = self.split.inputs[start : start + self.size]
            if self.facts.is_encoded:
                chunk = np.stack([self._opened(file) for file in chunk])
            for layer in layers:
                # Said: the layers of images that draw at random do so unless told not to.
                chunk = layer(chunk, training=False)
            yield np.asarray(chunk)

    @property
    def size(self) -> int:
        """Examples in a chunk, which follow from their shape alone."""
        shape: Sequence[int | None] = self.facts.shape
        if self._resized:
            shape = (self.layers[0].height, self.layers[0].width, self.facts.channels)
        return max(1, min(1024, CHUNK_BYTES // (4 * int(np.prod(np.array(shape, int))))))

    def array(self) -> NDArray[Any]:
        """All of them at once, `(n, ...)`."""
        return np.concatenate(list(self))

    def _opened(self, file: bytes) -> NDArray[Any]:
        pixels = decode(file, self.facts.channels, self.facts.dtype)
        return self._resized(pixels) if self._resized else pixels

    @cached_property
    def _resized(self) -> Callable[[NDArray[Any]], NDArray[Any]] | None:
        """The first layer, where it is applied to one image file after the other."""
        if self.facts.is_encoded and self.layers and type(self.layers[0]) is keras.layers.Resizing:
            return _graph(self.layers[0], self.facts.channels, self.facts.dtype)
        return None


def fixed(serving: keras.Model, facts: Facts) -> tuple[keras.Model, Sequence[keras.Layer]]:
    """The part of a serving model that takes examples of one shape, and the layers before it.

    Before it is the `Resizing` of images of several sizes, which are resized one by one.
    """
    before = serving.layers[:1] if facts.is_ragged else []
    inside = serving.layers[len(before) :]
    size = [(layer.height, layer.width, facts.shape[-1]) for layer in before]
    inputs = keras.Input(size[0] if size else facts.shape, dtype="float32")
    return keras.Sequential([inputs, *inside]), before


@lru_cache(maxsize=2)
def _graph(layer: keras.Layer, channels: int, dtype: str) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A layer as a TensorFlow graph for images of any size, also where Keras runs on JAX.

    A graph is traced once for all sizes; JAX would compile anew for each.
    """
    import tensorflow as tf

    signature = tf.TensorSpec((None, None, channels), dtype)
    # Concrete: a third less time for a small image than to look the graph up at every call.
    resize = tf.function(lambda images: layer(images, training=False), input_signature=[signature])
    graph = resize.get_concrete_function()
    return lambda pixels: np.asarray(graph(tf.constant(pixels)).numpy())
