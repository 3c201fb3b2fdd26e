"""Where augmentation runs: in the training step, or on the host."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from numpy.typing import NDArray

from components.layers.draws import Key, seeded
from components.layers.geometry import together

Columns = Mapping[str, NDArray[Any]]
Augment = Callable[[NDArray[Any], Columns, Key], tuple[Any, Columns]]
"""From the inputs of a batch, `(n, ...)`, its target columns and a seed to the same, varied."""


def within(
    model: keras.Model, augmentation: keras.Model, moving: Sequence[str] = ()
) -> keras.Model:
    """The model to compile and fit: augmentation first, where the host does not do it.

    It is never `model` itself, which so is saved without the optimizer and its state.
    """
    first = [] if on_host(augmentation, moving) or not augmentation.layers else [augmentation]
    inputs = keras.Input(model.input_shape[1:], dtype="float32")
    return keras.Sequential([inputs, *first, model], name="training")


def on_host(augmentation: keras.Model, moving: Sequence[str] = ()) -> Augment | None:
    """The augmentation as a function of a batch, where that is the faster place.

    Or the only one: within the model only what it takes would move, and not its targets. Compiled
    by XLA for a CPU, Keras's random image layers are many times slower than TensorFlow's own
    kernels (benchmarks/augmentation.py), so JAX without an accelerator augments on the host, in a
    TensorFlow graph.

    Args:
        augmentation: The layers.
        moving: Target columns that move with the images, masks.
    """
    if moving:
        return _together(augmentation, moving)
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

    draw = seeded(augment, augmentation.layers)
    return lambda batch, columns, seed: (draw(seed, batch).numpy(), columns)


def _together(augmentation: keras.Model, moving: Sequence[str]) -> Augment | None:
    if (moved := together(augmentation.layers)) is None:
        return None
    draw = seeded(moved, augmentation.layers)

    def augment(batch: NDArray[Any], columns: Columns, seed: Key) -> tuple[Any, Columns]:
        images, *masks = draw(seed, batch, *(columns[one] for one in moving))
        return images, {**columns, **dict(zip(moving, masks, strict=True))}

    return augment


def _is_cpu() -> bool:
    import jax

    return bool(jax.default_backend() == "cpu")
