"""What the tests of the layers share."""

import keras
import numpy as np
import pytest

from components.models import keras_files


@pytest.fixture
def images():
    """`(200, 2, 3, 2)`, all features correlated, float32."""
    random = np.random.default_rng(0)
    mixing = random.normal(size=(12, 12))
    return (random.normal(size=(200, 12)) @ mixing + 3).reshape(200, 2, 3, 2).astype(np.float32)


@pytest.fixture
def check_saving(tmp_path):
    """Saves a layer in a model twice, and compares the bytes, and the results once loaded."""

    def check(layer, examples):
        model = keras.Sequential(
            [keras.Input(examples.shape[1:], dtype=str(examples.dtype)), layer]
        )
        for name in ("a.keras", "b.keras"):
            keras_files.save(model, tmp_path / name)
        loaded = keras_files.load(tmp_path / "a.keras")

        assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
        assert np.array_equal(np.asarray(loaded(examples)), np.asarray(layer(examples)))
        assert model.output_shape == (None, *np.asarray(layer(examples)).shape[1:])

    return check
