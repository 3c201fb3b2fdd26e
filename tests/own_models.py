"""A user's architecture."""

from keras import layers


def own(inputs, width):
    """One layer."""
    return layers.Dense(width)(layers.Flatten()(inputs))
