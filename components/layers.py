"""Preprocessing layers that Keras does not have, usable in a pipeline file by their names.

A layer with statistics has Keras's `adapt(data)`, made of three steps that let one pass, in one
process or in many, fit it: `update_state(examples)` adds a batch, `merge_state(layers)` adds the
sums of layers that saw other batches, and `finalize_state()` turns the sums into weights.
"""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray


@keras.saving.register_keras_serializable("millrace")
class GlobalContrastNormalization(keras.layers.Layer):
    """Gives every example mean 0 and contrast 1.

    `x -> scale * (x - mean(x)) / max(epsilon, sqrt(bias + mean((x - mean(x))**2)))`, the mean
    taken over height, width and channels of one example. An example without contrast becomes
    zeros, not noise blown up to contrast 1.

    Args:
        scale: Contrast (standard deviation) of the result.
        bias: Added to the variance, to damp examples of little contrast.
        epsilon: Least contrast that is divided by.

    Input shape:
        `(n, ...)`, any real dtype.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), section 12.2.1.1, equation 12.3.
    """

    def __init__(
        self, scale: float = 1.0, bias: float = 0.0, epsilon: float = 1e-8, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.scale, self.bias, self.epsilon = scale, bias, epsilon

    def call(self, inputs):  # type: ignore[no-untyped-def]
        axes = tuple(range(1, len(inputs.shape)))
        # float32 throughout: bfloat16 has 8 bits, too few for the mean of many pixels.
        centred = ops.cast(inputs, "float32")
        centred = centred - ops.mean(centred, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        # Equal to max(epsilon, sqrt(.)), and without the infinite slope of sqrt at 0.
        contrast = ops.sqrt(ops.maximum(variance + self.bias, self.epsilon**2))
        return ops.cast(self.scale * centred / contrast, self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        settings = {"scale": self.scale, "bias": self.bias, "epsilon": self.epsilon}
        return {**super().get_config(), **settings}


@keras.saving.register_keras_serializable("millrace")
class ZCAWhitening(keras.layers.Layer):
    """Makes the features of the train split uncorrelated, of variance 1, and still image-like.

    `x -> (x - mean) U (S + epsilon I)^(-1/2) U'` with the covariance `U S U'` of the flattened
    examples: of all whitening transforms, the one that changes the examples least.

    Args:
        epsilon: Added to every eigenvalue, to keep the noise of weak directions small.

    Input shape:
        `(n, ...)`, any real dtype; `d` features when flattened. The statistics need `d * d`
        float64 values.

    References:
        Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), appendix A;
        Kessy, Lewin, Strimmer, Optimal Whitening and Decorrelation (2018), section 3.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"Argument `epsilon` must be > 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon
        self.count = 0

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        features = int(np.prod(input_shape[1:]))
        self.mean = self.add_weight(shape=(features,), dtype="float32", trainable=False)
        self.matrix = self.add_weight(
            shape=(features, features), initializer="identity", dtype="float32", trainable=False
        )

    def adapt(self, data: Iterable[NDArray[Any]]) -> None:
        """Fits the layer to batches of examples, each `(n, ...)`."""
        for examples in data:
            if not self.built:
                self.build(examples.shape)  # type: ignore[no-untyped-call]
            self.update_state(examples)
        self.finalize_state()

    def update_state(self, examples: NDArray[Any]) -> None:
        """Adds a batch, `(n, ...)`, to the statistics."""
        rows = np.reshape(examples, (len(examples), -1)).astype(np.float64)
        mean = rows.mean(axis=0)
        centred = rows - mean
        self._merge(len(rows), mean, centred.T @ centred)

    def merge_state(self, layers: Iterable["ZCAWhitening"]) -> None:
        """Adds the statistics of layers that saw other batches."""
        for layer in layers:
            if layer.count:
                self._merge(layer.count, layer.sample_mean, layer.scatter)

    def _merge(self, count: int, mean: NDArray[Any], scatter: NDArray[Any]) -> None:
        """Chan, Golub, LeVeque (1983): merges means and scatter without cancellation."""
        if self.count == 0:
            self.count, self.sample_mean, self.scatter = count, mean, scatter
            return
        total = self.count + count
        shift = mean - self.sample_mean
        self.scatter = self.scatter + scatter
        self.scatter += np.outer(shift, shift) * (self.count * count / total)
        self.sample_mean = self.sample_mean + shift * (count / total)
        self.count = total

    def finalize_state(self) -> None:
        """Turns the statistics into the whitening matrix.

        Raises:
            ValueError: Fewer than two examples were seen.
        """
        if self.count < 2:
            raise ValueError(f"ZCAWhitening needs 2 examples or more, got {self.count}")
        covariance = self.scatter / (self.count - 1)
        values, vectors = np.linalg.eigh(covariance)
        # Rounding makes the zero eigenvalues of flat directions slightly negative.
        scales = 1 / np.sqrt(np.maximum(values, 0) + self.epsilon)
        self.mean.assign(self.sample_mean)
        self.matrix.assign((vectors * scales) @ vectors.T)

    def call(self, inputs):  # type: ignore[no-untyped-def]
        # float32 throughout: the whitening matrix mixes scales that bfloat16 cannot hold.
        shape = (-1, *inputs.shape[1:])
        rows = ops.reshape(ops.cast(inputs, "float32"), (-1, self.matrix.shape[0]))
        white = ops.matmul(rows - self.mean, self.matrix)
        return ops.cast(ops.reshape(white, shape), self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {**super().get_config(), "epsilon": self.epsilon}
