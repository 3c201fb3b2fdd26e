"""Preprocessing layers against plain NumPy and scikit-learn."""

import keras
import numpy as np
import pytest
from sklearn.decomposition import PCA

from components import keras_files
from components.layers import GlobalContrastNormalization, ZCAWhitening


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    mixing = random.normal(size=(12, 12))
    return (random.normal(size=(200, 12)) @ mixing + 3).reshape(200, 2, 3, 2).astype(np.float32)


def test_contrast_normalization_is_its_equation(images):
    result = np.asarray(GlobalContrastNormalization(scale=2.0, bias=0.5)(images))

    flat = images.reshape(200, -1).astype(np.float64)
    expected = 2 * (flat - flat.mean(1, keepdims=True)) / np.sqrt(flat.var(1, keepdims=True) + 0.5)
    assert result.reshape(200, -1) == pytest.approx(expected, abs=1e-5)


def test_a_flat_image_stays_flat():
    assert np.all(np.asarray(GlobalContrastNormalization()(np.full((1, 4, 4, 1), 7.0))) == 0)


def test_whole_numbers_are_normalized_too():
    result = np.asarray(GlobalContrastNormalization()(np.array([[0, 255]], np.uint8)))

    assert result.tolist() == [[-1.0, 1.0]]


def test_whitening_is_that_of_scikit_learn_turned_back(images):
    layer = ZCAWhitening(epsilon=1e-12)
    layer.adapt([images[:50], images[50:]])

    result = np.asarray(layer(images)).reshape(200, -1)

    flat = images.reshape(200, -1).astype(np.float64)
    pca = PCA(whiten=True).fit(flat)
    assert result == pytest.approx(pca.transform(flat) @ pca.components_, abs=2e-3)
    assert np.cov(result.T) == pytest.approx(np.eye(12), abs=2e-3)


def test_parts_merge_to_the_whole(images):
    whole, left, right = ZCAWhitening(), ZCAWhitening(), ZCAWhitening()
    whole.adapt([images])
    left.build(images.shape)
    left.update_state(images[:77])
    right.update_state(images[77:])

    left.merge_state([right, ZCAWhitening()])
    left.finalize_state()

    assert np.asarray(left.matrix) == pytest.approx(np.asarray(whole.matrix), rel=1e-6, abs=1e-6)
    assert np.asarray(left.mean) == pytest.approx(np.asarray(whole.mean), rel=1e-6)


def test_a_feature_that_never_changes_does_not_blow_up(images):
    images[..., 0] = 5
    layer = ZCAWhitening(epsilon=0.1)
    layer.adapt([images])

    assert np.asarray(layer(images))[..., 0] == pytest.approx(0, abs=1e-4)


def test_one_example_cannot_be_whitened(images):
    with pytest.raises(ValueError, match=r"^ZCAWhitening needs 2 examples or more, got 1$"):
        ZCAWhitening().adapt([images[:1]])


def test_an_epsilon_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"^Argument `epsilon` must be > 0. Received: epsilon=0$"):
        ZCAWhitening(epsilon=0)


def test_fitted_layers_are_saved_with_their_model_in_the_same_bytes(tmp_path, images):
    layer = ZCAWhitening()
    layer.adapt([images])
    model = keras.Sequential([keras.Input(images.shape[1:]), GlobalContrastNormalization(), layer])

    for name in ("a.keras", "b.keras"):
        keras_files.save(model, tmp_path / name)

    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    loaded = keras_files.load(tmp_path / "a.keras")
    assert np.array_equal(np.asarray(loaded(images)), np.asarray(model(images)))
