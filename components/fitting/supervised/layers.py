"""What goes on in each layer: how large its outputs and its gradients are.

References:
    Glorot, Bengio, Understanding the Difficulty of Training Deep Feedforward Neural Networks
    (2010), figures 2 to 7.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from components.fitting.looks import EXPLODED, VANISHED, beside, learned, passage
from components.fitting.supervised.examples import Examples
from components.fitting.supervised.record import BEFORE, Record
from components.fitting.supervised.variables import restored
from components.fitting.watch import Watch

LEAST, MOST = 2, 64  # examples that are looked at
EPOCHS = 50  # of a training that are looked at, about
BINS, NARROW = 20, 1e-6  # of a histogram; of its values, that it is wide at least
ENOUGH = 16  # outputs of a unit, with fewer of which it may be 0 by chance
BOUNDED: Mapping[str, tuple[float, float]] = {
    "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0),
}  # fmt: skip
"""Activations that end somewhere, and where."""
NEAR = 0.05  # of the way between the ends, within which an output is saturated
MUCH = 0.5  # of the units of a layer, that are dead or saturated

ACTIVATIONS = (
    layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU
)  # fmt: skip

PART = 1_000_000

Floats = NDArray[np.float32]
Passed = tuple[list[Floats], dict[int, Any]]


class Layers(keras.callbacks.Callback):
    """Looks at a few examples' way through the network, at the start and after epochs.

    Args:
        network: From model-ready examples to the head.
        examples: Of the train split.
        count: Examples that there is room for.
        record: Of the training.
        watch: Is told.
        epochs: Of the training.
    """

    def __init__(
        self,
        network: keras.Model,
        examples: Examples,
        count: int,
        record: Record,
        watch: Watch,
        epochs: int,
    ) -> None:
        super().__init__()
        self.record, self.watch, self.every = record, watch, -(-epochs // EPOCHS)
        # A power of two: of 63 examples, the gradient of a convolution with 8 filters ends the
        # process (TensorFlow 2.21, oneDNN with AVX-512).
        most = min(MOST, max(LEAST, count), len(examples.split))
        rows = examples.some(2 ** int(math.log2(most)))
        self.inputs, self.targets = examples.of(rows)
        self.seen = [layer for layer in network.layers if _is_seen(layer)]
        self.names = list(_named(self.seen))
        outputs = [_output(layer) for layer in self.seen]
        inside = keras.Model(network.input, [*outputs, network.output])
        self.passes = passing(inside, examples.head.loss)

    def on_train_begin(self, logs: Any = None) -> None:
        """Called by Keras."""
        for past in self.record.layers:
            self._tell(past)
        if not self.record.layers:
            self._look(0)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Called by Keras."""
        if (epoch + 1) % self.every == 0 and np.isfinite((logs or {})["loss"]):
            self._look(epoch + 1)

    def _look(self, epochs: int) -> None:
        """Measures every layer after so many epochs."""
        if not self.seen:
            return
        outputs, gradients = self.passes(self.inputs, self.targets)
        rows = [
            {"layer": name, **measured(layer, output, gradients, layer is self.seen[-1])}
            for name, layer, output in zip(self.names, self.seen, outputs, strict=True)
        ]
        found = {"epochs": epochs, "layers": rows}
        self.record.layers.append(found)
        self._tell(found)
        known = {_kind(what) for _, what in self.record.notes}
        when = f"after epoch {epochs}" if epochs else BEFORE
        for what in ailing(rows):
            if _kind(what) not in known:  # once is enough
                self.record.note(self.watch, when, what)

    def _tell(self, found: Mapping[str, Any]) -> None:
        """Only the ends: a chart for each layer would be in the way of all others."""
        rows = found["layers"]
        sizes = [beside(row) for row in rows if row["weight"]]
        ends = {"gradient_smallest": min(sizes), "gradient_largest": max(sizes)} if sizes else {}
        for name in ("dead", "saturated"):
            if shares := [row[name] for row in rows if row[name] is not None]:
                ends[f"{name}_most"] = max(shares)
        self.watch.values({f"layers/{name}": end for name, end in ends.items()}, found["epochs"])


def _kind(what: str) -> str:
    return what.partition(":")[0]


def _is_seen(layer: keras.Layer) -> bool:
    """Whether it has a matrix of weights that are learned, or is an activation."""
    if _output(layer) is None:
        return False
    return isinstance(layer, ACTIVATIONS) or any(map(_is_matrix, layer.trainable_weights))


def _output(layer: keras.Layer) -> keras.KerasTensor | None:
    """What it gives here, where that is one tensor; that of a network within is no `output`."""
    given = [tensor for node in layer._inbound_nodes for tensor in node.output_tensors]
    return given[0] if len(given) == 1 else None


def _named(every: Sequence[keras.Layer]) -> Iterator[str]:
    """Their names, with Keras's numbers counted from this network's first layer."""
    counts: Counter[str] = Counter()
    for layer in every:
        stem = re.sub(r"_\d+$", "", layer.name)
        if stem.replace("_", "") != type(layer).__name__.lower():
            yield layer.name  # given by whoever wrote the network
            continue
        yield f"{stem}_{counts[stem]}" if counts[stem] else stem
        counts[stem] += 1


def _is_matrix(weights: Any) -> bool:
    return len(weights.shape) > 1


