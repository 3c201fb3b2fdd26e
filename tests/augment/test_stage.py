"""Random variations."""

import keras
import numpy as np
import pytest

from components.augment.stage import SHOWN, VARIATIONS, as_model, preview, vary
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.schema import Schema
from components.models import keras_files


@pytest.fixture
def split():
    images = np.random.default_rng(0).random((10, 6, 6, 1)).astype(np.float32)
    kinds = {"image": Image((6, 6, 1), "float32", is_file=False), "label": ClassLabel("abc")}
    return Split(Schema(kinds, ("label",)), {"image": images, "label": np.arange(10) % 3})


@pytest.fixture
def noise():
    return as_model([keras.layers.GaussianNoise(0.1, seed=0)], (6, 6, 1))


def test_copies_vary_and_keep_their_labels(split, noise):
    _, first, second = vary(noise, split, 2)

    assert first.input.shape == second.input.shape == (10, 6, 6, 1)
    assert first.target[:].tolist() == second.target[:].tolist() == split.target.tolist()
    assert 0.05 < np.abs(first.input - split.input).mean() < 0.15
    assert not np.array_equal(first.input, second.input)


def test_no_copies_are_an_empty_split(split, noise):
    (part,) = vary(noise, split, 0)

    assert part.input.shape == (0, 6, 6, 1)


def test_outside_of_training_nothing_varies(split, noise):
    assert np.array_equal(np.asarray(noise(split.input, training=False)), split.input)


def test_the_preview_shows_each_example_with_its_variations(split, noise):
    shown, titles = preview(noise, split)

    assert len(shown) == len(titles) == SHOWN * (1 + VARIATIONS)
    assert np.array_equal(shown.input[0], split.input[0])
    assert np.array_equal(shown.input[1 + VARIATIONS], split.input[1])
    assert 0.05 < np.abs(shown.input[1] - split.input[0]).mean() < 0.15
    assert titles[:2] == ["original", "varied"]


@pytest.fixture
def masked():
    """Images of noise, each with a mask that says where it is above 0.5."""
    images = np.random.default_rng(0).random((10, 6, 8, 1)).astype(np.float32)
    masks = (images[..., 0] > 0.5).astype(np.uint8)
    kinds = {"image": Image((6, 8, 1), "float32", is_file=False), "mask": Mask("ab").after((6, 8))}
    return Split(Schema(kinds, ("mask",)), {"image": images, "mask": masks})


@pytest.fixture
def flip():
    return as_model([keras.layers.RandomFlip("horizontal", seed=0)], (6, 8, 1))


def test_the_mask_of_a_copy_has_moved_with_its_image(masked, flip):
    none, *copies = vary(flip, masked, 2)

    assert none["mask"].shape == (0, 6, 8)
    for copy in copies:
        images, masks = copy["image"][:], np.asarray(copy["mask"][:])
        assert np.array_equal(masks, (images[..., 0] > 0.5).astype(np.uint8))
        assert 0 < sum(map(np.array_equal, masks, masked["mask"])) < 10


def test_without_layers_copies_keep_their_masks(masked):
    _, copy = vary(as_model([], (6, 8, 1)), masked, 1)

    assert np.array_equal(copy["image"][:], masked["image"])
    assert np.array_equal(copy["mask"][:], masked["mask"])


def test_the_preview_has_the_masks_that_move(masked, flip):
    shown, _ = preview(flip, masked)

    assert shown.schema.moving == ("mask",)
    assert np.array_equal(shown["mask"], (shown["image"][..., 0] > 0.5).astype(np.uint8))


def test_no_layer_is_a_model_that_is_saved_without_a_warning(tmp_path):
    keras_files.save(as_model([], (8, 8, 1)), tmp_path / "augmentation.keras")

    assert keras_files.load(tmp_path / "augmentation.keras").layers == []


def test_every_mask_of_a_copy_has_moved_with_its_image(masked, flip):
    kinds = {**masked.schema.columns, "edge": masked.schema.columns["mask"]}
    masks = {"mask": masked["mask"], "edge": 1 - masked["mask"]}
    both = Split(Schema(kinds, ("mask", "edge")), {"image": masked["image"], **masks})

    _, copy = vary(flip, both, 1)

    expected = (copy["image"][:][..., 0] > 0.5).astype(np.uint8)
    assert np.array_equal(copy["mask"], expected)
    assert np.array_equal(copy["edge"], 1 - expected)
