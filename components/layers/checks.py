"""Layers that cannot stand where a pipeline file has them, asked of the layers themselves."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras

from components.base.errors import Location, Mistakes, Problem
from components.base.words import reason

Shape = Sequence[int | None]

MOVE = "it belongs under augment.layers"
UNMIXED = "mixes examples, and would have to mix their labels, which augment.layers does not do"
KEPT = "augmentation keeps the shape of an example"
UNKNOWN = "is not known to leave images on their masks; one that does extends keras.layers.Identity"
HOME = "components.layers."
"""Where our layers are, each of which leaves pixels in their places."""
IN_PLACE = (
    keras.layers.Activation,
    keras.layers.AutoContrast,
    keras.layers.Equalization,
    keras.layers.Identity,
    keras.layers.InputLayer,
    keras.layers.Normalization,
    keras.layers.ReLU,
    keras.layers.Rescaling,
    keras.layers.Solarization,
)
"""Layers of Keras that do so too."""


def check_preprocessing(layers: Sequence[keras.Layer]) -> None:
    """Raises `Mistakes` where a layer draws at random, as the same example must stay the same."""
    _raise(
        Problem(("preprocess", position), f"{_name(layer)} draws at random; {MOVE}")
        for position, layer in enumerate(layers)
        if any(part._seed_generators for part in layer._flatten_layers())
    )


def check_augmentation(layers: Sequence[keras.Layer], shape: Sequence[int | None]) -> None:
    """Raises `Mistakes` where a layer mixes examples, or gives them another shape.

    Args:
        layers: First to last.
        shape: Of one example, which the model is made for.
    """
    where: Location = ("augment", "layers")
    mixing = keras.layers.MixUp, keras.layers.CutMix
    _raise(
        Problem((*where, position), f"{_name(layer)} {UNMIXED}")
        for position, layer in enumerate(layers)
        if any(isinstance(part, mixing) for part in layer._flatten_layers())
    )
    for position, layer in enumerate(layers):
        try:
            given = shape_after(layer, shape)
        except Exception as error:  # whatever a layer raises about its input
            _raise([Problem((*where, position, _name(layer)), reason(error))])
        if given != tuple(shape):
            message = f"{_name(layer)} makes {_shown(given)} of {_shown(shape)}; {KEPT}"
            _raise([Problem((*where, position), message)])


def check_masks(layers: Sequence[keras.Layer], shape: Shape) -> None:
    """Raises `Mistakes` where a layer would part masks from their images.

    Args:
        layers: Of the augmentation.
        shape: Of an image, `(height, width, channels)`.
    """
    # There: what refuses layers is nobody's dependency, what moves masks is.
    from components.layers.geometry import why_not

    height, width = (length or 0 for length in shape[:2])
    where: Location = ("augment", "layers")
    found = ((place, why_not(layer, height, width)) for place, layer in enumerate(layers))
    _raise(Problem((*where, place), why) for place, why in found if why is not None)


def check_register(layers: Sequence[keras.Layer]) -> None:
    """Raises `Mistakes` where a layer of preprocessing may move images, and not their masks."""
    _raise(
        Problem(("preprocess", position), f"{_name(layer)} {UNKNOWN}")
        for position, layer in enumerate(layers)
        if type(layer) is not keras.layers.Resizing
        and not isinstance(layer, IN_PLACE)
        and not type(layer).__module__.startswith(HOME)
    )


def shape_after(layer: keras.Layer, shape: Shape | Mapping[str, Shape]) -> tuple[int | None, ...]:
    """The shape of an example after a layer, which need not say it: Keras tries it where not.

    Args:
        layer: Takes an example, or its columns.
        shape: Of the example, or of each column.
    """
    given: Any
    if isinstance(shape, Mapping):
        given = {name: keras.KerasTensor((None, *one)) for name, one in shape.items()}
    else:
        given = keras.KerasTensor((None, *shape))
    return tuple(layer.compute_output_spec(given).shape)[1:]


def _raise(problems: Iterator[Problem] | list[Problem]) -> None:
    if found := list(problems):
        raise Mistakes(found)


def _name(layer: keras.Layer) -> str:
    return type(layer).__name__


def _shown(shape: Sequence[int | None]) -> str:
    return "x".join("any" if length is None else str(length) for length in shape)
