"""What a task puts behind an architecture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from numpy.typing import NDArray

Targets = Callable[[Mapping[str, Any]], Any]
"""From the values of the target columns of some examples to what the loss takes."""


@dataclass(frozen=True)
class Head:
    """The last layers of a network, and what it is fitted by."""

    attach: Callable[[Any], Any]
    """From features to the output; it computes in float32, since probabilities near 0 and 1 do not
    fit into half precision."""
    loss: keras.losses.Loss
    metrics: Sequence[keras.metrics.Metric]
    """What the learning curves show besides the loss."""
    targets: Targets
    guess: Callable[[Any], Any] | None = None
    """From what the loss takes of some examples, `(n, ...)`, to what a model would give that does
    not look at its input, `(n, ...)`: the same for each. None where there is no such answer."""
    finish: Callable[[keras.Model], Sequence[keras.Layer]] = lambda _: ()
    """Layers that make of the output of the trained model what is served."""


def values(columns: Mapping[str, Any]) -> NDArray[Any]:
    """The values of the only target."""
    (found,) = columns.values()
    return found  # type: ignore[no-any-return]