def passing(inside: keras.Model, loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Passed]:
    """A pass forward and one back, as in training; the network stays as it is.

    Args:
        inside: The outputs of its last layer come last.
        loss: From targets and outputs to a number.

    Returns:
        From inputs `(n, ...)` and targets to the outputs of each layer but the last one, and to
        the gradients by the `id` of their weights.
    """
    go = (_in_jax if keras.backend.backend() == "jax" else _in_tensorflow)(inside, loss)
    weights = [id(one) for one in inside.trainable_variables]

    def passes(inputs: Any, targets: Any) -> Passed:
        outputs, gradients = go(inputs, targets)
        found = zip(weights, gradients, strict=True)
        return (
            [np.asarray(one, np.float32) for one in outputs],
            {key: one for key, one in found if one is not None},
        )

    return passes


def _in_tensorflow(inside: keras.Model, loss: Any) -> Any:
    import tensorflow as tf

    def go(inputs: Any, targets: Any) -> Any:
        with restored(*inside.non_trainable_variables), tf.GradientTape() as tape:
            *outputs, answer = inside(inputs, training=True)
            value = loss(targets, answer)
        gradients = tape.gradient(value, [one.value for one in inside.trainable_variables])
        # That of an embedding has but the rows that were looked up.
        dense = [None if one is None else tf.convert_to_tensor(one) for one in gradients]
        return outputs, dense

    return go


def _in_jax(inside: keras.Model, loss: Any) -> Any:
    import jax

    def compute(weights: Any, others: Any, inputs: Any, targets: Any) -> Any:
        (*outputs, answer), _ = inside.stateless_call(weights, others, inputs, training=True)
        return loss(targets, answer), outputs

    compiled = jax.jit(jax.grad(compute, has_aux=True))

    def go(inputs: Any, targets: Any) -> Any:
        weights = [one.value for one in inside.trainable_variables]
        others = [one.value for one in inside.non_trainable_variables]
        gradients, outputs = compiled(weights, others, inputs, targets)
        return outputs, gradients

    return go


def measured(
    layer: keras.Layer, output: Floats, gradients: Mapping[int, Any], is_last: bool
) -> dict[str, Any]:
    """What is kept of a layer.

    Returns:
        Of its outputs `mean`, `deviation`, a `histogram` between `low` and `high`, the
        share of its units that are `dead`, 0 for every example, and of outputs that are
        `saturated`, at an end of a bounded activation; of its matrices the root mean square of
        the `gradient` and of the `weight`. None of what it does not have.
    """
    low, high = float(output.min()), float(output.max())
    found: dict[str, Any] = {
        "mean": None,
        "deviation": None,
        "low": low,
        "high": high,
        "histogram": None,
        "dead": None,
        "saturated": None,
        "gradient": None,
        "weight": None,
    }
    if np.isfinite([low, high]).all():
        exact = output.astype(float)
        found |= {"mean": float(exact.mean()), "deviation": float(exact.std())}
        found["high"] = high = low + max(high - low, NARROW * max(abs(low), abs(high), NARROW))
        found["histogram"] = np.histogram(exact, BINS, (low, high))[0].tolist()
    if low == 0 and not is_last and output.size >= ENOUGH * output.shape[-1]:
        found["dead"] = float((output.reshape(-1, output.shape[-1]) == 0).all(axis=0).mean())
    ends = BOUNDED.get(getattr(getattr(layer, "activation", None), "__name__", ""))
    if ends is not None and not is_last:
        edge = NEAR * (ends[1] - ends[0])
        found["saturated"] = float(((output < ends[0] + edge) | (output > ends[1] - edge)).mean())
    matrices = [one for one in layer.trainable_weights if _is_matrix(one) and id(one) in gradients]
    if matrices:
        found["gradient"] = _size(gradients[id(one)] for one in matrices)
        found["weight"] = _size(matrices)
    return found


def _size(arrays: Iterable[Any]) -> float:
    """The root mean square of all values; of large arrays a part at a time."""
    total, count = 0.0, 0
    for one in arrays:
        values = np.asarray(one, np.float32).ravel()
        for start in range(0, len(values), PART):
            total += float(np.square(values[start : start + PART], dtype=np.float64).sum())
        count += len(values)
    return math.sqrt(total / count)


def ailing(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is wrong with layers, in words; what kind of thing it is comes before a colon."""
    times = passage(rows)
    if times is not None and not VANISHED <= times < EXPLODED:
        first, *_, last = learned(rows)
        where = f"{times:.1g} times as large in {first['layer']} as in {last['layer']}"
        if times < VANISHED:
            yield (
                f"gradients vanish: beside its weights {where}; "
                "relu, batch normalization or shortcuts keep them"
            )
        else:
            yield (
                f"gradients explode: beside its weights {where}; "
                "clipnorm, batch normalization or smaller first weights bound them"
            )
    for name, what in (
        ("dead", "units are dead: {share:.0%} of {layer} give 0 whatever they are given; a lower "
                 "rate, leaky_relu or another initializer revives them"),
        ("saturated", "outputs are saturated: {share:.0%} of {layer} are at an end of its "
                      "activation, where gradients are 0; relu, or smaller first weights, help"),
    ):  # fmt: skip
        worst = max(rows, key=lambda row: row[name] or 0)
        if (share := worst[name] or 0) > MUCH:
            yield what.format(share=share, layer=worst["layer"])
