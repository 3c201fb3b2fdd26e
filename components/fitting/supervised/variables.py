"""All that a step of a training changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np


def variables(model: keras.Model) -> list[Any]:
    """Weights, random seeds, and what the optimizer knows, which is built where it is not."""
    optimizer = model.optimizer
    if not optimizer.built:  # a second time, one that scales losses makes more variables
        optimizer.build(model.trainable_variables)
    return [*model.variables, *optimizer.variables]


def decay(model: keras.Model) -> float:
    """What regularizers of weights add to the loss, as the weights are."""
    weights = model.trainable_variables
    return sum(float(one.regularizer(one)) for one in weights if one.regularizer is not None)


@contextmanager
def restored(*changed: Any) -> Iterator[None]:
    """Every variable is afterwards what it was."""
    values = [np.array(one) for one in changed]
    try:
        yield
    finally:
        for variable, value in zip(changed, values, strict=True):
            variable.assign(value)
