"""A whole pipeline file, typed and checked. Loads no framework, and no stage depends on it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from components.base.errors import Mistakes, Problem
from components.base.words import yaml_of
from components.config.airflow import Airflow
from components.config.augment import Config as Augment
from components.config.compress import Compressor, Method
from components.config.compress import Config as Compress
from components.config.document import Document
from components.config.evaluate import Config as Evaluate
from components.config.extension import home
from components.config.ingest import Config as Ingest
from components.config.models import Config as Model
from components.config.overrides import apply, samples
from components.config.preprocess import Config as Preprocess
from components.config.problems import problems
from components.config.register import Config as Register
from components.config.rules import given
from components.config.rules import problems as section_problems
from components.config.section import Section, mistake
from components.config.task import Config as Task
from components.config.train import Config as Train
from components.config.tune import Config as Tune
from components.config.validate import Config as Validate


def _whole(value: object) -> object:
    """`true` and `1.0` are equal to 1, but no version."""
    if type(value) is not int:
        raise mistake(f"must be 1, is {yaml_of(value)}")
    return value


class Pipeline(Section):
    """One pipeline, from raw data to a registered model."""

    version: Annotated[Literal[1], BeforeValidator(_whole)]
    """1, of the form of this file."""
    description: str
    """What it learns, from what, and how long that takes."""
    task: Task
    airflow: Airflow = Airflow()
    ingest: Ingest
    validation: Validate = Field(Validate(), alias="validate")
    preprocess: Preprocess = ()
    """Layers, first to last; those with statistics (`adapt`) are fitted on the train split. Photos
    of several sizes come to one by a `Resizing`. With `antialias: true` it makes them smaller
    without jagged edges, and a JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is at
    least twice what the layer gives: the same picture to a structural similarity of 0.98, and the
    sooner the larger it is (`benchmarks/scaled.py`). The registered model is given whole photos."""
    augment: Augment = Augment()
    model: Model
    baseline: Model | None = None
    """Another model, which the report compares with this one; fitted beside it, with the same
    `train` section where the two have the same learner."""
    tune: Tune = Tune()
    train: Train
    evaluate: Evaluate = Evaluate()
    compress: Compress = Compress()
    registration: Register = Field(alias="register")

    @property
    def of_baseline(self) -> "Pipeline | None":
        """The same file with the baseline for its model; None where it has none."""
        if self.baseline is None:
            return None
        learner = self.train.learner
        is_alike = self.baseline.learner == learner
        train = self.train if is_alike else home(Train).find(self.baseline.learner)()
        return self.model_copy(update={"model": self.baseline, "train": train, "baseline": None})

    @property
    def compressors(self) -> list[Compressor]:
        """The method that exports the model as it is, where there is one, and those of the file."""
        exported = self.train.exported
        first = [home(Method).find(exported)()] if exported and self.compress.methods else []
        return [*first, *self.compress.methods]  # type: ignore[list-item]

    @classmethod
    def attribute(cls, key: str) -> str:
        """The attribute that holds a section; it is the key but for pydantic's own names."""
        return next(name for name, field in cls.model_fields.items() if key in (name, field.alias))

    @model_validator(mode="before")
    @classmethod
    def _filled_in(cls, value: Any) -> Any:
        """`tune:` with nothing behind it is an empty section; a model says what fits it."""
        filled = {key: _empty(key) if part is None else part for key, part in value.items()}
        return with_learner(filled)

    def _of_baseline_problems(self) -> Iterator[Problem]:
        """What is wrong with the baseline, at its own place."""
        if self.baseline is None:
            return
        try:
            other = self.of_baseline
        except ValidationError:
            what = f"a {self.baseline.architecture} needs a train section"
            yield Problem(("baseline",), f"{what}, which this file has for another learner")
            return
        if other is not None:
            yield from at_baseline([*given(other), *other.train.problems(other)])

    @model_validator(mode="after")
    def _sections_agree(self) -> Self:
        found = [
            *section_problems(self),
            *self.task.problems(self),
            *self.train.problems(self),
            *self._of_baseline_problems(),
        ]
        if found:
            raise Mistakes(found)
        return self


def at_baseline(problems: Iterable[Problem]) -> Iterator[Problem]:
    """What is wrong with the model of `Pipeline.of_baseline`, at its place in the file."""
    for one in problems:
        if one.location[:1] == ("model",):
            yield Problem(("baseline", *one.location[1:]), one.message)


def _architecture(model: Any) -> Any:
    """`estimator: ...` is short for the architecture of that name."""
    if isinstance(model, Mapping) and "estimator" in model and "architecture" not in model:
        return {"architecture": "estimator", **model}
    return model


def _empty(key: str) -> Any:
    return [] if key == "preprocess" else {}


def with_learner(data: Mapping[str, Any]) -> dict[str, Any]:
    """A file whose `train` section says its learner: the one that goes with its model."""
    models = {key: _architecture(data[key]) for key in ("model", "baseline") if key in data}
    data = {**data, **models}
    train, model = data.get("train", {}), data.get("model")
    if not isinstance(train, Mapping) or "learner" in train:
        return dict(data)
    section = home(Model).section(model)[0]
    learner = getattr(section, "learner", "supervised")
    if "train" not in data and learner == "supervised":  # of which the file must say the epochs
        return dict(data)
    return {**data, "train": {"learner": learner, **train}}


def load(path: Path) -> Pipeline:
    """Reads and checks a pipeline file.

    Raises:
        Invalid: The file has mistakes; the message has a line for each.
    """
    return parse(Document(path))


def parse(document: Document) -> Pipeline:
    """Checks a pipeline file that was read before; `Invalid` as for `load`."""
    try:
        pipeline = Pipeline.model_validate(document.data)
        found = _space_problems(document.data, pipeline)
    except ValidationError as error:
        found = problems(error, Pipeline, with_learner(document.data))
    except Mistakes as error:
        found = list(error.problems)
    if found:
        raise document.locate(found)
    return pipeline


def variants(
    data: Mapping[str, Any], pipeline: Pipeline
) -> Iterator[tuple[str, Any, Pipeline | list[Problem]]]:
    """The file with one value of the search space at a time laid over it.

    Yields:
        The dotted key, the value, and the file with it, or what is wrong with it.
    """
    for key, distribution in pipeline.tune.space.items():
        for value in samples(distribution):
            laid = apply(data, {key: value})
            try:
                yield key, value, Pipeline.model_validate(laid)
            except ValidationError as error:
                yield key, value, problems(error, Pipeline, with_learner(laid))
            except Mistakes as error:
                yield key, value, list(error.problems)


def _space_problems(data: Mapping[str, Any], pipeline: Pipeline) -> list[Problem]:
    """What is wrong with the search space: keys and values that the file could not have."""
    return [
        Problem(("tune", "space", key), f"with the value {yaml_of(value)}: {problem.message}")
        for key, value, found in variants(data, pipeline)
        if isinstance(found, list)
        for problem in found
    ]
