"""Random variations."""

import keras
import numpy as np
import pytest

from components.augment.stage import SHOWN, VARIATIONS, as_model, preview, vary
from components.data.dataset import Split


@pytest.fixture
def split():
    images = np.random.default_rng(0).random((10, 6, 6, 1)).astype(np.float32)
    return Split(images, np.arange(10) % 3)


@pytest.fixture
def noise():
    return as_model([keras.layers.GaussianNoise(0.1, seed=0)], (6, 6, 1))


def test_copies_vary_and_keep_their_labels(split, noise):
    _, first, second = vary(noise, split, 2)

    assert first.inputs.shape == second.inputs.shape == (10, 6, 6, 1)
    assert first.labels.tolist() == second.labels.tolist() == split.labels.tolist()
    assert 0.05 < np.abs(first.inputs - split.array).mean() < 0.15
    assert not np.array_equal(first.inputs, second.inputs)


def test_no_copies_are_an_empty_split(split, noise):
    (part,) = vary(noise, split, 0)

    assert part.array.shape == (0, 6, 6, 1)


def test_outside_of_training_nothing_varies(split, noise):
    assert np.array_equal(np.asarray(noise(split.array, training=False)), split.array)


def test_the_preview_shows_each_example_with_its_variations(split, noise):
    images, titles = preview(noise, split)

    assert len(images) == len(titles) == SHOWN * (1 + VARIATIONS)
    assert np.array_equal(images[0], split.array[0])
    assert titles[:2] == ["original", "varied"]
