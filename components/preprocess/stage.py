"""Fit preprocessing layers, and apply them, shard by shard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from components.base.errors import Stop
from components.base.files import replacing
from components.base.workers import Workers
from components.data import dataset, shards
from components.data.dataset import Facts, Split
from components.data.examples import Examples
from components.data.shards import Shard
from components.layers.chain import chain
from components.layers.mean import MeanSubtraction
from components.layers.statistics import Statistics
from components.models import keras_files

PARTS = 16  # partial sums of a fit: fixed, so that the result does not depend on the workers


@dataclass(frozen=True)
class Source:
    """Consecutive shards of one split, without the rows that `validate` has dropped."""

    split: str
    paths: tuple[Path, ...]
    facts: Facts
    dropped: tuple[int, ...]
    """Rows, counted from the first of these shards."""

    @classmethod
    def of(cls, folder: Path, split: str, dropped: Sequence[int]) -> "list[Source]":
        """One for each shard of a split."""
        facts, start, sources = dataset.read_facts(folder), 0, []
        rows = np.sort(np.array(dropped, np.int64))
        for path in dataset.shard_paths(folder, split):
            stop = start + len(dataset.open_shards([path], facts))
            first, last = np.searchsorted(rows, [start, stop])
            inside = tuple((rows[first:last] - start).tolist())
            sources.append(cls(split, (path.absolute(),), facts, inside))
            start = stop
        return sources

    def open(self) -> Split:
        """Memory-maps the examples."""
        split = dataset.open_shards(self.paths, self.facts)
        rows = np.delete(np.arange(len(split)), np.array(self.dropped, int))
        return split.take(rows) if self.dropped else split


@dataclass(frozen=True)
class Applied:
    """Examples after some fitted layers, as a worker makes them."""

    source: Source
    model: Path
    """The fitted layers, a `.keras` file."""
    backend: str
    """Keras's backend in the process that sent this."""
    modules: tuple[str, ...]
    """Modules that the layers come from."""

    def chunks(self) -> Iterator[NDArray[Any]]:
        """The examples after the layers, some at a time."""
        layers = _loaded(self.model, self.backend, self.modules)
        yield from Examples(self.source.open(), self.source.facts, layers)


@lru_cache(maxsize=1)
def _loaded(model: Path, backend: str, modules: tuple[str, ...]) -> Sequence[keras.Layer]:
    """The layers of a file, which every run of the stage names anew."""
    here = keras.backend.backend()
    if here != backend:
        raise Stop(
            f"a worker runs Keras on {here}, the pipeline on {backend}; "
            f"start the workers with KERAS_BACKEND={backend}"
        )
    keras_files.know(modules)
    return keras_files.load(model).layers  # type: ignore[no-any-return]


def fit(
    layers: Sequence[keras.Layer],
    sources: Sequence[Source],
    folder: Path,
    workers: Workers,
    modules: tuple[str, ...] = (),
) -> None:
    """Fits each layer with statistics to the train split, as the layers before it leave it.

    One pass over the data for each such layer. Its sums are gathered part by part and merged in
    the order of the parts, so the result does not depend on where that was.

    Args:
        layers: First to last; their weights are assigned.
        sources: The shards of the train split.
        folder: Gets a file for every pass; the workers see it.
        workers: Gather the sums.
        modules: Modules that the layers come from.
    """
    for position, layer in enumerate(layers):
        if not needs_fit(layer):
            continue
        model = _saved(layers[:position], sources[0].facts, folder / f"{position}.keras")
        backend = keras.backend.backend()
        applied = [Applied(source, model, backend, modules) for source in sources]
        statistics = _statistics(layer)
        if statistics is None:  # a layer of Keras or of the user's that only fits by itself
            layer.adapt(_all_chunks(applied))
            continue
        parts = np.array_split(np.arange(len(applied)), min(PARTS, len(applied)))
        config = keras.saving.serialize_keras_object(statistics)
        items = [
            (config, [applied[place] for place in part], model.with_suffix(f".{number}.npz"))
            for number, part in enumerate(parts)
        ]
        for path in workers.map(_sums, items, f"fitting {layer.name}"):
            with np.load(path) as state:
                statistics.add_partial_state(state)
            path.unlink()
        _finish(layer, statistics)


def needs_fit(layer: keras.Layer) -> bool:
    """Whether a layer has statistics, and was not given them (`Normalization: {mean: 0.5}`)."""
    return hasattr(layer, "adapt") and getattr(layer, "input_mean", None) is None


