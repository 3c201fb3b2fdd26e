"""The `preprocess` section of a pipeline file."""

from components.config.section import Layer

Config = tuple[Layer, ...]
"""Layers, first to last. Those with statistics (`adapt`) are fitted on the train split."""
