"""Feature maps of several sizes, and how a coarse one becomes as large as a fine one."""

import keras
import numpy as np
import pytest

from components.layers.pyramid import block, cropped, pyramid


def shapes(maps):
    return [tuple(one.shape[1:]) for one in maps]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((32, 16), [(32, 16, 4), (16, 8, 6), (8, 4, 8)]),
        ((37, 5), [(37, 5, 4), (19, 3, 6), (10, 2, 8)]),
    ],
    ids=["even", "odd sides are rounded up"],
)
def test_each_map_is_half_as_large_as_the_one_above(size, expected):
    assert shapes(pyramid(keras.Input((*size, 3)), (4, 6, 8), 2)) == expected


def test_one_block_halves_nothing():
    assert shapes(pyramid(keras.Input((1, 1, 3)), (4,), 1)) == [(1, 1, 4)]


def test_a_block_has_so_many_convolutions_each_normalized_without_a_bias():
    inputs = keras.Input((8, 8, 3))

    names = [type(one).__name__ for one in keras.Model(inputs, block(inputs, 4, 2)).layers[1:]]
    convolution = keras.Model(inputs, block(inputs, 4, 1)).layers[1]

    assert names == ["Conv2D", "BatchNormalization", "ReLU"] * 2
    assert not convolution.use_bias


def test_what_is_cropped_keeps_its_pixels_in_place():
    values = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1)
    inputs = keras.Input((4, 6, 1))
    model = keras.Model(inputs, cropped(inputs, keras.Input((3, 5, 2))))

    assert np.array_equal(np.asarray(model(values)), values[:, :3, :5])


def test_what_is_as_large_as_it_should_be_is_left_alone():
    inputs = keras.Input((4, 6, 1))

    assert cropped(inputs, keras.Input((4, 6, 9))) is inputs


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((7, 9, 1), "4 blocks halve images of 7x9 to less than a pixel"),
        (
            (None, 9, 1),
            "height and width must be known. Received: inputs.shape=(None, None, 9, 1)",
        ),
    ],
)
def test_images_that_have_no_such_maps_are_refused(shape, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        pyramid(keras.Input(shape), (4, 8, 16, 32), 1)

    assert str(caught.value) == message
