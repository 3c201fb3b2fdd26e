"""Whitening: the features of the train split become uncorrelated, of variance 1."""

from typing import Any, ClassVar

import keras
import numpy as np
import scipy.linalg
from keras import ops
from numpy.typing import NDArray

from components.layers.statistics import Moments, Statistics


class _Whitening(Statistics):
    """Flattens, subtracts the mean and multiplies by a matrix made of the covariance."""

    is_matrix: ClassVar[bool] = True
    least: ClassVar[int] = 2

    def __init__(self, epsilon: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"Argument `epsilon` must be > 0. Received: epsilon={epsilon}")
        self.epsilon = epsilon

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        features = int(np.prod(input_shape[1:]))
        self.mean = self.add_weight(
            shape=(features,), initializer="zeros", dtype="float32", trainable=False, name="mean"
        )
        self.matrix = self.add_weight(
            shape=(features, self._width(features)),
            initializer="identity",
            dtype="float32",
            trainable=False,
            name="matrix",
        )

    def call(self, inputs):  # type: ignore[no-untyped-def]
        # float32 throughout: the whitening matrix mixes scales that bfloat16 cannot hold.
        rows = ops.reshape(ops.cast(inputs, "float32"), (-1, self.matrix.shape[0]))
        white = ops.matmul(rows - self.mean, self.matrix)
        shape = self.compute_output_shape(inputs.shape)
        return ops.cast(ops.reshape(white, (-1, *shape[1:])), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {**super().get_config(), "epsilon": self.epsilon}

    def _rows(self, examples: NDArray[Any]) -> NDArray[Any]:
        return examples.reshape(len(examples), -1)

    def _assign(self, moments: Moments) -> None:
        # Of LAPACK's drivers, evr is the one that needs no further matrix to work in.
        values, vectors = scipy.linalg.eigh(moments.scatter, check_finite=False, driver="evr")
        # Rounding makes the zero eigenvalues of flat directions slightly negative.
        values = np.maximum(values / (moments.count - 1), 0)
        matrix = self._matrix(values, vectors)
        self._build_for_examples()
        self.mean.assign(moments.mean)
        self.matrix.assign(matrix)

    def _width(self, features: int) -> int:
        """Columns of the matrix."""
        raise NotImplementedError

    def _matrix(self, values: NDArray[Any], vectors: NDArray[Any]) -> NDArray[Any]:
        """`(d, width)` from eigenvalues `(d,)`, ascending, and eigenvectors, the columns."""
        raise NotImplementedError


@keras.saving.register_keras_serializable("millrace")
class PCAWhitening(_Whitening):
    """Turns examples into their principal components over the train split, each of variance 1.

    `x -> (x - mean) U (S + epsilon I)^(-1/2)` with the covariance `U S U'` of the flattened
    examples. The components come by falling variance; the largest entry of each column of `U` is
    positive.

    Args:
        n_components: How many components to keep: all (None), a number, or the fewest that keep a
            share of the variance, between 0 and 1. The share becomes a number when the layer is
            adapted, and is saved as that number.
        epsilon: Added to every eigenvalue, to keep the noise of weak directions small.

    Input shape:
        `(n, ...)`, any real dtype; `d` features when flattened. The statistics need a few times
        `d * d` float64 values.

    Output shape:
        `(n, n_components)`.

    References:
        Kessy, Lewin, Strimmer, Optimal Whitening and Decorrelation (2018), section 2.
    """

    def __init__(
        self, n_components: int | float | None = None, epsilon: float = 1e-5, **kwargs: Any
    ) -> None:
        super().__init__(epsilon, **kwargs)
        is_share = isinstance(n_components, float) and 0 < n_components < 1
        is_number = isinstance(n_components, int) and n_components > 0
        if not (is_share or is_number or n_components is None):
            raise ValueError(
                "Argument `n_components` must be a whole number > 0, a share between 0 and 1, or "
                f"None. Received: n_components={n_components}"
            )
        self.n_components = n_components

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return (input_shape[0], self._width(int(np.prod(input_shape[1:]))))

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {**super().get_config(), "n_components": self.n_components}

    def _width(self, features: int) -> int:
        if isinstance(self.n_components, float):
            raise ValueError(
                "PCAWhitening with a share of the variance must be adapted before it is built. "
                f"Received: n_components={self.n_components}"
            )
        if self.n_components is not None and self.n_components > features:
            raise ValueError(
                f"Argument `n_components` must be at most the number of features, {features}. "
                f"Received: n_components={self.n_components}"
            )
        return self.n_components or features

    def _matrix(self, values: NDArray[Any], vectors: NDArray[Any]) -> NDArray[Any]:
        values, vectors = values[::-1], vectors[:, ::-1]
        if isinstance(self.n_components, float):
            kept = np.cumsum(values)
            self.n_components = int(np.searchsorted(kept, self.n_components * kept[-1])) + 1
        width = self._width(len(values))
        values, vectors = values[:width], vectors[:, :width]
        largest = vectors[np.abs(vectors).argmax(axis=0), np.arange(width)]
        return vectors * (np.where(largest < 0, -1, 1) / np.sqrt(values + self.epsilon))


@keras.saving.register_keras_serializable("millrace")
class ZCAWhitening(_Whitening):
    """Makes the features of the train split uncorrelated, of variance 1, and still image-like.

    `x -> (x - mean) U (S + epsilon I)^(-1/2) U'` with the covariance `U S U'` of the flattened
    examples: of all whitening transforms, the one that changes the examples least.

    Args:
        epsilon: Added to every eigenvalue, to keep the noise of weak directions small.

    Input shape:
        `(n, ...)`, any real dtype; `d` features when flattened. The statistics need a few times
        `d * d` float64 values.

    References:
        Krizhevsky, Learning Multiple Layers of Features from Tiny Images (2009), appendix A;
        Kessy, Lewin, Strimmer, Optimal Whitening and Decorrelation (2018), section 3.
    """

    def __init__(self, epsilon: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(epsilon, **kwargs)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def _width(self, features: int) -> int:
        return features

    def _matrix(self, values: NDArray[Any], vectors: NDArray[Any]) -> NDArray[Any]:
        matrix: NDArray[Any] = (vectors / np.sqrt(values + self.epsilon)) @ vectors.T
        return matrix
