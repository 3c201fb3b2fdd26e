"""What only Keras and the data show of a pipeline file: `found_by` runs `main`.

A process of its own, so that what a file asks for can be limited in time, and cannot take the
command with it. It writes what it found out as JSON, whatever else is printed, and says the
mistakes as every command does.
"""

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from components.augment import stage as augment
from components.base.errors import Location, Mistakes, Problem, Stop
from components.base.files import write_json
from components.base.words import reason, size_of, yaml_of
from components.base.workers import Workers
from components.config.building import build as build_named
from components.config.building import build_all
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import Pipeline, at_baseline, parse, variants
from components.config.rules import raw_problems
from components.data.dataset import Facts, Split
from components.data.examples import Examples
from components.fingerprint.stage import fingerprint
from components.fitting.estimate import Estimate
from components.ingest import stage as ingest
from components.ingest.listed import listed
from components.layers.checks import (
    check_augmentation,
    check_masks,
    check_preprocessing,
    shape_after,
)
from components.models import keras_files
from components.preprocess.stage import needs_fit, ready_schema
from components.run import code
from components.run.names import modules

SECTIONS = ("preprocess", "augment", "model", "train", "tune")
LOOKED_AT = 16  # examples that everything is tried on


def examine(document: Document, pipeline: Pipeline, source: Path, seed: int) -> Estimate:
    """Reads the source, builds every object that the file names, and lets Keras judge.

    Args:
        document: The file.
        pipeline: The file, checked as far as the YAML shows.
        source: The pipeline's folder of sources.
        seed: Of the split.

    Raises:
        Invalid: The mistakes, a line each.
        Stop: The source cannot be read.
    """
    with suppress(Stop):  # what cannot be imported is named below, with its line
        keras_files.know(modules(pipeline, document.data, SECTIONS, ("network",)))
    try:
        found = ingest.recalled(listed(pipeline.ingest, source))
        with Workers() as workers:
            rows = ingest.split(pipeline.ingest, found, seed, workers)
        few = ingest.few(found, rows["train"][:LOOKED_AT])
    except Mistakes as error:
        raise document.locate(error.problems) from None
    facts = Facts(few.schema, {name: len(members) for name, members in rows.items()})
    problems = raw_problems(pipeline, facts)
    if (baseline := pipeline.of_baseline) is not None:
        problems += at_baseline(raw_problems(baseline, facts))
    # Keras's complaints about data that does not fit would only repeat that it does not fit.
    trial = _Trial(pipeline, facts, document.data)
    if not problems:
        trial.try_all(few)
        problems = trial.problems
    if problems or trial.estimate is None:
        raise document.locate(problems)
    return trial.estimate


