"""The `preprocess` section of a pipeline file."""

from typing import Annotated

from pydantic import AfterValidator

from components.config.lookup import makes
from components.config.section import Layer, mistake


def _fixed(layer: Layer) -> Layer:
    if makes(layer.definition, "SeedGenerator"):
        raise mistake(f"{layer.name} draws at random; it belongs under augment.layers")
    return layer


Config = tuple[Annotated[Layer, AfterValidator(_fixed)], ...]
