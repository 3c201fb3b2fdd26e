"""Contrast normalization, of a whole example and of the surroundings of every pixel."""

from typing import Any, Literal

import keras
import numpy as np
from keras import ops
from keras.layers import InputSpec, Layer


@keras.saving.register_keras_serializable("millrace")
class GlobalContrastNormalization(Layer):
    """Gives every example mean 0 and contrast 1.

    `x -> scale * (x - mean(x)) / max(epsilon, sqrt(bias + mean((x - mean(x))**2)))`, the mean
    taken over height, width and channels of one example. An example without contrast becomes
    zeros, not noise blown up to contrast 1.

    Args:
        scale: Contrast (standard deviation) of the result.
        bias: Added to the variance, to damp examples of little contrast.
        epsilon: Least contrast that is divided by.

    Input shape:
        `(n, ...)`, any real dtype.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), section 12.2.1.1, equation 12.3.
    """

    def __init__(
        self, scale: float = 1.0, bias: float = 0.0, epsilon: float = 1e-8, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if epsilon <= 0:
            raise ValueError(f"Argument `epsilon` must be > 0. Received: epsilon={epsilon}")
        self.scale, self.bias, self.epsilon = scale, bias, epsilon

    def call(self, inputs):  # type: ignore[no-untyped-def]
        axes = tuple(range(1, len(inputs.shape)))
        # float32 throughout: bfloat16 has 8 bits, too few for the mean of many pixels.
        centred = ops.cast(inputs, "float32")
        # A mean of many equal values may be off by its last bit, which would be all the contrast
        # of a flat example: less its first value, that is exactly 0.
        centred = centred - centred[(slice(None), *[slice(1)] * len(axes))]
        centred = centred - ops.mean(centred, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)
        # Equal to max(epsilon, sqrt(.)), and without the infinite slope of sqrt at 0.
        contrast = ops.sqrt(ops.maximum(variance + self.bias, self.epsilon**2))
        return ops.cast(centred * (self.scale / contrast), self.compute_dtype)

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        settings = {"scale": self.scale, "bias": self.bias, "epsilon": self.epsilon}
        return {**super().get_config(), **settings}


@keras.saving.register_keras_serializable("millrace")
class LocalContrastNormalization(Layer):
    """Subtracts from every pixel the mean of its surroundings, and divides by their contrast.

    `v = x - w * x`, then `y = v / max(c, s, epsilon)` with `s = sqrt(w * v**2)` at every pixel
    and `c = mean(s)` over the image. `w *` is the weighted mean over a window of
    `(size, size, channels)`, the same for all channels. Borders are mirrored, edge included, so
    that a border pixel has as many neighbours as the others. A flat image becomes zeros.

    Args:
        size: Height and width of the window in pixels; odd.
        window: Weights of the window, `"gaussian"` or `"box"` (all equal).
        divisive: Whether to divide; else the result is `v`.
        sigma: Standard deviation of the Gaussian in pixels; `size / 4` by default, as in Torch 7.
        epsilon: Least contrast that is divided by.

    Input shape:
        `(n, height, width, channels)`, any real dtype; height and width `size // 2` or more.

    References:
        Jarrett, Kavukcuoglu, Ranzato, LeCun, What is the Best Multi-Stage Architecture for Object
        Recognition? (2009), section 2, "Local Contrast Normalization Layer".
    """

    def __init__(
        self,
        size: int = 9,
        window: Literal["gaussian", "box"] = "gaussian",
        divisive: bool = True,
        sigma: float | None = None,
        epsilon: float = 1e-8,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if size < 1 or size % 2 == 0:
            raise ValueError(f"Argument `size` must be odd and > 0. Received: size={size}")
        if window not in ("gaussian", "box"):
            raise ValueError(
                f"Argument `window` must be 'gaussian' or 'box'. Received: window={window!r}"
            )
        if sigma is not None and sigma <= 0:
            raise ValueError(f"Argument `sigma` must be > 0. Received: sigma={sigma}")
        if epsilon <= 0:
            raise ValueError(f"Argument `epsilon` must be > 0. Received: epsilon={epsilon}")
        self.size, self.window, self.divisive = size, window, divisive
        self.sigma, self.epsilon = sigma, epsilon
        self.input_spec = InputSpec(ndim=4)

    def build(self, input_shape):  # type: ignore[no-untyped-def]
        lengths = [length for length in input_shape[1:3] if length is not None]
        if lengths and self.size // 2 > min(lengths):
            raise ValueError(
                "Argument `size` must be so small that `size // 2` fits in the image. "
                f"Received: size={self.size}, input_shape={tuple(input_shape)}"
            )

    def call(self, inputs):  # type: ignore[no-untyped-def]
        images = ops.cast(inputs, "float32")
        # The weights sum to 1, so a shift changes nothing but the rounding: with this one, a flat
        # image is exactly 0 everywhere.
        images = images - ops.min(images, axis=(1, 2, 3), keepdims=True)
        result = images - self._local_mean(images)
        if self.divisive:
            variance = self._local_mean(ops.square(result))
            contrast = ops.sqrt(ops.maximum(variance, 1e-30))  # sqrt has an infinite slope at 0
            mean = ops.mean(contrast, axis=(1, 2, 3), keepdims=True)
            result = result / ops.maximum(ops.maximum(mean, contrast), self.epsilon)
        return ops.cast(result, self.compute_dtype)

    def _local_mean(self, images: Any) -> Any:
        """`(n, height, width, channels)` -> `(n, height, width, 1)`."""
        reach = self.size // 2
        mean = ops.mean(images, axis=-1, keepdims=True)
        mean = ops.pad(mean, ((0, 0), (reach, reach), (reach, reach), (0, 0)), "symmetric")
        ends = [None, *range(-1, -self.size, -1)][::-1]
        shifts = list(zip(self._weights(), range(self.size), ends, strict=True))
        # Sums of shifted images: `ops.conv` may round to TF32, 10 bits, on a GPU.
        mean = sum(weight * mean[:, start:end] for weight, start, end in shifts)
        return sum(weight * mean[:, :, start:end] for weight, start, end in shifts)

    def _weights(self) -> list[float]:
        """The window along one axis; the sum is 1."""
        offsets = np.arange(self.size) - self.size // 2
        weights = np.ones(self.size)
        if self.window == "gaussian":
            weights = np.exp(-0.5 * (offsets / (self.sigma or self.size / 4)) ** 2)
        return [float(weight) for weight in weights / weights.sum()]

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Arguments of the constructor, for saving."""
        names = ("size", "window", "divisive", "sigma", "epsilon")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
