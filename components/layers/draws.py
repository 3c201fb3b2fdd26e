"""What layers draw on the host, as it follows from numbers alone."""

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import keras
import numpy as np

Key = tuple[int, ...]
"""Numbers from which follows all that is drawn."""


def seeded(draw: Callable[..., Any], layers: Sequence[keras.layers.Layer]) -> Callable[..., Any]:
    """A function that is given a seed first, from which follows all that the layers draw in it.

    Whichever thread calls it, and however often: Keras reads ahead, and throws batches away.

    Args:
        draw: Calls the layers, in a TensorFlow graph.
        layers: Whose random numbers they are.
    """
    lock = Lock()
    found: list[keras.random.SeedGenerator] = []

    def drawn(seed: Key, *arguments: Any) -> Any:
        with lock:
            if not found:
                draw(*arguments)  # the first time, layers make what they draw from
                found.extend(_generators(layers))
            for place, generator in enumerate(found):
                state = np.random.SeedSequence((*seed, place)).generate_state(2)
                generator.state.assign(state >> 1)  # as large as a signed number may be
            return draw(*arguments)

    return drawn


def _generators(layers: Sequence[keras.layers.Layer]) -> list[keras.random.SeedGenerator]:
    """Those from which layers draw in a TensorFlow graph, in their order.

    On another backend, each image layer has one for TensorFlow besides.
    """
    every = [one for layer in layers for one in layer._flatten_layers()]
    others = [one for layer in every for one in getattr(layer, "_backend_generators", {}).values()]
    own = [one for layer in every for one in layer._seed_generators]
    return others if keras.backend.backend() != "tensorflow" else own