class _Trial:
    """Builds what a file names, and collects what Keras and Optuna refuse."""

    def __init__(self, pipeline: Pipeline, facts: Facts, data: Mapping[str, Any]) -> None:
        self.pipeline, self.facts, self.data = pipeline, facts, data
        self.problems: list[Problem] = []
        self.estimate: Estimate | None = None

    def try_all(self, few: Split) -> None:
        """Tries every section on a few examples."""
        is_array = few.schema.columns[few.schema.inputs[0]].is_array
        ready = self._preprocessed(few) if is_array else few
        for location, make in self._makers():
            with self._collecting(*location):
                make()
        has_layers = ready is not None and is_array
        augmentation = self._augmented(ready) if ready is not None and has_layers else None
        is_well = not self.problems
        with self._collecting("train"):
            shown = augmentation if is_well else None
            self.estimate = self.pipeline.train.trial(
                self.pipeline, ready, self.facts.counts, shown
            )
        if ready is not None and not self.problems:
            self._baseline(ready)
            self._search(ready)

    def _baseline(self, ready: Split) -> None:
        """Builds the other model, where there is one."""
        if (other := self.pipeline.of_baseline) is not None:
            try:
                other.train.room(other, ready)
            except Mistakes as error:
                self.problems += at_baseline(error.problems)

    def _search(self, ready: Split) -> None:
        """Looks at the ends of the search space: whether data and memory have room for them."""
        for key, value, one in variants(self.data, self.pipeline):
            if isinstance(one, Pipeline):  # what is none has been named before
                found = raw_problems(one, self.facts)
                try:
                    one.train.room(one, ready)
                except Mistakes as error:
                    found += error.problems
                what, where = f"with the value {yaml_of(value)}", ("tune", "space", key)
                self.problems += [Problem(where, f"{what}: {each.message}") for each in found]

    def _preprocessed(self, few: Split) -> Split | None:
        """The examples after the layers; None where that cannot be."""
        layers: Sequence[Any] = ()
        with self._collecting("preprocess"):
            layers = build_all(self.pipeline.preprocess, ("preprocess",), dtype="float32")
            check_preprocessing(layers)
        shapes = {name: few.schema.columns[name].shape for name in few.schema.inputs}
        shape: Any = shapes if len(shapes) > 1 else few.schema.input.shape
        for position, layer in enumerate(layers):
            before = len(self.problems)
            with self._collecting("preprocess", position, self.pipeline.preprocess[position].name):
                _check_fits(layer, shape)
                if needs_fit(layer):
                    layer.adapt(iter(Examples(few, layers[:position])))  # once, as in a run
                shape = shape_after(layer, shape)
                _check_example(shape)
                Examples(few, layers[: position + 1]).array()
            if len(self.problems) > before:
                return None
        if self.problems:
            return None
        values = np.asarray(Examples(few, layers).array())
        schema = ready_schema(values.shape[1:], few.schema)
        (name,) = schema.inputs
        learned = {one: few[one] for one in schema.targets}
        with self._collecting("ingest"):
            for one in schema.moving:
                few.decoded(one, 0)
        with self._collecting("preprocess"):
            if self.problems:
                return None
            for one in schema.moving:
                parts = [moved[one] for _, moved in Examples(few, layers).moved()]
                learned[one] = np.concatenate(parts)
            return Split(schema, {name: values.astype(np.float32), **learned})
        return None

    def _augmented(self, ready: Split) -> Any:
        """The augmentation as a model; None where that cannot be."""
        section, shape = self.pipeline.augment, ready.schema.input.shape
        where: Location = ("augment", "layers")
        with self._collecting(*where):
            layers = build_all(section.layers, where, dtype="float32")
            check_augmentation(layers, shape)
            if ready.schema.moving:
                check_masks(layers, shape)
            for position, layer in enumerate(layers):
                with self._collecting(*where, position, section.layers[position].name):
                    layer(ready.input[:], training=True)
            return augment.as_model(layers, shape)
        return None

    def _makers(self) -> Iterator[tuple[Location, Callable[[], Any]]]:
        """What of a search is built from its name, with its place in the file."""
        tune = self.pipeline.tune
        for key, distribution in tune.space.items():
            yield ("tune", "space", key), partial(build_named, distribution)
        yield ("tune", "sampler"), partial(build_named, tune.sampler)
        yield ("tune", "pruner"), partial(build_named, tune.pruner)

    @contextmanager
    def _collecting(self, *location: str | int) -> Iterator[None]:
        """Turns what the body raises into problems at a place of the file."""
        try:
            yield
        except Mistakes as error:
            self.problems += error.problems
        except Exception as error:  # whatever a layer raises about its settings or its input
            self.problems.append(Problem(location, reason(error)))


def _check_fits(layer: Any, shape: Any) -> None:
    """Refuses statistics that are larger than the memory."""
    if getattr(layer, "is_matrix", False) and not isinstance(shape, Mapping):
        features = math.prod(length or 1 for length in shape)
        needed = 3 * 8 * features**2
        if needed > psutil.virtual_memory().total:
            raise ValueError(f"{features:,} features an example need about {size_of(needed)}")


def _check_example(shape: Sequence[int | None]) -> None:
    """Refuses examples of which a chunk is larger than the memory."""
    needed = 4 * LOOKED_AT * math.prod(length or 1 for length in shape)
    if needed > psutil.virtual_memory().total / 4:
        raise ValueError(f"{LOOKED_AT} examples of shape {tuple(shape)} need {size_of(needed)}")


def _check_code(pipeline: Pipeline, document: Document, params: Params) -> None:
    """Raises a `Stop` where what the file names has imported a module that no source shows."""
    stages = fingerprint(pipeline, document.data, params.backend).values()
    known = (depends["code"] for depends in stages)
    ours = (name for name in sys.modules if name.partition(".")[0] == code.OURS)
    code.check_loaded({*ours, *chain.from_iterable(known)})


def main(path: Path, out: Path) -> None:
    """Examines one file, and writes the estimate."""
    params = Params.load(Path("params.yaml"))
    document = Document(path)
    pipeline = parse(document)
    found = examine(document, pipeline, Path("sources", path.stem), params.seed)
    _check_code(pipeline, document, params)
    write_json(asdict(found), out)
