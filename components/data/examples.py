"""The examples of a split as arrays of one shape, a chunk at a time, after some layers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.base.errors import Stop
from components.data.codecs import jpeg_scale
from components.data.dataset import Split
from components.data.features.feature import Feature, Shape
from components.data.schema import Schema
from components.layers.checks import check_register

CHUNK_BYTES = 8_000_000  # of float32 values, before the layers
LEFT = 2
"""Times the size that a `Resizing` gives, that a photo is decoded at: of whole ones comes the same,
but for 0.02 of structural similarity in the worst of 1,528 photos (benchmarks/scaled.py)."""

Batch = NDArray[Any] | Mapping[str, NDArray[Any]]
"""What a model takes: the values of the only input, `(n, ...)`, or of each by its name."""


@dataclass(frozen=True)
class Examples:
    """What `layers` make of the inputs of a split; may be iterated again.

    Image files go through a first layer that is a `Resizing` one by one: they may have several
    sizes, and what comes of them is smaller than what was decoded. Where it antialiases, a JPEG is
    decoded at a part of its size: its decoder takes the mean of pixels that the layer would.

    Args:
        split: `n` examples.
        layers: Applied first to last, in inference mode.
    """

    split: Split
    layers: Sequence[keras.Layer] = ()

    def __iter__(self) -> Iterator[Batch]:
        """Chunks of `n` examples, the last one shorter."""
        layers = self.layers[1:] if self._resized else self.layers
        for start in range(0, len(self.split), self.size):
            chunk = self._decoded(slice(start, start + self.size))
            for layer in layers:
                # Said: the layers of images that draw at random do so unless told not to.
                chunk = layer(chunk, training=False)
            yield keras.tree.map_structure(np.asarray, chunk)

    def moved(self) -> Iterator[tuple[Batch, Mapping[str, NDArray[Any]]]]:
        """Chunks, each with the targets that move with the image: masks `(n, height, width)`.

        Raises:
            Stop: An image is not as large as its mask.
            Mistakes: A layer may move images and not their masks.
        """
        if names := self.split.schema.moving:
            check_register(self.layers)
        starts = range(0, len(self.split), self.size)
        for start, chunk in zip(starts, self, strict=True):
            rows = range(start, min(start + self.size, len(self.split)))
            masks = {name: self._masks(name, rows) for name in names}
            for one in masks.values():
                _check_register(np.asarray(chunk).shape[1:3], one.shape[1:])
            yield chunk, masks

    def _masks(self, name: str, rows: Sequence[int]) -> NDArray[Any]:
        masks = [self.split.decoded(name, row) for row in rows]
        for layer in self.layers:
            if type(layer) is keras.layers.Resizing:
                masks = [nearest(mask, layer.height, layer.width) for mask in masks]
        return np.stack(masks)

    @property
    def size(self) -> int:
        """Examples in a chunk, which follow from their shape alone."""
        schema = self.split.schema
        if self._resized:
            shapes: list[Shape] = [_resized_shape(self.layers[0], schema.input)]
        else:
            shapes = [schema.columns[name].shape for name in schema.inputs]
        if any(None in shape for shape in shapes):
            return 1  # of several sizes, no two are one array
        values = sum(int(np.prod(np.array(shape, int))) for shape in shapes)
        return max(1, min(1024, CHUNK_BYTES // (4 * values)))

    def array(self) -> Batch:
        """All of them at once, `(n, ...)`."""
        whole: Batch = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *self)
        return whole

    def _decoded(self, rows: slice) -> Batch:
        names = self.split.schema.inputs
        values = {name: self._column(name, rows) for name in names}
        return values if len(names) > 1 else values[names[0]]

    def _column(self, name: str, rows: slice) -> NDArray[Any]:
        kind, values = self.split.schema.columns[name], self.split[name][rows]
        if not kind.is_encoded:
            return np.asarray(values)
        return np.stack([(self._resized or kind.decode)(value) for value in values])

    @cached_property
    def _resized(self) -> Callable[[bytes], NDArray[Any]] | None:
        """Decodes, and applies the first layer, where that is done one image file after another."""
        schema = self.split.schema
        if not self.layers or type(self.layers[0]) is not keras.layers.Resizing:
            return None
        if len(schema.inputs) > 1 or not schema.input.is_encoded:
            return None
        layer: Any = self.layers[0]
        kind, least = schema.input, None
        if layer.antialias and layer.interpolation != "nearest":
            least = LEFT * layer.height, LEFT * layer.width
        channels = int(kind.shape[-1] or 1)
        from_pixels = resizing(layer, channels, kind.dtype)

        def resized(file: bytes) -> NDArray[Any]:
            scale = jpeg_scale(file, channels, least) if kind.dtype == "uint8" else None
            made = resizing_jpeg(layer, channels, scale)(file) if scale else None
            return from_pixels(kind.decode_least(file, least)) if made is None else made

        return resized


def _check_register(image: Shape, mask: Shape) -> None:
    """Raises a `Stop` where a mask cannot be laid over its image."""
    if image != mask:
        ours, theirs = ("x".join(map(str, one)) for one in (image, mask))
        raise Stop(
            f"images are {ours} after preprocess, their masks {theirs}; a Resizing "
            "gives both one size, other layers leave masks as they are"
        )


def nearest(pixels: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """A mask or an image of another size, each pixel the nearest one.

    Between class 1 and class 3 of a mask there is no class 2.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    rows = ((np.arange(height) + 0.5) * pixels.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * pixels.shape[1] / width).astype(int)
    moved: NDArray[Any] = pixels[rows[:, None], columns]
    return moved


