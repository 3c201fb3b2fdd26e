"""Random variations."""

import keras
import numpy as np
import pytest

from components.augment.stage import SHOWN, VARIATIONS, as_model, preview, vary
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema


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
    images, titles = preview(noise, split)

    assert len(images) == len(titles) == SHOWN * (1 + VARIATIONS)
    assert np.array_equal(images[0], split.input[0])
    assert titles[:2] == ["original", "varied"]
