"""The whole check of a pipeline file: what the YAML shows, then what only Keras and the data do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.augment import stage as augment
from components.dataset import Facts, Split
from components.document import Document
from components.errors import Mistakes, Problem
from components.examples import Examples
from components.fitting import fit
from components.ingest import stage as ingest
from components.models.build import build
from components.pipeline import Pipeline
from components.section import build_all
from components.tasks import classification as task
from components.tasks.rules import fact_problems
from components.workers import Workers


def check(document: Document, pipeline: Pipeline, source: Path, seed: int) -> None:
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
    try:
        found = ingest.recalled(ingest.listing(pipeline.ingest, source))
    except Mistakes as error:
        raise document.locate(error.problems) from None
    with Workers() as workers:
        rows = ingest.split(pipeline.ingest, found, seed, workers)
    few, facts = ingest.few(found, rows["train"][:16])
    facts = facts.with_counts({name: len(members) for name, members in rows.items()})
    problems = fact_problems(facts, pipeline.preprocess, pipeline.model, pipeline.train)
    # Keras's complaints about data that does not fit would only repeat that it does not fit.
    problems = problems or _problems(pipeline, few, facts)
    if problems:
        raise document.locate(problems)


def _problems(pipeline: Pipeline, few: Split, facts: Facts) -> list[Problem]:
    """What Keras and Optuna refuse, tried on a few examples."""
    problems: list[Problem] = []
    ready: Any = None
    with _collecting(problems, "preprocess"):
        layers = build_all(pipeline.preprocess, ("preprocess",), dtype="float32")
        for position, layer in enumerate(layers):
            if hasattr(layer, "adapt"):
                layer.adapt(Examples(few, facts, layers[:position]))
        ready = Examples(few, facts, layers).array()
    if ready is not None:
        shape = ready.shape[1:]
        with _collecting(problems, "augment"):
            varied = build_all(pipeline.augment.layers, ("augment", "layers"), dtype="float32")
            augment.as_model(varied, shape)(ready, training=True)
        with _collecting(problems, "model"):
            build(pipeline.model, shape, len(facts.classes), task.HEAD)
    for location, make in _makers(pipeline):
        with _collecting(problems, *location):
            make()
    return problems


def _makers(pipeline: Pipeline) -> Iterator[tuple[tuple[str, ...], Callable[[], Any]]]:
    """Everything else that is built from its name, with its place in the file."""
    train, tune = pipeline.train, pipeline.tune
    yield ("train", "optimizer"), lambda: fit.optimizer(train, steps_per_epoch=1)
    yield ("train", "loss"), lambda: fit.loss(train)
    for key, distribution in tune.space.items():
        yield ("tune", "space", key), distribution.build
    yield ("tune", "sampler"), tune.sampler.build
    yield ("tune", "pruner"), tune.pruner.build


@contextmanager
def _collecting(problems: list[Problem], *location: str) -> Iterator[None]:
    """Turns what the body raises into problems at a place of the file."""
    try:
        yield
    except Mistakes as error:
        problems += error.problems
    except Exception as error:  # whatever a layer raises about its settings or its input
        problems.append(Problem(location, str(error).strip().partition("\n")[0]))
