"""Contrast normalization against plain NumPy and SciPy."""

import re

import numpy as np
import pytest
from scipy import ndimage

from components.layers.contrast import GlobalContrastNormalization, LocalContrastNormalization


@pytest.fixture
def pictures():
    """`(3, 11, 8, 3)`, 0 to 255."""
    return np.random.default_rng(0).integers(0, 256, (3, 11, 8, 3)).astype(np.float32)


def test_contrast_normalization_is_its_equation(images):
    result = np.asarray(GlobalContrastNormalization(scale=2.0, bias=0.5)(images))

    flat = images.reshape(200, -1).astype(np.float64)
    expected = 2 * (flat - flat.mean(1, keepdims=True)) / np.sqrt(flat.var(1, keepdims=True) + 0.5)
    assert result.reshape(200, -1) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("value", [7.0, 200 / 255, 1e6])
def test_a_flat_image_becomes_zeros_whatever_its_size_and_value(value):
    flat = np.full((1, 224, 224, 3), value, np.float32)

    assert np.all(np.asarray(GlobalContrastNormalization()(flat)) == 0)


@pytest.mark.parametrize("epsilon", [0, -1.0])
def test_nothing_is_divided_by_a_contrast_of_nought(epsilon):
    with pytest.raises(
        ValueError, match=rf"^Argument `epsilon` must be > 0. Received: epsilon={epsilon}$"
    ):
        GlobalContrastNormalization(epsilon=epsilon)


def test_whole_numbers_are_normalized_too():
    result = np.asarray(GlobalContrastNormalization()(np.array([[0, 255]], np.uint8)))

    assert result.tolist() == [[-1.0, 1.0]]


def test_a_global_layer_is_saved(check_saving, images):
    check_saving(GlobalContrastNormalization(scale=2.0), images)


def locally_normalized(pictures, blur, epsilon=0.0):
    """Jarrett et al. (2009), section 2, an image at a time; `v`, and `v` divided."""
    centred, divided = [], []
    for picture in pictures.astype(np.float64):
        v = picture - blur(picture.mean(-1))[..., None]
        s = np.sqrt(blur(np.square(v).mean(-1)))
        centred.append(v)
        divided.append(v / np.maximum(np.maximum(s.mean(), s), epsilon)[..., None])
    return np.stack(centred), np.stack(divided)


def gaussian(sigma, radius):
    return lambda plane: ndimage.gaussian_filter(plane, sigma, mode="reflect", radius=radius)


@pytest.mark.parametrize(
    ("arguments", "blur"),
    [
        pytest.param({}, gaussian(9 / 4, 4), id="as it is"),
        pytest.param({"size": 5, "sigma": 0.8}, gaussian(0.8, 2), id="gaussian"),
        pytest.param(
            {"size": 3, "window": "box"},
            lambda plane: ndimage.uniform_filter(plane, 3, mode="reflect"),
            id="box",
        ),
        pytest.param({"size": 17}, gaussian(17 / 4, 8), id="half a window as wide as the image"),
        pytest.param({"size": 1}, lambda plane: plane, id="one pixel"),
    ],
)
def test_local_normalization_is_its_equation(pictures, arguments, blur):
    subtracted = np.asarray(LocalContrastNormalization(divisive=False, **arguments)(pictures))
    divided = np.asarray(LocalContrastNormalization(**arguments)(pictures))

    expected_subtracted, expected_divided = locally_normalized(pictures, blur)
    assert subtracted == pytest.approx(expected_subtracted, abs=1e-4)
    assert divided == pytest.approx(expected_divided, abs=1e-5)


def test_the_window_is_one_over_space_and_channels(pictures):
    window = np.ones((3, 3, 3)) / 27

    result = np.asarray(LocalContrastNormalization(3, "box", divisive=False)(pictures))

    means = [ndimage.correlate(one.astype(np.float64), window, mode="reflect") for one in pictures]
    assert result == pytest.approx(pictures - np.stack(means)[..., 1:2], abs=1e-4)


def test_contrast_below_epsilon_is_not_blown_up(pictures):
    result = np.asarray(LocalContrastNormalization(5, epsilon=80.0)(pictures))

    expected = locally_normalized(pictures, gaussian(5 / 4, 2), epsilon=80)[1]
    assert result == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, 255.0])
def test_a_flat_image_becomes_zeros(value):
    assert np.all(np.asarray(LocalContrastNormalization()(np.full((2, 12, 9, 3), value))) == 0)


def test_whole_numbers_are_normalized_locally_too(pictures):
    layer = LocalContrastNormalization()

    assert np.array_equal(np.asarray(layer(pictures.astype(np.uint8))), np.asarray(layer(pictures)))


def test_a_local_layer_computes_in_float32_whatever_it_returns(pictures):
    result = LocalContrastNormalization(dtype="bfloat16")(pictures.astype(np.uint8))

    expected = np.asarray(LocalContrastNormalization()(pictures))
    assert np.asarray(result).astype(np.float32) == pytest.approx(expected, rel=2**-8)


def test_a_local_layer_is_saved(check_saving, pictures):
    check_saving(LocalContrastNormalization(5, "box", sigma=2.0, epsilon=1e-3), pictures)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 4}, "Argument `size` must be odd and > 0. Received: size=4"),
        ({"size": -1}, "Argument `size` must be odd and > 0. Received: size=-1"),
        (
            {"window": "round"},
            "Argument `window` must be 'gaussian' or 'box'. Received: window='round'",
        ),
        ({"sigma": 0}, "Argument `sigma` must be > 0. Received: sigma=0"),
        ({"epsilon": 0}, "Argument `epsilon` must be > 0. Received: epsilon=0"),
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LocalContrastNormalization(**arguments)


def test_a_window_too_large_for_the_image_is_refused(pictures):
    message = (
        "Argument `size` must be so small that `size // 2` fits in the image. "
        "Received: size=19, input_shape=(3, 11, 8, 3)"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LocalContrastNormalization(size=19)(pictures)
