"""Compress a model, and measure what that costs and brings."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from components.base.words import reason
from components.compress.litert import Runner, export
from components.config.compress import Config, Method
from components.data.dataset import Facts, Split
from components.data.examples import Examples
from components.tasks.comparison import difference

UNCOMPRESSED = "float32"
LIMIT = "compress.gate.max_accuracy_drop allows"


class Compressed(BaseModel):
    """A method, and the model that came of it."""

    method: str
    file: str | None = None
    """In the folder; None where it is left out."""
    size_bytes: int | None = None
    accuracy: float | None = None
    """On the whole test split."""
    accuracy_drop: float | None = None
    """Against the model before compression; negative where it became better."""
    accuracy_drop_low: float | None = None
    """Lower end of its 95 % interval, of the same examples in pairs."""
    accuracy_drop_high: float | None = None
    refused: str | None = None
    """Why it is left out."""


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
    reference: NDArray[np.int64],
    folder: Path,
) -> tuple[list[Compressed], dict[str, float]]:
    """Exports a model uncompressed and by every method, and measures each.

    A method that cannot be applied, or fails the gate, is left out and says why.

    Args:
        model: What `fixed` gives.
        config: The section.
        examples: What `calibration` gives.
        inputs: The test split in chunks, `(n, ...)` each; iterated once.
        labels: Its labels, `(n,)`.
        reference: What the model said before compression, `(n,)`.
        folder: Gets the `.tflite` files.

    Returns:
        Each method, and the milliseconds that its model takes for one example.
    """
    found = [_exported(model, method, examples, folder) for method in (None, *config.methods)]
    runners = {one.method: Runner(folder / one.file) for one in found if one.file}
    said: dict[str, list[int]] = {method: [] for method in runners}
    for example in (example for chunk in inputs for example in chunk):
        for method, runner in runners.items():
            said[method].append(int(runner(example).argmax()))
    measured = []
    for one in found:
        if one.file:
            predicted = np.array(said[one.method])
            one = _measured(one, config, labels, reference, predicted)
            if one.refused:
                (folder / f"{one.method}.tflite").unlink()
        measured.append(one)
    latency_ms = {method: one.latency_ms(examples[0][0]) for method, one in runners.items()}
    return measured, latency_ms


def _exported(
    model: keras.Model, method: Method | None, examples: Sequence[NDArray[np.float32]], folder: Path
) -> Compressed:
    name = method or UNCOMPRESSED
    path = folder / f"{name}.tflite"
    try:
        path.write_bytes(export(model, method, examples))
    except OSError:
        raise
    except Exception as error:  # whatever a converter raises about an operation that it lacks
        return Compressed(method=name, refused=f"cannot be exported: {reason(error)}")
    return Compressed(method=name, file=path.name, size_bytes=path.stat().st_size)


def _measured(
    one: Compressed,
    config: Config,
    labels: NDArray[np.int64],
    reference: NDArray[np.int64],
    predicted: NDArray[np.int64],
) -> Compressed:
    drop = difference("accuracy", labels, reference, predicted)
    limit = config.gate.max_accuracy_drop
    is_refused = one.method != UNCOMPRESSED and drop.low > limit
    why = f"loses {drop.value:.4f} of test accuracy ({drop.low:.4f} or more); {LIMIT} {limit}"
    return one.model_copy(
        update={
            "accuracy": float((predicted == labels).mean()),
            "accuracy_drop": drop.value,
            "accuracy_drop_low": drop.low,
            "accuracy_drop_high": drop.high,
            "file": None if is_refused else one.file,
            "refused": why if is_refused else None,
        }
    )


def sentences(measured: Sequence[Compressed]) -> Iterator[str]:
    """Each method in a few words."""
    for one in measured:
        if one.refused:
            yield f"{one.method} is left out: it {one.refused}"
        elif one.size_bytes and one.accuracy is not None:
            yield f"{one.method} {one.size_bytes / 1000:.1f} kB {one.accuracy:.4f}"
