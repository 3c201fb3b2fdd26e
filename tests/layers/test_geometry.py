"""Every layer that is let through keeps masks on their images; the others are refused."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers
from scipy.ndimage import binary_dilation, gaussian_filter

from components.base.masks import IGNORE
from components.layers.geometry import COLOUR, MOVE, REFUSED, together, why_not


@pytest.fixture(scope="session")
def fields():
    """Images `(8, 48, 48, 3)` float32, 0..255, that vary slowly; masks say which are above 127.5.

    The classes are 1 and 3: interpolated, they would give 2, filled with 0, they would give 0.
    """
    random = np.random.default_rng(0)
    smooth = np.stack([gaussian_filter(random.normal(size=(48, 48)), 4) for _ in range(8)])
    images = 127.5 + 120 * smooth / np.abs(smooth).max(axis=(1, 2), keepdims=True)
    masks = np.where(images > 127.5, 3, 1).astype(np.uint8)
    return np.repeat(images[..., np.newaxis], 3, axis=-1).astype(np.float32), masks


MOVING = {
    "flip": lambda: layers.RandomFlip("horizontal_and_vertical", seed=1),
    "translation": lambda: layers.RandomTranslation(0.2, 0.2, seed=1),
    "translation, filled": lambda: layers.RandomTranslation(
        0.2, 0.2, fill_mode="constant", fill_value=90.5, seed=1
    ),
    "rotation": lambda: layers.RandomRotation(0.1, seed=1),
    "rotation, nearest": lambda: layers.RandomRotation(0.1, fill_mode="nearest", seed=1),
    "rotation, wrapped": lambda: layers.RandomRotation(0.1, fill_mode="wrap", seed=1),
    "rotation, filled": lambda: layers.RandomRotation(0.1, fill_mode="constant", seed=1),
    "zoom": lambda: layers.RandomZoom((-0.3, 0.3), seed=1),
    "zoom, filled": lambda: layers.RandomZoom((0.1, 0.3), fill_mode="constant", seed=1),
    "shear": lambda: layers.RandomShear(0.3, 0.3, seed=1),
    "perspective": lambda: layers.RandomPerspective(1.0, 0.5, seed=1),
    "crop": lambda: layers.RandomCrop(32, 24, seed=1),
    "centre": lambda: layers.CenterCrop(32, 24),
    "resizing": lambda: layers.Resizing(40, 56),
}
SETTINGS = {
    layers.RandomColorJitter: {"brightness_factor": 0.5},
    layers.AutoContrast: {},
    layers.Equalization: {},
    layers.Solarization: {},
    layers.RandomPosterization: {"factor": 4},
}
COLOURED = [partial(one, **SETTINGS.get(one, {"factor": 0.5})) for one in COLOUR]


def named(make):
    return type(make()).__name__


FILLS = {"translation, filled", "rotation, filled", "zoom, filled", "perspective"}


@pytest.mark.parametrize("name", MOVING)
def test_a_mask_stays_on_its_image(name, fields):
    images, masks = together([MOVING[name]()])(*fields)

    # Next to a fill, bilinear interpolation mixes it in, so the pixel's value says nothing.
    beside = binary_dilation(masks == IGNORE, np.ones((1, 3, 3)))
    clear = (np.abs(images[..., 0] - 127.5) > 40) & ~beside
    expected = np.where(images[..., 0] > 127.5, 3, 1)
    assert (masks != expected)[clear].mean() < 0.002
    assert masks.shape == images.shape[:3]
    assert masks.dtype == np.uint8


@pytest.mark.parametrize("name", MOVING)
def test_a_layer_makes_no_class(name, fields):
    images, masks = together([MOVING[name]()])(*fields)

    assert set(np.unique(masks)) == ({1, 3, IGNORE} if name in FILLS else {1, 3})
    assert images.shape != fields[0].shape or not np.array_equal(images, fields[0])


def test_every_moving_layer_is_tested():
    assert {type(make()) for make in MOVING.values()} == set(MOVE)


@pytest.mark.parametrize("make", COLOURED, ids=named)
def test_a_colour_leaves_the_mask(make, fields):
    # Not grey, or a layer that takes colours away does nothing.
    coloured = fields[0][:2] * np.float32([1, 0.5, 0.25])

    images, masks = together([make()])(coloured, fields[1][:2])

    assert np.array_equal(masks, fields[1][:2])
    assert images.shape == coloured.shape


def test_every_layer_of_colour_is_tested():
    assert {type(make()) for make in COLOURED} == set(COLOUR)


def test_what_lies_beyond_a_border_counts_for_nothing(fields):
    layer = layers.RandomTranslation((0.25, 0.25), 0.0, fill_mode="constant", fill_value=7.0)

    images, masks = together([layer])(*fields)

    assert (masks[:, :12] == IGNORE).all()
    assert (masks[:, 12:] != IGNORE).all()
    assert (images[:, :11] == 7).all()


def test_a_pixel_that_counts_for_nothing_stays_so(fields):
    masks = np.full_like(fields[1], IGNORE)

    _, moved = together([layers.RandomRotation(0.1), layers.RandomPerspective(1.0)])(
        fields[0], masks
    )

    assert (moved == IGNORE).all()


def test_several_layers_after_each_other_keep_together(fields):
    augment = together([MOVING[name]() for name in ("flip", "rotation", "zoom", "crop")])

    images, masks = augment(*fields)

    clear = np.abs(images[..., 0] - 127.5) > 40
    assert (masks != np.where(images[..., 0] > 127.5, 3, 1))[clear].mean() < 0.01


def test_the_caller_keeps_images_and_masks(fields):
    images, masks = (one.copy() for one in fields)

    together([layers.RandomRotation(0.1)])(images, masks)

    assert np.array_equal(images, fields[0])
    assert np.array_equal(masks, fields[1])


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_a_flipped_image_and_its_flipped_mask_stay_in_register_to_the_pixel(mode, fields):
    images, _ = fields
    marks = np.random.default_rng(1).integers(0, 256, images.shape[:3]).astype(np.uint8)
    marked = np.repeat(marks[..., np.newaxis], 3, axis=-1)

    moved, masks = together([layers.RandomFlip(mode, seed=1)])(marked, marks)

    assert np.array_equal(masks, moved[..., 0])
    assert not np.array_equal(masks, marks)


def test_no_layers_move_nothing():
    assert together([]) is None


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (lambda: layers.RandomElasticTransform(), "moves masks otherwise than images"),
        (lambda: layers.MixUp(), "blends masks, so that classes become others"),
        (lambda: layers.AugMix(), "blends masks, so that classes become others"),
        (lambda: layers.GaussianNoise(0.1), "is not known to leave masks on their images"),
        (lambda: layers.RandomCrop(64, 32), "of 64x32 needs images that large; these are 48x48"),
        (lambda: layers.CenterCrop(8, 49), "of 8x49 needs images that large; these are 48x48"),
    ],
)
def test_a_layer_that_parts_masks_from_images_is_refused(layer, why):
    assert why_not(layer(), 48, 48) == f"{type(layer()).__name__} {why}"


def test_every_refused_layer_is_one_of_keras_and_is_let_through_nowhere():
    refused = {getattr(layers, name) for name in REFUSED}

    assert refused.isdisjoint({*MOVE, *COLOUR})


@pytest.mark.parametrize("make", [*MOVING.values(), *COLOURED], ids=named)
def test_what_keeps_masks_on_images_is_let_through(make):
    assert why_not(make(), 64, 64) is None


def test_an_elastic_transform_still_moves_masks_otherwise(fields):
    """When Keras mends it, this fails, and the layer can be let through."""
    image = fields[0][..., :1]
    layer = layers.RandomElasticTransform(1.0, 0.8, interpolation="nearest", seed=1)

    both = layer({"images": image, "segmentation_masks": image}, training=True)

    assert not np.array_equal(both["images"], both["segmentation_masks"])


@pytest.mark.filterwarnings("ignore:.*dtype int64 requested")
def test_a_mix_up_still_mixes_up_pixels(fields):
    """When Keras mends it, this fails: one mask of class 1 and one of class 3 become 8 of each."""
    masks = fields[1][..., np.newaxis].astype(np.float32)
    one_hot = np.eye(2, dtype=np.float32)[[0, 1] * 4]
    given = {"images": fields[0], "segmentation_masks": masks, "labels": one_hot}

    mixed = layers.MixUp(0.2, seed=1)(given, training=True)

    assert mixed["segmentation_masks"].shape == (8, 48, 48, 8)


def test_a_built_sequential_takes_no_dictionary(fields):
    """Which is why `together` goes through the layers."""
    model = keras.Sequential([keras.Input((48, 48, 3)), layers.RandomFlip()])
    given = {"images": fields[0], "segmentation_masks": fields[1][..., np.newaxis]}

    with pytest.raises(ValueError, match="structure of `inputs` doesn't match"):
        model(given, training=True)
