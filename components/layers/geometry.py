"""Layers that move an image and its mask alike."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from components.base.masks import IGNORE

Moved = tuple[NDArray[Any], ...]

MOVE = (
    layers.RandomFlip,
    layers.RandomTranslation,
    layers.RandomRotation,
    layers.RandomZoom,
    layers.RandomShear,
    layers.RandomPerspective,
    layers.RandomCrop,
    layers.CenterCrop,
    layers.Resizing,
)
"""Layers of Keras that move masks as they move images, by the nearest pixel."""

COLOUR = (
    layers.RandomBrightness,
    layers.RandomContrast,
    layers.RandomColorDegeneration,
    layers.RandomColorJitter,
    layers.RandomErasing,
    layers.RandomGaussianBlur,
    layers.RandomGrayscale,
    layers.RandomHue,
    layers.RandomInvert,
    layers.RandomPosterization,
    layers.RandomSaturation,
    layers.RandomSharpness,
    layers.AutoContrast,
    layers.Equalization,
    layers.Solarization,
)
"""Layers of Keras that leave pixels where they are; they get the images alone."""

REFUSED = {
    "AugMix": "blends masks, so that classes become others",
    "MixUp": "blends masks, so that classes become others",
    "RandomElasticTransform": "moves masks otherwise than images",
}
"""Why other image layers of Keras 3.15 do not do (tests/layers/test_geometry.py)."""


def why_not(layer: keras.layers.Layer, height: int, width: int) -> str | None:
    """Why a layer would part masks from their images of a size; None where it does not."""
    name = type(layer).__name__
    if not isinstance(layer, (*MOVE, *COLOUR)):
        return f"{name} {REFUSED.get(name, 'is not known to leave masks on their images')}"
    # A smaller image it resizes, and its mask with it: bilinear, which invents classes.
    is_crop = isinstance(layer, layers.RandomCrop | layers.CenterCrop)
    if is_crop and (layer.height > height or layer.width > width):
        return (
            f"{name} of {layer.height}x{layer.width} needs images that large; these are "
            f"{height}x{width}"
        )
    return None


def together(
    augmentation: Sequence[keras.layers.Layer],
) -> Callable[..., Moved] | None:
    """The layers as a function of a batch on the host; None where there are none.

    It takes images `(n, height, width, channels)`, any real dtype, and one or more masks of each,
    `(n, height, width)` uint8, and gives images float32 and masks uint8, all moved alike. What a
    layer brings in from beyond a border is 255 in a mask where it fills with a value; where it
    mirrors, the masks are mirrored too.

    In a training step it has no place: what a model takes moves there, and its targets do not. A
    TensorFlow graph it is on every backend, see components/fitting/supervised/augmentation.py.
    """
    if not augmentation:
        return None
    import tensorflow as tf

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def moved(images: Any, masks: Any) -> Any:
        for layer in augmentation:
            images, masks = _moved(layer, images, masks)
        return images, masks

    def augment(images: NDArray[Any], *masks: NDArray[np.uint8]) -> Moved:
        given = (np.asarray(one, np.float32) for one in (images, np.stack(masks, axis=-1)))
        images, labels = map(np.asarray, moved(*given))
        return images, *(np.rint(labels[..., one]).astype(np.uint8) for one in range(len(masks)))

    return augment


def _moved(layer: keras.layers.Layer, images: Any, masks: Any) -> tuple[Any, Any]:
    """Images `(n, h, w, c)` and masks `(n, h, w, k)`, both float, through one layer."""
    if not isinstance(layer, MOVE):
        return layer(images, training=True), masks
    # A layer fills images and masks with the same value: shifted by so much, it means 255.
    shift = IGNORE - (getattr(layer, "fill_value", None) or 0.0)
    both = layer({"images": images, "segmentation_masks": masks - shift}, training=True)
    return both["images"], both["segmentation_masks"] + shift
