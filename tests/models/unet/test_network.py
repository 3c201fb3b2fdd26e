"""The U-Net: features for every pixel, whatever the size."""

import keras
import numpy as np
import pytest

from components.models.unet import Unet
from components.models.unet.network import unet


@pytest.mark.parametrize("size", [(64, 64), (37, 53), (8, 8), (33, 64), (31, 9)])
def test_each_pixel_gets_features_whatever_the_size(size):
    inputs = keras.Input((*size, 3))

    model = keras.Model(inputs, unet(inputs, (4, 8, 16, 32), 1, 0.1))

    assert np.asarray(model(np.zeros((2, *size, 3), np.float32))).shape == (2, *size, 4)


def test_each_map_of_the_encoder_is_seen_again():
    inputs = keras.Input((16, 16, 1))

    model = keras.Model(inputs, unet(inputs, (4, 8, 16), 1, 0.0))

    seen = [one for one in model.layers if isinstance(one, keras.layers.Concatenate)]
    assert [tuple(one.output.shape[1:]) for one in seen] == [(8, 8, 16), (16, 16, 8)]


def test_the_section_builds_it():
    config = Unet(architecture="unet", filters=(4, 8), convolutions=1)

    assert (config.gives, config.takes_images, config.title) == ("map", True, "unet")
    assert config.build(keras.Input((9, 7, 3))).shape == (None, 9, 7, 4)


def test_an_image_smaller_than_the_halvings_is_refused():
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        unet(keras.Input((7, 9, 1)), (4, 8, 16, 32), 1, 0.0)

    assert str(caught.value) == "4 blocks halve images of 7x9 to less than a pixel"
