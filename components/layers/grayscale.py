"""Colour to grey."""

from typing import Any

import keras
from keras import ops
from keras.layers import InputSpec, Layer


@keras.saving.register_keras_serializable("millrace")
class Grayscale(Layer):
    """Makes colour images grey: `0.2989 red + 0.587 green + 0.114 blue`; grey ones stay as is.

    Input shape:
        `(n, height, width, 3)` or `(n, height, width, 1)`, any real dtype.

    Output shape:
        `(n, height, width, 1)`, float.

    References:
        ITU-R BT.601, section 2.5.1 (luma), with the digits of `keras.ops.image.rgb_to_grayscale`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = InputSpec(ndim=4)

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        if input_shape[-1] not in (1, 3):
            raise ValueError(
                f"Input must have 1 or 3 channels. Received: input_shape={tuple(input_shape)}"
            )

    def call(self, inputs):  # type: ignore[no-untyped-def]
        # Cast first: Keras rounds the grey of whole numbers to whole numbers.
        images = ops.cast(inputs, "float32")
        grey = ops.image.rgb_to_grayscale(images, data_format="channels_last")
        return ops.cast(grey, self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return (*input_shape[:-1], 1)
