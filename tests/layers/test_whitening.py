"""Whitening against scikit-learn."""

import re

import numpy as np
import pytest
from sklearn.decomposition import PCA

from components.layers.whitening import PCAWhitening, ZCAWhitening


def flat(images):
    return images.reshape(len(images), -1).astype(np.float64)


@pytest.mark.parametrize("n_components", [None, 5, 0.9, 0.99])
def test_components_are_those_of_scikit_learn(images, n_components):
    layer = PCAWhitening(n_components, epsilon=1e-12)
    layer.adapt([images[:50], images[50:]])

    result = np.asarray(layer(images))

    reference = PCA(n_components, whiten=True, svd_solver="full").fit(flat(images))
    vectors = reference.components_
    signs = np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)])
    assert result == pytest.approx(reference.transform(flat(images)) * signs, abs=2e-3)
    assert np.cov(result.T) == pytest.approx(np.eye(len(vectors)), abs=2e-3)


def test_epsilon_is_added_to_every_variance(images):
    layer = PCAWhitening(3, epsilon=2.0)
    layer.adapt([images])

    variances = np.linalg.eigvalsh(np.cov(flat(images).T))[::-1][:3]
    result = np.cov(np.asarray(layer(images)).T).diagonal()
    assert result == pytest.approx(variances / (variances + 2), rel=1e-4)


def test_a_share_becomes_a_number_that_is_saved(images):
    layer = PCAWhitening(n_components=0.9)
    layer.adapt([images])

    expected = PCA(0.9, svd_solver="full").fit(flat(images)).n_components_
    assert layer.get_config()["n_components"] == expected
    assert layer.compute_output_shape((None, 2, 3, 2)) == (None, expected)


@pytest.mark.parametrize("layer", [PCAWhitening(epsilon=1e-30), ZCAWhitening(epsilon=1e-30)])
def test_flat_directions_give_numbers_although_rounding_makes_their_variance_negative(layer):
    points = np.random.default_rng(0).normal(size=(50, 3)) * [1e3, 1e3, 1e3]
    features = np.concatenate([points, points, points], axis=1)
    scatter = np.cov(features.T) * 49
    assert np.linalg.eigvalsh(scatter).min() < 0

    layer.adapt([features])

    assert np.isfinite(np.asarray(layer.matrix)).all()


def test_images_without_variance_keep_one_component():
    layer = PCAWhitening(n_components=0.5)
    layer.adapt([np.full((3, 2, 2, 1), 7.0)])

    assert np.asarray(layer(np.full((3, 2, 2, 1), 7.0))).tolist() == [[0.0]] * 3


def test_whitening_is_that_of_scikit_learn_turned_back(images):
    layer = ZCAWhitening(epsilon=1e-12)
    layer.adapt([images[:50], images[50:]])

    result = np.asarray(layer(images)).reshape(200, -1)

    pca = PCA(whiten=True).fit(flat(images))
    assert result == pytest.approx(pca.transform(flat(images)) @ pca.components_, abs=2e-3)
    assert np.cov(result.T) == pytest.approx(np.eye(12), abs=2e-3)


def test_a_feature_that_never_changes_does_not_blow_up(images):
    images[..., 0] = 5
    layer = ZCAWhitening(epsilon=0.1)
    layer.adapt([images])

    assert np.asarray(layer(images))[..., 0] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("layer", [PCAWhitening(), ZCAWhitening()], ids=["PCA", "ZCA"])
def test_one_example_cannot_be_whitened(images, layer):
    name = type(layer).__name__

    with pytest.raises(ValueError, match=rf"^{name} needs 2 examples or more, got 1$"):
        layer.adapt([images[:1]])


@pytest.mark.parametrize("layer", [PCAWhitening, ZCAWhitening])
def test_an_epsilon_of_zero_is_refused(layer):
    with pytest.raises(ValueError, match=r"^Argument `epsilon` must be > 0. Received: epsilon=0$"):
        layer(epsilon=0)


@pytest.mark.parametrize("n_components", [0, -3, 1.0, 0.0, "all"])
def test_a_number_of_components_that_is_none_is_refused(n_components):
    message = (
        "Argument `n_components` must be a whole number > 0, a share between 0 and 1, or None. "
        f"Received: n_components={n_components}"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        PCAWhitening(n_components)


def test_more_components_than_features_are_refused(images):
    message = (
        "Argument `n_components` must be at most the number of features, 12. "
        "Received: n_components=13"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        PCAWhitening(13).adapt([images])


def test_a_share_has_no_shape_before_the_layer_is_adapted(images):
    message = (
        "PCAWhitening with a share of the variance must be adapted before it is built. "
        "Received: n_components=0.9"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        PCAWhitening(0.9)(images)
