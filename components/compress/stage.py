"""Compress a model, and measure what that costs and brings."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.compress.config import Config, Method
from components.compress.litert import Runner, export
from components.dataset import Facts, Split
from components.examples import Examples


class Compressed(BaseModel):
    """One exported model."""

    method: str
    file: str
    size_bytes: int
    accuracy: float
    """On the whole test split."""
    accuracy_drop: float
    """Against the model before compression; negative where it became better."""
    latency_ms: float
    """Median time of one example on one thread of this machine."""


def fixed(serving: keras.Model, facts: Facts) -> tuple[keras.Model, Sequence[keras.Layer]]:
    """The part of a serving model that is exported, and the layers that come before it.

    A LiteRT file takes examples of one shape, so a `Resizing` of images of several sizes stays
    outside.
    """
    before = serving.layers[:1] if facts.is_ragged else []
    inside = serving.layers[len(before) :]
    size = [(layer.height, layer.width, facts.shape[-1]) for layer in before]
    inputs = keras.Input(size[0] if size else facts.shape, dtype="float32")
    return keras.Sequential([inputs, *inside]), before


def calibration(
    train: Split, facts: Facts, before: Sequence[keras.Layer], count: int, seed: int
) -> list[NDArray[np.float32]]:
    """`count` examples of the train split, or all where it has fewer, each `(1, ...)` float32."""
    rows = np.random.default_rng(seed).permutation(len(train))[:count]
    chosen = Examples(train.take(rows), facts, before).array()
    return [example[np.newaxis].astype(np.float32) for example in chosen]


def compress(
    model: keras.Model,
    config: Config,
    examples: Sequence[NDArray[np.float32]],
    inputs: Iterable[NDArray[np.float32]],
    labels: NDArray[np.int64],
    reference: float,
    folder: Path,
) -> list[Compressed]:
    """Exports a model uncompressed and by every method, and measures each.

    Args:
        model: What `fixed` gives.
        config: The section.
        examples: What `calibration` gives.
        inputs: The test split in chunks, `(n, ...)` each; iterated once for each method.
        labels: Its labels, `(n,)`.
        reference: Test accuracy of the model before compression.
        folder: Gets the `.tflite` files.
    """
    measured = []
    methods: list[Method | None] = [None, *config.methods]
    for method in methods:
        path = folder / f"{method or 'float32'}.tflite"
        path.write_bytes(export(model, method, examples))
        runner = Runner(path)
        predicted = np.array([runner(example).argmax() for chunk in inputs for example in chunk])
        accuracy = float((predicted == labels).mean())
        measured.append(
            Compressed(
                method=method or "float32",
                file=path.name,
                size_bytes=path.stat().st_size,
                accuracy=accuracy,
                accuracy_drop=reference - accuracy,
                latency_ms=runner.latency_ms(examples[0][0]),
            )
        )
    return measured


def refused(measured: Sequence[Compressed], config: Config) -> list[str]:
    """Why the gate says no, one sentence for each method that fails it."""
    limit = config.gate.max_accuracy_drop
    return [
        f"compress: {one.method} loses {one.accuracy_drop:.4f} of test accuracy "
        f"({one.accuracy:.4f}); compress.gate.max_accuracy_drop allows {limit}"
        for one in measured
        if one.method in config.methods and one.accuracy_drop > limit
    ]
