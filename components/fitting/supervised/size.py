"""How large a network is, told before it is built: its variables are counted, not made."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import keras
import psutil

from components.base.errors import Mistakes, Problem
from components.base.words import size_of
from components.config.models import Architecture
from components.data.schema import Schema
from components.fitting.supervised.build import build
from components.tasks.head import Head

FLOAT = 4  # bytes
COPIES = 4  # of each parameter: itself, its gradient, and two of Adam's moments
PASSES = 2  # each activation is kept for the backward pass, and has a gradient


@dataclass(frozen=True)
class Size:
    """How large a network is."""

    parameters: int
    activations: int
    """Values that all layers together give for one example."""

    def step_bytes(self, batch_size: int) -> int:
        """About the memory of a training step in float32; what a library needs comes on top."""
        return FLOAT * (COPIES * self.parameters + PASSES * batch_size * self.activations)


def size(config: Architecture, schema: Schema, head: Head) -> Size:
    """Counts a network; the arguments are those of `build`.

    Raises:
        Mistakes: The network does not fit the shape of the examples.
    """
    # Keras keeps a thread's variables without values, and gives them values at the end of its next
    # scope, whatever that is for; of a thread that has ended it makes none.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_counted, config, schema, head).result()


def _counted(config: Architecture, schema: Schema, head: Head) -> Size:
    with keras.StatelessScope(initialize_variables=False):
        model = build(config, schema, head)
        parameters = sum(math.prod(weight.shape) for weight in model.weights)
        given = (
            tensor
            for layer in model.layers
            for node in layer._inbound_nodes
            for tensor in node.output_tensors
        )
        activations = sum(math.prod(length or 1 for length in one.shape) for one in given)
    return Size(parameters, activations)


def check_memory(found: Size, batch_size: int) -> None:
    """Raises `Mistakes` where a training step is larger than the memory of this machine."""
    needed, there = found.step_bytes(batch_size), psutil.virtual_memory().total
    if needed > there:
        message = (
            f"{found.parameters:,} parameters and batches of {batch_size} need about "
            f"{size_of(needed)} a training step; this machine has {size_of(there)}"
        )
        raise Mistakes([Problem(("model",), message)])
