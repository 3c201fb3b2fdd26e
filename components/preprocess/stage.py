"""Fit preprocessing layers, and apply them, shard by shard."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from components.data.examples import Batch, Examples
from components.data.features.feature import Feature, Shape
from components.data.schema import Schema
from components.data.shards import Shard
from components.layers.chain import Inputs, chain, links
from components.layers.mean import MeanSubtraction
from components.models import keras_files

PARTS = 16  # partial sums of a fit: fixed, so that the result does not depend on the workers
GIVEN = ("input_mean", "bin_boundaries", "input_vocabulary")
"""Where layers of Keras keep the statistics that they were given."""


@dataclass(frozen=True)
class Source:
    """Consecutive shards of one split, without the rows that `validate` has dropped."""

    split: str
    paths: tuple[Path, ...]
    schema: Schema
    dropped: tuple[int, ...]
    """Rows, counted from the first of these shards."""

    @classmethod
    def of(cls, folder: Path, split: str, dropped: Sequence[int]) -> "list[Source]":
        """One for each shard of a split."""
        schema, start, sources = dataset.read_facts(folder).schema, 0, []
        rows = np.sort(np.array(dropped, np.int64))
        for path in dataset.shard_paths(folder, split):
            stop = start + len(dataset.open_shards([path], schema))
            first, last = np.searchsorted(rows, [start, stop])
            inside = tuple((rows[first:last] - start).tolist())
            sources.append(cls(split, (path.absolute(),), schema, inside))
            start = stop
        return sources

    def open(self) -> Split:
        """Memory-maps the examples."""
        split = dataset.open_shards(self.paths, self.schema)
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

    def chunks(self) -> Iterator[Batch]:
        """The examples after the layers, some at a time."""
        yield from self._examples()

    def moved(self) -> Iterator[tuple[Batch, Mapping[str, NDArray[Any]]]]:
        """The same, each with the targets that move with it."""
        yield from self._examples().moved()

    def _examples(self) -> Examples:
        return Examples(self.source.open(), _loaded(self.model, self.backend, self.modules))


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
    return links(keras_files.load(model))


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
        model = _saved(layers[:position], sources[0].schema, folder / f"{position}.keras")
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
    return hasattr(layer, "adapt") and all(getattr(layer, one, None) is None for one in GIVEN)


def _statistics(layer: keras.Layer) -> Any:
    """What gathers the sums of a layer: itself, or one like it for Keras's Normalization."""
    if hasattr(layer, "partial_state"):
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
    # A layer refers to itself, and would keep them until it is collected.
    vars(statistics).update({"moments": None, "state": {}})
    return path


def _all_chunks(parts: Iterable[Applied]) -> Iterator[Batch]:
    for part in parts:
        yield from part.chunks()


def _finish(layer: keras.Layer, statistics: Any) -> None:
    if layer is statistics:
        layer.finalize_state()
        return
    state = statistics.partial_state()
    layer.build((None, *state["shape"].tolist()))
    layer.adapt_mean.assign(state["mean"].reshape(layer.adapt_mean.shape))
    variance = state["scatter"] / state["count"]
    layer.adapt_variance.assign(variance.reshape(layer.adapt_variance.shape))
    layer.finalize_state()


def copy(sources: Sequence[Source], folder: Path) -> Facts:
    """Writes a dataset that no layer computes with, such as of text: what `validate` has kept."""
    schema = sources[0].schema
    written = [
        shards.write(path, [source.open().read()], schema)
        for source, path in _placed(sources, folder)
    ]
    return _sealed(folder, written, schema)


def _placed(sources: Sequence[Source], folder: Path) -> Iterator[tuple[Source, Path]]:
    """Each with the shard that comes of it."""
    totals, numbers = Counter(one.split for one in sources), Counter[str]()
    for source in sources:
        file = shards.file_name(numbers[source.split], totals[source.split])
        numbers[source.split] += 1
        yield source, (folder / source.split / file).absolute()


def _sealed(folder: Path, written: Sequence[Shard], schema: Schema) -> Facts:
    """Makes a dataset of shards, and says what is known of it."""
    counts = Counter[str]()
    for shard in written:
        counts[shard.split] += shard.count
    facts = Facts(schema, dict(counts))
    shards.seal(folder, written, facts)
    return facts


@dataclass(frozen=True)
class Summary:
    """Sums of the values of a shard, in float64."""

    count: int
    total: float
    squares: float


