"""Columns of a table as one vector: numbers standardised, categories one-hot, gaps marked."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

State = dict[str, NDArray[Any]]
Columns = Mapping[str, NDArray[Any]]


@keras.saving.register_keras_serializable("millrace")
class FeatureSpace(keras.layers.Layer):
    """Encodes the columns of a table, each as it is asked for, into one vector.

    As `keras.utils.FeatureSpace`, and by its names, but a layer: fitted from sums that merge, of
    plain operations alone, so that it runs on every backend and in LiteRT, and with a place for
    what is missing. (Keras's takes text, which JAX and LiteRT refuse, gives NaN for a gap, and
    loses the empty text when it is saved; 3.15.)

    `float_normalized` makes of a number `(x - mean) / deviation`, 0 where it is missing, `float`
    the number itself; beside it 1 where it is missing, else 0. `categorical` makes of a category,
    its place `0..k-1`, `k + 1` values, the last one for what is missing, unknown, or not in the
    train split. It computes in float32, which has 24 bits: of numbers that are large beside their
    differences, such as times in seconds since 1970, subtract something before.

    Args:
        features: For each column how it is encoded.
        categories: For each categorical column how many categories it has; found by `adapt`.

    Input shape:
        By name of the column `(n,)`, any real dtype; NaN is missing. Of a single column, itself.

    References:
        Little, Rubin, Statistical Analysis with Missing Data (2002), section 3.4, for the mean;
        Jones, Indicator and Stratification Methods for Missing Explanatory Variables (1996), for
        the indicator.
    """

    KINDS: ClassVar[frozenset[str]] = frozenset({"float", "float_normalized", "categorical"})

    def __init__(
        self,
        features: Mapping[str, str],
        categories: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if unknown := sorted(set(features.values()) - self.KINDS):
            raise ValueError(
                f"Argument `features` must name {', '.join(sorted(self.KINDS))}. "
                f"Received: {', '.join(map(str, unknown))}"
            )
        self.features = dict(features)
        self.categories = dict(categories or {})
        self.state: State = {}

    def _of(self, kind: str) -> list[str]:
        return [name for name, one in self.features.items() if one == kind]

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        given, named = set(self._named(input_shape)), set(self.features)
        if given != named:
            raise ValueError(
                f"Argument `features` must name each column. Received: {', '.join(sorted(named))}; "
                f"the columns are {', '.join(sorted(given))}"
            )
        kept = {"trainable": False, "dtype": "float32"}
        numbers = len(self._of("float_normalized"))
        self.mean = self.add_weight(name="mean", shape=(numbers,), initializer="zeros", **kept)
        self.deviation = self.add_weight(
            name="deviation", shape=(numbers,), initializer="ones", **kept
        )
        self.seen = {
            name: self.add_weight(
                name=f"seen_{place}", shape=(self._size(name),), initializer="ones", **kept
            )
            for place, name in enumerate(self._of("categorical"))
        }

    def _size(self, name: str) -> int:
        return self.categories.get(name, 1)

    def call(self, inputs):  # type: ignore[no-untyped-def]
        columns = self._named(inputs)
        values = {name: ops.cast(columns[name], "float32")[:, None] for name in self.features}
        parts = []
        for place, name in enumerate(self._of("float_normalized")):
            scaled = (values[name] - self.mean[place]) / self.deviation[place]
            parts += _with_gaps(scaled, values[name])
        for name in self._of("float"):
            parts += _with_gaps(values[name], values[name])
        for name in self._of("categorical"):
            places = np.arange(self._size(name), dtype=np.float32)
            known = ops.cast(ops.equal(values[name], places), "float32") * self.seen[name]
            parts += [known, 1.0 - ops.sum(known, axis=-1, keepdims=True)]
        return ops.cast(ops.concatenate(parts, axis=-1), self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        numbers = 2 * (len(self._of("float_normalized")) + len(self._of("float")))
        width = numbers + sum(self._size(name) + 1 for name in self._of("categorical"))
        return (next(iter(self._named(input_shape).values()))[0], width)

    def _named(self, given: Any) -> Mapping[str, Any]:
        """By the name of the column, also where there is one alone."""
        return given if isinstance(given, Mapping) else {next(iter(self.features)): given}

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        return {
            **super().get_config(),
            "features": self.features,
            "categories": self.categories,
        }

    def adapt(self, data: Iterable[Columns]) -> None:
        """Fits the layer to batches of columns, each `(n,)`; earlier ones are forgotten."""
        self.state = {}
        for examples in data:
            self.update_state(examples)
        self.finalize_state()

    def update_state(self, examples: Columns) -> None:
        """Adds a batch of columns, each `(n,)`, to the statistics."""
        examples = self._named(examples)
        state: State = {"examples": np.array(len(next(iter(examples.values()))))}
        if numbers := self._of("float_normalized"):
            rows = np.stack([np.asarray(examples[name], np.float64) for name in numbers], axis=1)
            there = ~np.isnan(rows)
            count = there.sum(axis=0)
            mean = np.where(there, rows, 0).sum(axis=0) / np.maximum(count, 1)
            scatter = (np.where(there, rows - mean, 0) ** 2).sum(axis=0)
            least = np.where(there, rows, np.inf).min(axis=0, initial=np.inf)
            largest = np.where(there, rows, -np.inf).max(axis=0, initial=-np.inf)
            state |= {"count": count, "mean": mean, "scatter": scatter}
            state |= {"least": least, "largest": largest}
        for name in self._of("categorical"):
            places = np.asarray(examples[name], np.float64)
            known = places[~np.isnan(places)].astype(np.int64)
            state[f"seen {name}"] = np.bincount(known)
        self.add_partial_state(state)

    def merge_state(self, layers: Iterable["FeatureSpace"]) -> None:
        """Adds the statistics of layers that saw other batches."""
        for layer in layers:
            self.add_partial_state(layer.partial_state())

    def partial_state(self) -> State:
        """The statistics so far, for `add_partial_state` of such a layer in another process.

        Returns:
            `examples`, how many; `count`, `mean`, `scatter`, `least` and `largest` of the numbers,
            `seen NAME` of each category: how often each place occurred. Empty before the first
            batch.
        """
        return self.state

    def add_partial_state(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Adds the statistics of a layer that saw other batches, as `Moments` does, by column."""
        if not self.state:
            self.state = dict(state)
            return
        if not state:
            return
        mine = self.state
        mine["examples"] = mine["examples"] + state["examples"]
        for name in (one for one in state if one.startswith("seen ")):
            size = max(len(mine[name]), len(state[name]))
            both = (np.pad(one[name], (0, size - len(one[name]))) for one in (mine, state))
            mine[name] = np.sum(list(both), axis=0)
        if "count" in state:
            total = np.maximum(mine["count"] + state["count"], 1)
            shift, share = state["mean"] - mine["mean"], state["count"] / total
            mine["scatter"] = mine["scatter"] + state["scatter"] + shift**2 * mine["count"] * share
            mine["mean"] = mine["mean"] + shift * share
            mine["count"] = mine["count"] + state["count"]
            mine["least"] = np.minimum(mine["least"], state["least"])
            mine["largest"] = np.maximum(mine["largest"], state["largest"])

    def finalize_state(self) -> None:
        """Turns the statistics into weights; a column of one value, or of none, is only centred.

        Raises:
            ValueError: No example was seen.
        """
        if not self.state.get("examples"):
            raise ValueError("FeatureSpace needs 1 example or more, got 0")
        counts = {name: self.state[f"seen {name}"] for name in self._of("categorical")}
        self.categories = {name: max(1, len(one)) for name, one in counts.items()}
        if not self.built:
            self.build(dict.fromkeys(self.features, (None,)))  # type: ignore[no-untyped-call]
        for name, one in counts.items():
            self.seen[name].assign(np.pad(one > 0, (0, self._size(name) - len(one))))
        if self._of("float_normalized"):
            deviation = np.sqrt(self.state["scatter"] / np.maximum(self.state["count"], 1))
            self.mean.assign(self.state["mean"])
            # A mean of equal values is rounded: their deviation need not be 0.
            has_spread = self.state["least"] < self.state["largest"]
            self.deviation.assign(np.where(has_spread & (deviation > 0), deviation, 1))


def _with_gaps(scaled: Any, values: Any) -> list[Any]:
    """A number, 0 where it is missing, and whether it is."""
    gaps = ops.isnan(values)
    # NaN times 0 is NaN: it is replaced, not multiplied.
    return [ops.where(gaps, ops.zeros_like(scaled), scaled), ops.cast(gaps, "float32")]
