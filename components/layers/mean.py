"""Mean 0 over the train split."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from components.layers.statistics import Moments, Statistics


@keras.saving.register_keras_serializable("millrace")
class MeanSubtraction(Statistics):
    """Subtracts the mean of the train split: `x -> x - mean`.

    Args:
        axis: Axes that keep a mean for each of their positions, as in
            `keras.layers.Normalization`: -1 for one per channel, (1, 2, 3) for one per pixel and
            channel, None for a single one.

    Input shape:
        `(n, ...)`, any real dtype.

    References:
        Krizhevsky, Sutskever, Hinton, ImageNet Classification with Deep Convolutional Neural
        Networks (2012), section 2: per pixel; Simonyan, Zisserman, Very Deep Convolutional
        Networks for Large-Scale Image Recognition (2015), section 2.1: per channel.
    """

    def __init__(self, axis: int | Sequence[int] | None = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = tuple(axis) if isinstance(axis, Sequence) else axis

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        self.mean = self.add_weight(
            shape=self._weight_shape(input_shape),
            initializer="zeros",
            dtype="float32",
            trainable=False,
            name="mean",
        )

    def call(self, inputs):  # type: ignore[no-untyped-def]
        return ops.cast(ops.cast(inputs, "float32") - self.mean, self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {**super().get_config(), "axis": self.axis}

    def _rows(self, examples: NDArray[Any]) -> NDArray[Any]:
        kept = self._kept(examples.shape)
        pooled = [axis for axis in range(examples.ndim) if axis not in kept]
        features = math.prod(examples.shape[axis] for axis in kept)
        return np.transpose(examples, (*pooled, *kept)).reshape(-1, features)

    def _assign(self, moments: Moments) -> None:
        self._build_for_examples()
        self.mean.assign(moments.mean.reshape(self.mean.shape))

    def _weight_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """Shape of a weight that broadcasts against an example."""
        kept = self._kept(input_shape)
        if any(input_shape[axis] is None for axis in kept):
            raise ValueError(
                f"Argument `axis` must name axes of known length. "
                f"Received: axis={self.axis}, input_shape={tuple(input_shape)}"
            )
        lengths = enumerate(input_shape[1:], start=1)
        return tuple(length if axis in kept else 1 for axis, length in lengths)

    def _kept(self, shape: Sequence[int | None]) -> list[int]:
        """`axis` as ascending numbers from 1."""
        named = (
            () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        )
        kept = sorted({axis + len(shape) if axis < 0 else axis for axis in named})
        if any(not 0 < axis < len(shape) for axis in kept):
            raise ValueError(
                f"Argument `axis` must name axes of the input, less the first. "
                f"Received: axis={self.axis}, input_shape={tuple(shape)}"
            )
        return kept
