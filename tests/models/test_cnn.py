"""The deep convolutional network."""

import keras

from components.models.cnn import Cnn
from components.models.cnn.network import cnn


def test_by_itself_it_is_three_pairs_of_convolutions_each_twice_as_wide():
    made = Cnn(architecture="cnn")
    inputs = keras.Input((28, 28, 1))
    model = keras.Model(inputs, cnn(inputs, made.filters, made.convolutions, made.dropout))

    convolutions = [one for one in model.layers if isinstance(one, keras.layers.Conv2D)]
    assert [one.filters for one in convolutions] == [32, 32, 64, 64, 128, 128]
    assert model.output_shape == (None, 128)
    # Kernels of 3x3 without a bias, and four numbers of each channel's normalization.
    pairs = [(1, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    assert model.count_params() == sum(9 * before * after + 4 * after for before, after in pairs)