def _statistics(layer: keras.Layer) -> Statistics | None:
    """What gathers the sums of a layer: itself, or one like it for Keras's Normalization."""
    if isinstance(layer, Statistics):
        return layer
    if type(layer) is keras.layers.Normalization:
        return MeanSubtraction(layer.axis)
    return None


def _sums(item: tuple[Mapping[str, Any], Sequence[Applied], Path]) -> Path:
    """Gathers the sums of some shards in a file: sent, they would be in memory three times."""
    config, parts, path = item
    keras_files.know(parts[0].modules)
    statistics = keras.saving.deserialize_keras_object(config)
    for chunk in _all_chunks(parts):
        statistics.update_state(chunk)
    with replacing(path) as beside, beside.open("wb") as file:
        np.savez(file, **statistics.partial_state())
    statistics.moments = None  # a layer refers to itself, and would keep them until it is collected
    return path


def _all_chunks(parts: Iterable[Applied]) -> Iterator[NDArray[Any]]:
    for part in parts:
        yield from part.chunks()


def _finish(layer: keras.Layer, statistics: Statistics) -> None:
    if layer is statistics:
        layer.finalize_state()
        return
    state = statistics.partial_state()
    layer.build((None, *state["shape"].tolist()))
    layer.adapt_mean.assign(state["mean"].reshape(layer.adapt_mean.shape))
    variance = state["scatter"] / state["count"]
    layer.adapt_variance.assign(variance.reshape(layer.adapt_variance.shape))
    layer.finalize_state()


@dataclass(frozen=True)
class Summary:
    """Sums of the values of a shard, in float64."""

    count: int
    total: float
    squares: float


def transform(
    layers: Sequence[keras.Layer],
    sources: Sequence[Source],
    folder: Path,
    scratch: Path,
    workers: Workers,
    modules: tuple[str, ...] = (),
) -> tuple[Facts, dict[str, float]]:
    """Applies the fitted layers to every shard; the inputs become float32.

    Args:
        layers: Fitted, first to last.
        sources: The shards of every split.
        folder: Gets the dataset.
        scratch: Gets what the workers need.
        workers: Write the shards.
        modules: Modules that the layers come from.

    Returns:
        What is known about the new dataset, and `mean` and `standard_deviation` of its train
        split.
    """
    facts = sources[0].facts
    model = as_model(layers, facts)
    ready = replace(facts, shape=tuple(model.output_shape[1:]), dtype="float32", is_encoded=False)
    path = _saved(layers, facts, scratch / "all.keras")
    names = [source.split for source in sources]
    totals, numbers = Counter(names), Counter[str]()
    items = []
    for source in sources:
        file = shards.file_name(numbers[source.split], totals[source.split])
        numbers[source.split] += 1
        target = (folder / source.split / file).absolute()
        items.append((Applied(source, path, keras.backend.backend(), modules), target, ready))
    written, sums = zip(*workers.map(_write, items, "preprocessing"), strict=True)
    counts = dict.fromkeys(facts.counts, 0)
    for shard in written:
        counts[shard.split] += shard.count
    ready = ready.with_counts(counts)
    shards.seal(folder, written, ready)
    train = [one for one, name in zip(sums, names, strict=True) if name == "train"]
    count = sum(one.count for one in train)
    mean = sum(one.total for one in train) / count
    variance = max(0.0, sum(one.squares for one in train) / count - mean**2)
    return ready, {"mean": mean, "standard_deviation": variance**0.5}


def _write(item: tuple[Applied, Path, Facts]) -> tuple[Shard, Summary]:
    applied, path, facts = item
    labels = applied.source.open().labels
    count, total, squares = 0, 0.0, 0.0

    def parts() -> Iterator[Split]:
        nonlocal count, total, squares
        start = 0
        for chunk in applied.chunks():
            values = chunk.astype(np.float32, copy=False)
            flat = values.ravel()
            count += flat.size
            total += float(flat.sum(dtype=np.float64))
            squares += float(np.einsum("i,i->", flat, flat, dtype=np.float64))
            yield Split(values, labels[start : start + len(values)])
            start += len(values)
        if not len(labels):
            yield Split(np.empty((0, *facts.shape), np.float32), labels)

    return shards.write(path, parts(), facts), Summary(count, total, squares)


def _saved(layers: Sequence[keras.Layer], facts: Facts, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    keras_files.save(as_model(layers, facts), path)
    return path.absolute()


def as_model(layers: Sequence[keras.Layer], facts: Facts) -> keras.Sequential:
    """The fitted layers as one model from raw examples to model-ready ones."""
    inputs = keras.Input(facts.shape, dtype=facts.dtype)
    # Without a layer, Keras would not know a model as built.
    return chain(inputs, layers or [keras.layers.Identity()], ("preprocess",), "preprocessing")
