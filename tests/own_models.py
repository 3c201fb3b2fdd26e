"""A user's architecture."""

from keras import layers


def own(inputs, width):
    """One layer."""
    return layers.Dense(width)(layers.Flatten()(inputs))


def drawing(inputs):
    """One that draws, and that counts what it is shown."""
    hidden = layers.BatchNormalization()(layers.Dense(16, "relu")(inputs))
    return layers.Dense(8, "relu")(layers.Dropout(0.2)(hidden))
