"""Where augmentation runs: in the training step, or on the host."""

from collections.abc import Callable
from typing import Any

import keras
from numpy.typing import NDArray


def within(model: keras.Model, augmentation: keras.Model) -> keras.Model:
    """The model to compile and fit: augmentation first, where the host does not do it.

    It is never `model` itself, which so is saved without the optimizer and its state.
    """
    first = [] if on_host(augmentation) or not augmentation.layers else [augmentation]
    inputs = keras.Input(model.input_shape[1:], dtype="float32")
    return keras.Sequential([inputs, *first, model], name="training")


def on_host(augmentation: keras.Model) -> Callable[[NDArray[Any]], Any] | None:
    """The augmentation as a function of a batch, where that is the faster place.

    Compiled by XLA for a CPU, Keras's random image layers are many times slower than
    TensorFlow's own kernels (benchmarks/augmentation.py), so JAX without an accelerator
    augments on the host, in a TensorFlow graph.
    """
    if keras.backend.backend() != "jax" or not augmentation.layers or not _is_cpu():
        return None
    if not all(hasattr(layer, "backend") for layer in augmentation.layers):
        return None  # not an image layer of Keras: only these run in a TensorFlow graph too
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def augment(batch: Any) -> Any:
        for layer in augmentation.layers:
            batch = layer(batch, training=True)
        return batch

    return lambda batch: augment(batch).numpy()


def _is_cpu() -> bool:
    import jax

    return bool(jax.default_backend() == "cpu")
