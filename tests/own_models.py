"""A user's architecture."""

import keras
from keras import layers


def own(inputs, width):
    """One layer."""
    return layers.Dense(width)(layers.Flatten()(inputs))


def drawing(inputs):
    """One that draws, and that counts what it is shown."""
    hidden = layers.BatchNormalization()(layers.Dense(16, "relu")(inputs))
    return layers.Dense(8, "relu")(layers.Dropout(0.2)(hidden))


def alike(inputs, start="ones"):
    """One whose hidden units are all the same."""
    return layers.Dense(8, "tanh", kernel_initializer=start, name="hidden")(inputs)


def twice_alike(inputs):
    """The same, two layers deep."""
    deeper = layers.Dense(4, "tanh", kernel_initializer="ones", name="deeper")
    return deeper(alike(inputs))


def zeros_added(inputs):
    """A block that begins as if it were not there, as the last one of a residual branch may."""
    hidden = layers.Dense(8, "relu")(inputs)
    return layers.Add()([hidden, layers.Dense(8, kernel_initializer="zeros")(hidden)])


def nested(inputs):
    """A network within the network, as the body of a transfer is."""
    own = keras.Input(inputs.shape[1:])
    return keras.Model(own, layers.Dense(8, "relu")(own))(inputs)


def embedded(inputs):
    """Numbers of a few kinds; the gradient of an embedding has but some of its rows."""
    return layers.Flatten()(layers.Embedding(10, 4)(abs(inputs)))


def shared(inputs):
    """One layer twice."""
    layer = layers.Dense(2, "tanh")
    return layer(layer(inputs))


class Still(keras.losses.Loss):
    """A loss that tells the weights nothing."""

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.stop_gradient(y_pred), axis=-1)
