"""Preprocessing layers that Keras does not have, usable in a pipeline file by their names.

A layer with statistics has Keras's `adapt(data)`, made of three steps that let one pass, in one
process or in many, fit it: `update_state(examples)` adds a batch, `merge_state(layers)` adds the
sums of layers that saw other batches, and `finalize_state()` turns the sums into weights.
Between processes the sums travel as NumPy arrays: `partial_state()` to `add_partial_state(state)`.
"""

from typing import TYPE_CHECKING

# Named here, and imported from their modules by whoever uses one (`components.config.lookup`): a
# stage depends on the layers of its pipeline alone.
if TYPE_CHECKING:
    from components.layers.contrast import GlobalContrastNormalization, LocalContrastNormalization
    from components.layers.feature_space import FeatureSpace
    from components.layers.grayscale import Grayscale
    from components.layers.mean import MeanSubtraction
    from components.layers.whitening import PCAWhitening, ZCAWhitening

__all__ = [
    "FeatureSpace",
    "GlobalContrastNormalization",
    "Grayscale",
    "LocalContrastNormalization",
    "MeanSubtraction",
    "PCAWhitening",
    "ZCAWhitening",
]
