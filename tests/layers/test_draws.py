"""What layers draw on the host follows from numbers alone."""

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest
import tensorflow as tf

from components.layers.draws import seeded

IMAGES = np.random.default_rng(0).normal(size=(16, 8, 8, 3)).astype(np.float32)


@pytest.fixture
def draw():
    nested = keras.layers.Pipeline([keras.layers.RandomTranslation(0.2, 0.2, seed=1)])
    layers = [keras.layers.RandomFlip(seed=1), nested, keras.layers.RandomBrightness(0.5, seed=1)]

    @tf.function
    def through(images):
        for layer in layers:
            images = layer(images, training=True)
        return images

    drawn = seeded(through, layers)
    return lambda seed: drawn(seed, IMAGES).numpy().tobytes()


def test_whatever_was_drawn_before_in_whatever_thread_the_same_seed_draws_the_same(draw):
    first = {seed: draw((7, 0, seed)) for seed in range(8)}
    assert len(set(first.values())) == 8

    with ThreadPoolExecutor(4) as pool:
        again = pool.map(lambda seed: draw((7, 0, seed)), reversed(range(8)))

    assert list(again) == [first[seed] for seed in reversed(range(8))]
    assert draw((7, 1, 0)) != first[0] != draw((8, 0, 0))


def test_layers_with_the_same_seed_draw_otherwise():
    """As two that Keras gave one."""
    layers = [
        keras.layers.RandomBrightness(0.5, seed=1),
        keras.layers.RandomBrightness(0.5, seed=1),
    ]
    drawn = seeded(lambda images: [layer(images, training=True) for layer in layers], layers)

    one, other = drawn((0, 0, 0), tf.constant(IMAGES))

    assert not np.array_equal(one, other)
