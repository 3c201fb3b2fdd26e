"""Where augmentation runs: in the training step, or on the host."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import keras
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem
from components.layers.draws import Key, seeded
from components.layers.geometry import together

Place = Literal["host", "device"]
Columns = Mapping[str, NDArray[Any]]
Augment = Callable[[NDArray[Any], Columns, Key], tuple[Any, Columns]]
"""From the inputs of a batch, `(n, ...)`, its target columns and a seed to the same, varied."""


def within(model: keras.Model, augmentation: keras.Model | None) -> keras.Model:
    """The model to compile and fit: augmentation first, where the host does not do it.

    It is never `model` itself, which so is saved without the optimizer and its state.
    """
    first = [augmentation] if augmentation is not None and augmentation.layers else []
    inputs = keras.Input(model.input_shape[1:], dtype="float32")
    return keras.Sequential([inputs, *first, model], name="training")


def on_host(
    augmentation: keras.Model, moving: Sequence[str] = (), place: Place | None = None
) -> Augment | None:
    """The augmentation as a function of a batch, where that is asked for, or the faster place.

    Or the only one: within the model only what it takes would move, and not its targets. Compiled
    by XLA for a CPU, Keras's random image layers are many times slower than TensorFlow's own
    kernels (benchmarks/augmentation.py), so JAX without an accelerator augments on the host, in a
    TensorFlow graph.

    Args:
        augmentation: The layers.
        moving: Target columns that move with the images, masks.
        place: That is asked for; None is the faster one.

    Raises:
        Mistakes: The layers cannot run where it is asked for.
    """
    if moving:
        if place == "device":
            what = "are varied on the host, together with their images"
            raise Mistakes([Problem(("train", "augment_on"), f"{', '.join(moving)} {what}")])
        return _together(augmentation, moving)
    if place == "device" or not augmentation.layers or not (place or _is_faster()):
        return None
    if not runs_on_host(augmentation):
        if place == "host":
            what = "only image layers of Keras run on the host, in a TensorFlow graph"
            raise Mistakes([Problem(("train", "augment_on"), what)])
        return None
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


def runs_on_host(augmentation: keras.Model) -> bool:
    """Whether all of it are image layers of Keras: only these run in a TensorFlow graph too."""
    return all(hasattr(layer, "backend") for layer in augmentation.layers)


def _is_faster() -> bool:
    """Whether the host varies images faster than the device does."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return bool(jax.default_backend() == "cpu")
