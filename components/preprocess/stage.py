"""Fit preprocessing layers, and apply them."""

from collections.abc import Sequence

import keras
import numpy as np

from components.dataset import Facts, Split
from components.examples import Examples


def fit(layers: Sequence[keras.Layer], train: Split, facts: Facts) -> None:
    """Fits each layer with statistics to the train split, as the layers before it leave it."""
    for position, layer in enumerate(layers):
        if hasattr(layer, "adapt"):
            layer.adapt(Examples(train, facts, layers[:position]))


def transform(layers: Sequence[keras.Layer], split: Split, facts: Facts) -> Split:
    """Applies the fitted layers to a split; the inputs become float32."""
    return Split(Examples(split, facts, layers).array().astype(np.float32), split.labels)


def as_model(layers: Sequence[keras.Layer], facts: Facts) -> keras.Sequential:
    """The fitted layers as one model from raw examples to model-ready ones."""
    inputs = keras.Input(facts.shape, dtype=facts.dtype)
    return keras.Sequential([inputs, *layers], name="preprocessing")
