"""Keras models on disk, and the layers that they may name."""

import keras
import numpy as np
import pytest

from components.base.errors import Stop
from components.models import keras_files

TWICE = """
import keras


class Twice(keras.layers.Layer):
    def call(self, inputs):
        return 2 * inputs
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the user's, of a text."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


def test_a_file_may_name_the_layers_of_modules_that_are_known(module, tmp_path):
    name = module("twice_of_mine", TWICE)
    namespace = {"__name__": name}
    exec(TWICE, namespace)  # noqa: S102  so nothing has imported it yet
    model = keras.Sequential([keras.Input((1,)), namespace["Twice"]()])
    keras_files.save(model, tmp_path / "model.keras")

    with pytest.raises(TypeError, match="Could not locate class 'Twice'"):
        keras_files.load(tmp_path / "model.keras")
    keras_files.know([name])
    assert keras_files.load(tmp_path / "model.keras").input_shape == (None, 1)


def test_what_layers_share_has_no_address_and_is_still_shared(tmp_path):
    def saved(name):
        policy, other = keras.DTypePolicy("float32"), keras.DTypePolicy("mixed_bfloat16")
        layers = [
            keras.layers.Dense(2, name=f"layer{place}", dtype=one)
            for place, one in enumerate((policy, other, policy, other))
        ]
        model = keras.Sequential([keras.Input((2,), name="given"), *layers], name="shared")
        model.set_weights([np.full(one.shape, 0.5) for one in model.weights])
        keras_files.save(model, tmp_path / name)
        kept.append(model)
        return (tmp_path / name).read_bytes()

    kept = []

    assert saved("one.keras") == saved("two.keras")
    loaded = keras_files.load(tmp_path / "one.keras")
    policies = [layer.dtype_policy.name for layer in loaded.layers]
    assert policies == ["float32", "mixed_bfloat16"] * 2


def test_a_module_that_cannot_be_imported_is_named(module):
    name = module("broken_of_mine", "raise OSError('no table here')\n")

    said = r"^broken_of_mine: cannot be imported: \S+/broken_of_mine.py:1: no table here$"
    with pytest.raises(Stop, match=said):
        keras_files.know([name])
