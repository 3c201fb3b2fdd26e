"""What only Keras and the data show of a pipeline file: `python -m components.cli.deep FILE`.

A process of its own, so that what a file asks for can be limited in time, and cannot take the
command with it. It prints what it found out as JSON; the mistakes as every command does.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil

from components.augment import stage as augment
from components.base.errors import Location, Mistakes, Problem, Stop, exit_status
from components.base.words import reason, size_of, yaml_of
from components.base.workers import Workers
from components.config.building import build as build_named
from components.config.building import build_all
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import Pipeline, parse, variants
from components.config.rules import fact_problems
from components.data.dataset import Facts, Split
from components.data.examples import Examples
from components.fingerprint.stage import fingerprint
from components.fitting import fit
from components.fitting.augmentation import within
from components.ingest import stage as ingest
from components.layers.checks import check_augmentation, check_preprocessing, shape_after
from components.models import keras_files
from components.models.build import build
from components.models.size import Size, check_memory, size
from components.preprocess.stage import needs_fit
from components.run import code
from components.run.names import modules
from components.tasks import classification as task

SECTIONS = ("preprocess", "augment", "model", "train", "tune")
LOOKED_AT = 16  # examples that everything is tried on
STEPS = 3  # of a real training that are timed, or as many as TIMED_S has room for
TIMED_S = 10.0


@dataclass(frozen=True)
class Estimate:
    """What a training will cost."""

    parameters: int
    step_bytes: int
    """Memory of a step, about."""
    seconds: float | None
    """Of all epochs on this machine, from a few real steps; without validation. None where no step
    was tried, since so much memory is not free now."""


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
        keras_files.know(modules(pipeline, document.data, SECTIONS))
    try:
        found = ingest.recalled(ingest.listing(pipeline.ingest, source))
        with Workers() as workers:
            rows = ingest.split(pipeline.ingest, found, seed, workers)
        few, facts = ingest.few(found, rows["train"][:LOOKED_AT])
    except Mistakes as error:
        raise document.locate(error.problems) from None
    facts = facts.with_counts({name: len(members) for name, members in rows.items()})
    problems = fact_problems(
        facts, pipeline.ingest.split, pipeline.preprocess, pipeline.model, pipeline.train
    )
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
        ready = self._preprocessed(few)
        for location, make in self._makers():
            with self._collecting(*location):
                make()
        if ready is None:
            return
        shape = ready.shape[1:]
        augmentation = self._augmented(ready)
        with self._collecting("model"):
            counted = self._counted(self.pipeline, shape)
        if not self.problems:
            self._search(shape)
        if augmentation is not None and not self.problems:
            needed = counted.step_bytes(self.pipeline.train.batch_size)
            has_room = needed < psutil.virtual_memory().available
            with self._collecting("train"):
                seconds = self._timed(ready, augmentation) if has_room else None
                self.estimate = Estimate(counted.parameters, needed, seconds)

    def _counted(self, pipeline: Pipeline, shape: tuple[int, ...]) -> Size:
        """How large the network is; `Mistakes` where it does not fit the data or the memory."""
        counted = size(pipeline.model, shape, len(self.facts.classes), task.HEAD)
        check_memory(counted, pipeline.train.batch_size)
        return counted

    def _search(self, shape: tuple[int, ...]) -> None:
        """Looks at the ends of the search space: whether data and memory have room for them."""
        for key, value, one in variants(self.data, self.pipeline):
            if isinstance(one, Pipeline):  # what is none has been named before
                split = one.ingest.split
                found = fact_problems(self.facts, split, one.preprocess, one.model, one.train)
                try:
                    self._counted(one, shape)
                except Mistakes as error:
                    found += error.problems
                what, where = f"with the value {yaml_of(value)}", ("tune", "space", key)
                self.problems += [Problem(where, f"{what}: {each.message}") for each in found]

    def _preprocessed(self, few: Split) -> Any:
        """The examples after the layers; None where that cannot be."""
        layers: Sequence[Any] = ()
        with self._collecting("preprocess"):
            layers = build_all(self.pipeline.preprocess, ("preprocess",), dtype="float32")
            check_preprocessing(layers)
        shape: Sequence[int | None] = self.facts.shape
        for position, layer in enumerate(layers):
            before = len(self.problems)
            with self._collecting("preprocess", position, self.pipeline.preprocess[position].name):
                _check_fits(layer, shape)
                if needs_fit(layer):
                    layer.adapt(Examples(few, self.facts, layers[:position]))
                shape = shape_after(layer, shape)
                _check_example(shape)
                result = Examples(few, self.facts, layers[: position + 1]).array()
            if len(self.problems) > before:
                return None
        if self.problems:
            return None
        return result if layers else Examples(few, self.facts).array()

    def _augmented(self, ready: Any) -> Any:
        """The augmentation as a model; None where that cannot be."""
        section, shape = self.pipeline.augment, ready.shape[1:]
        where: Location = ("augment", "layers")
        with self._collecting(*where):
            layers = build_all(section.layers, where, dtype="float32")
            check_augmentation(layers, shape)
            for position, layer in enumerate(layers):
                with self._collecting(*where, position, section.layers[position].name):
                    layer(ready, training=True)
            return augment.as_model(layers, shape)
        return None

    def _timed(self, ready: Any, augmentation: Any) -> float:
        """Seconds of the whole training, by a few steps of it on the same few examples."""
        train, classes = self.pipeline.train, len(self.facts.classes)
        keras.config.set_dtype_policy(train.precision)
        model = build(self.pipeline.model, ready.shape[1:], classes, task.HEAD)
        trained = within(model, augmentation)
        examples = self.facts.counts["train"] * (1 + self.pipeline.augment.copies)
        steps = math.ceil(examples / train.batch_size)
        metrics = task.metrics(train.loss)
        trained.compile(fit.optimizer(train, steps), fit.loss(train), metrics=metrics)
        inputs = np.resize(ready, (train.batch_size, *ready.shape[1:]))
        labels = np.arange(train.batch_size) % classes
        targets = task.targets(labels, classes, train.loss)
        trained.train_on_batch(inputs, targets)  # compiles
        begun, done = time.perf_counter(), 0
        while done < STEPS and time.perf_counter() - begun < TIMED_S:
            trained.train_on_batch(inputs, targets)
            done += 1
        return (time.perf_counter() - begun) / done * steps * train.epochs

    def _makers(self) -> Iterator[tuple[Location, Callable[[], Any]]]:
        """Everything else that is built from its name, with its place in the file."""
        train, tune = self.pipeline.train, self.pipeline.tune
        yield ("train", "optimizer"), partial(fit.optimizer, train, steps_per_epoch=1)
        yield ("train", "loss"), partial(fit.loss, train)
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


def _check_fits(layer: Any, shape: Sequence[int | None]) -> None:
    """Refuses statistics that are larger than the memory."""
    if getattr(layer, "is_matrix", False):
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
    known = fingerprint(pipeline, document.data, params.backend).values()
    ours = (name for name in sys.modules if name.partition(".")[0] == code.OURS)
    code.check_loaded({*ours, *chain.from_iterable(known)})


def main(path: Path) -> None:
    """Examines one file, and prints the estimate."""
    params = Params.load(Path("params.yaml"))
    document = Document(path)
    pipeline = parse(document)
    found = examine(document, pipeline, Path("sources", path.stem), params.seed)
    _check_code(pipeline, document, params)
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    with exit_status():
        main(Path(sys.argv[1]))