def fixed(serving: keras.Model, schema: Schema) -> tuple[keras.Model, Sequence[keras.Layer]]:
    """The part of a serving model that takes examples of one shape, and the layers before it.

    Before it is the `Resizing` of images of several sizes, which are resized one by one.
    """
    if len(schema.inputs) > 1:
        return serving, ()
    before = serving.layers[:1] if schema.input.is_ragged else []
    shape = _resized_shape(before[0], schema.input) if before else schema.input.shape
    inputs = keras.Input(shape, dtype="float32")
    return keras.Sequential([inputs, *serving.layers[len(before) :]]), before


def _resized_shape(layer: Any, kind: Feature) -> tuple[int, int, int]:
    return layer.height, layer.width, int(kind.shape[-1] or 1)


@lru_cache(maxsize=2)
def resizing(
    layer: keras.Layer, channels: int, dtype: str
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A layer as a TensorFlow graph for images of any size, also where Keras runs on JAX.

    It takes and gives `(height, width, channels)`. A graph is traced once for all sizes; JAX would
    compile anew for each.
    """
    import tensorflow as tf

    graph = _concrete(
        lambda images: layer(images, training=False), tf.TensorSpec((None, None, channels), dtype)
    )
    return lambda pixels: np.asarray(graph(tf.constant(pixels)).numpy())


@lru_cache(maxsize=8)
def resizing_jpeg(
    layer: keras.Layer, channels: int, scale: int
) -> Callable[[bytes], NDArray[Any] | None]:
    """As `resizing`, from an upright JPEG, decoded to the same pixels without a way over Python.

    Args:
        layer: A `Resizing`.
        channels: Of the file, 1 or 3.
        scale: By how much it is made smaller while it is decoded, 1, 2, 4 or 8.

    Returns:
        From the file to the image; None where TensorFlow refuses it, as where it is cut off.
    """
    import tensorflow as tf

    def decode(file: Any) -> Any:
        # As Pillow has it set up.
        return tf.io.decode_jpeg(file, channels, scale, dct_method="INTEGER_ACCURATE")

    graph = _concrete(lambda file: layer(decode(file), training=False), tf.TensorSpec((), "string"))

    def resized(file: bytes) -> NDArray[Any] | None:
        try:
            return np.asarray(graph(tf.constant(file)).numpy())
        except tf.errors.InvalidArgumentError:
            return None

    return resized


def _concrete(function: Callable[..., Any], signature: Any) -> Callable[..., Any]:
    """Concrete: a third less time for a small image than to look the graph up at every call."""
    import tensorflow as tf

    made: Any = tf.function(function, input_signature=[signature])
    found: Callable[..., Any] = made.get_concrete_function()
    return found
