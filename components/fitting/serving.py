"""A Keras model as a graph of TensorFlow's."""

from typing import Any

import keras
import tensorflow as tf


class Serving(tf.Module):
    """A graph, which loads wherever TensorFlow does, without Millrace's code.

    As a `.keras` file it would need the code of its layers: Keras refuses to import any.

    Args:
        model: From raw examples to the output.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self._call = lambda examples: model(examples, training=False)
        draws = any(layer._seed_generators for layer in model._flatten_layers())
        # Of a model that it sees, TensorFlow saves a call too that is not told not to draw, and
        # fails on its seeds. Only the variables are shown then.
        self.seen = [one.value for one in model.variables] if draws else model
        # A Sequential has no `input` before it is called.
        inputs = model.inputs[0] if isinstance(model, keras.Sequential) else model.input
        given = keras.tree.map_structure(
            lambda one: tf.TensorSpec((None, *one.shape[1:]), one.dtype), inputs
        )
        # Traced once, for any number of examples; a saved module knows only what was traced.
        self.__call__.get_concrete_function(given)

    @tf.function  # type: ignore[untyped-decorator]
    def __call__(self, examples: Any) -> Any:
        """The output for raw examples `(n, ...)`, or such a mapping."""
        return self._call(examples)  # type: ignore[no-untyped-call]