def prepare(
    layers: Sequence[keras.Layer],
    sources: Sequence[Source],
    folder: Path,
    scratch: Path,
    workers: Workers,
    modules: tuple[str, ...] = (),
) -> tuple[Facts, dict[str, float]]:
    """Fits the layers to the train split, and applies them to every shard.

    Files are decoded once: where a layer is fitted, what it gets is written, and read again.

    Args:
        layers: First to last; their weights are assigned.
        sources: The shards of every split.
        folder: Gets the dataset.
        scratch: Gets what the workers need.
        workers: Do it.
        modules: Modules that the layers come from.

    Returns:
        As `transform`.
    """
    first = next((place for place, one in enumerate(layers) if needs_fit(one)), None)
    schema = sources[0].schema
    is_decoded = first is not None and schema.columns[schema.inputs[0]].is_encoded
    if is_decoded:
        before, layers = layers[:first], layers[first:]
        facts, _ = transform(before, sources, scratch / "decoded", scratch, workers, modules)
        sources = [one for name in facts.counts for one in Source.of(scratch / "decoded", name, ())]
    fit(layers, [one for one in sources if one.split == "train"], scratch, workers, modules)
    return transform(layers, sources, folder, scratch, workers, modules, are_spent=is_decoded)


def transform(
    layers: Sequence[keras.Layer],
    sources: Sequence[Source],
    folder: Path,
    scratch: Path,
    workers: Workers,
    modules: tuple[str, ...] = (),
    are_spent: bool = False,
) -> tuple[Facts, dict[str, float]]:
    """Applies the fitted layers to every shard; the inputs become float32.

    Args:
        layers: Fitted, first to last.
        sources: The shards of every split.
        folder: Gets the dataset.
        scratch: Gets what the workers need.
        workers: Write the shards.
        modules: Modules that the layers come from.
        are_spent: Whether a shard of the sources is removed when it is done.

    Returns:
        What is known about the new dataset, and `mean` and `standard_deviation` of its train
        split.
    """
    schema = sources[0].schema
    ready = ready_schema(tuple(as_model(layers, schema).output_shape[1:]), schema)
    path = _saved(layers, schema, scratch / "all.keras")
    items = [
        (Applied(source, path, keras.backend.backend(), modules), target, ready)
        for source, target in _placed(sources, folder)
    ]
    made = []
    for result, source in zip(workers.map(_write, items, "preprocessing"), sources, strict=True):
        made.append(result)
        if are_spent:  # here, since a worker that dies has its item given to another one
            for file in source.paths:
                file.unlink()
    written, sums = zip(*made, strict=True)
    facts = _sealed(folder, written, ready)
    train = [one for one, shard in zip(sums, written, strict=True) if shard.split == "train"]
    count = sum(one.count for one in train)
    mean = sum(one.total for one in train) / count
    variance = max(0.0, sum(one.squares for one in train) / count - mean**2)
    return facts, {"mean": mean, "standard_deviation": variance**0.5}


def ready_schema(shape: Shape, schema: Schema) -> Schema:
    """The columns as the layers leave them: one input of a shape, whatever there was before."""
    first, *others = schema.inputs
    columns = {name: kind for name, kind in schema.columns.items() if name not in others}
    moved = {name: columns[name].after(shape[:2]) for name in schema.moving}
    return Schema({**columns, **moved, first: columns[first].after(shape)}, schema.targets)


def _write(item: tuple[Applied, Path, Schema]) -> tuple[Shard, Summary]:
    applied, path, schema = item
    source = applied.source.open()
    ((name,), targets) = schema.inputs, {one: source[one] for one in schema.targets}
    count, total, squares = 0, 0.0, 0.0

    def parts() -> Iterator[Split]:
        nonlocal count, total, squares
        start = 0
        for chunk, masks in applied.moved():
            values = np.asarray(chunk).astype(np.float32, copy=False)
            flat = values.ravel()
            count += flat.size
            total += float(flat.sum(dtype=np.float64))
            squares += float(np.einsum("i,i->", flat, flat, dtype=np.float64))
            learned = {one: rows[start : start + len(values)] for one, rows in targets.items()}
            yield Split(schema, {name: values, **learned, **masks})
            start += len(values)
        if not len(source):
            yield dataset.empty(schema)

    return shards.write(path, parts(), schema), Summary(count, total, squares)


def _saved(layers: Sequence[keras.Layer], schema: Schema, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    keras_files.save(as_model(layers, schema), path)
    return path.absolute()


def raw_inputs(schema: Schema) -> Inputs:
    """What a model of raw examples takes: a tensor, or one for each column."""
    if len(schema.inputs) == 1:
        return keras.Input(schema.input.shape, dtype=schema.input.decoded_dtype)
    return {name: _raw_input(name, schema.columns[name]) for name in schema.inputs}


def _raw_input(name: str, kind: Feature) -> keras.KerasTensor:
    return keras.Input(kind.shape, dtype=kind.decoded_dtype, name=name)


def as_model(layers: Sequence[keras.Layer], schema: Schema) -> keras.Model:
    """The fitted layers as one model from raw examples to model-ready ones."""
    inputs = raw_inputs(schema)
    # Without a layer, Keras would not know a model as built.
    return chain(inputs, layers or [keras.layers.Identity()], ("preprocess",), "preprocessing")
