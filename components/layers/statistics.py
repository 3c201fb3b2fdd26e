"""Statistics of the train split, gathered in one pass by one process or by many."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
from keras.layers import Layer
from numpy.typing import NDArray
from scipy.linalg.blas import dsyr, dsyrk


class Moments:
    """Count, mean and scatter of rows of `d` features, in float64, without cancellation.

    Two sets of rows merge by `mean = mean_a + shift * n_b / n` and
    `scatter = scatter_a + scatter_b + shift' shift * n_a * n_b / n`, `shift = mean_b - mean_a`.

    Args:
        features: `d`.
        is_matrix: Whether the scatter is `(d, d)`, the sum of `(row - mean)' (row - mean)`, of
            which only the lower triangle is kept up to date, or only its diagonal, `(d,)`.

    References:
        Chan, Golub, LeVeque, Algorithms for Computing the Sample Variance (1983).
    """

    def __init__(self, features: int, is_matrix: bool) -> None:
        self.count = 0
        self.mean = np.zeros(features)
        # In Fortran's order, BLAS adds to it in place: half the work, and no second matrix.
        self.scatter = np.zeros((features, features) if is_matrix else features, order="F")

    def update(self, rows: NDArray[Any]) -> None:
        """Adds rows, `(n, d)`, any real dtype."""
        if len(rows) == 0:
            return
        mean = rows.mean(axis=0, dtype=np.float64)
        centred = rows - mean
        if self.scatter.ndim == 2:
            dsyrk(1.0, centred.T, beta=1.0, c=self.scatter, lower=1, overwrite_c=1)
        else:
            self.scatter += np.einsum("ij,ij->j", centred, centred)
        self._shift(len(rows), mean)

    def merge(self, count: int, mean: NDArray[Any], scatter: NDArray[Any]) -> None:
        """Adds the moments of other rows.

        Raises:
            ValueError: They have another number of features.
        """
        if mean.shape != self.mean.shape or scatter.shape != self.scatter.shape:
            raise ValueError(
                f"Statistics of {mean.size} features do not fit those of {self.mean.size}"
            )
        self.scatter += scatter
        self._shift(count, mean)

    def _shift(self, count: int, mean: NDArray[Any]) -> None:
        """Accounts for rows of another mean, whose own scatter is added already."""
        total = self.count + count
        shift = mean - self.mean
        self.mean += shift * (count / total)
        weight = self.count * count / total
        if self.scatter.ndim == 2:
            dsyr(weight, shift, lower=1, a=self.scatter, overwrite_a=1)
        else:
            self.scatter += weight * shift**2
        self.count = total


class Statistics(Layer):
    """A layer whose weights are made of the moments of the train split.

    A subclass says what a row of an example is (`_rows`), creates its weights in `build`, and
    fills them in `_assign`.
    """

    is_matrix: ClassVar[bool] = False
    """Whether all pairs of features are needed, or only the features."""
    least: ClassVar[int] = 1
    """Examples without which there is no result."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moments: Moments | None = None
        self.example_shape: tuple[int, ...] = ()

    def adapt(self, data: Iterable[NDArray[Any]]) -> None:
        """Fits the layer to batches of examples, each `(n, ...)`; earlier ones are forgotten."""
        self.moments = None
        for examples in data:
            self.update_state(examples)
        self.finalize_state()

    def update_state(self, examples: NDArray[Any]) -> None:
        """Adds a batch, `(n, ...)`, to the statistics."""
        examples = np.asarray(examples)
        rows = self._rows(examples)
        self._started(examples.shape[1:], rows.shape[1]).update(rows)

    def merge_state(self, layers: Iterable["Statistics"]) -> None:
        """Adds the statistics of layers that saw other batches."""
        for layer in layers:
            self.add_partial_state(layer.partial_state())

    def partial_state(self) -> dict[str, NDArray[Any]]:
        """The statistics so far, for `add_partial_state` of such a layer in another process.

        Returns:
            `shape` of an example, `count`, `mean` `(d,)` and `scatter` `(d,)` or `(d, d)`: the
            layer's own arrays, which its next batch changes. Empty before the first batch.
        """
        if self.moments is None:
            return {}
        return {
            "shape": np.array(self.example_shape, np.int64),
            "count": np.array(self.moments.count, np.int64),
            "mean": self.moments.mean,
            "scatter": self.moments.scatter,
        }

    def add_partial_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Adds the statistics of a layer that saw other batches.

        Raises:
            ValueError: That layer saw another number of features.
        """
        if state and state["count"] > 0:
            moments = self._started(tuple(state["shape"].tolist()), state["mean"].size)
            moments.merge(int(state["count"]), state["mean"], state["scatter"])

    def finalize_state(self) -> None:
        """Turns the statistics into weights.

        Raises:
            ValueError: Too few examples were seen.
        """
        count = self.moments.count if self.moments else 0
        if self.moments is None or count < self.least:
            some = "1 example" if self.least == 1 else f"{self.least} examples"
            raise ValueError(f"{type(self).__name__} needs {some} or more, got {count}")
        self._assign(self.moments)

    def _started(self, example_shape: tuple[int, ...], features: int) -> Moments:
        if self.moments is None:
            self.example_shape = example_shape
            self.moments = Moments(features, self.is_matrix)
        return self.moments

    def _build_for_examples(self) -> None:
        """Builds the layer where nobody has; the batch size is left out of what is saved."""
        if not self.built:
            self.build((None, *self.example_shape))

    def _rows(self, examples: NDArray[Any]) -> NDArray[Any]:
        """`(n, ...)` -> `(m, d)`."""
        raise NotImplementedError

    def _assign(self, moments: Moments) -> None:
        """Builds the layer and gives its weights their values."""
        raise NotImplementedError
