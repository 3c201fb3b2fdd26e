"""What of a pipeline file each stage uses: values, and the code that names stand for."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Any

from pydantic import BaseModel

from components.config.extension import Extension
from components.config.lookup import source_file
from components.config.models import Custom
from components.config.overrides import flatten
from components.config.params import Backend
from components.config.pipeline import Pipeline, variants
from components.config.section import Named, Section


@dataclass(frozen=True)
class Uses:
    """What of a pipeline file a stage uses."""

    values: tuple[str, ...]
    """Sections whose values decide what it makes, or what of them, dotted."""
    names: tuple[str, ...] = ()
    """Sections whose layers, architectures and so on it runs."""
    parts: tuple[str, ...] = ()
    """What of these it runs, of those that are in parts (`Extension.part`)."""
    draws: bool = False
    """Whether it shows what columns hold."""
    keras: bool = True
    """Whether it imports Keras, whatever the pipeline."""
    backend: Backend | None = None
    """What its Keras runs on, where params.yaml does not say."""


REGISTRIES = ("keras", "optuna", "sklearn")
SEARCHED = ("tune", "model", "train")
TRAINED = ("preprocess", *SEARCHED)
USES = {
    "ingest": Uses(("ingest",), ("ingest",), ("read",), keras=False),
    "validate": Uses(("validate",), draws=True, keras=False),
    "preprocess": Uses(("preprocess",), ("preprocess",)),
    "augment": Uses(("augment",), ("augment",), draws=True),
    "tune": Uses(
        (*SEARCHED, "task"),
        ("augment", *SEARCHED, "task"),
        ("network", "fit", "learn"),
        keras=False,
    ),
    "train": Uses(
        ("model", "baseline", "train", "task"),
        ("preprocess", "augment", *SEARCHED, "baseline", "task"),
        ("network", "fit", "learn"),
    ),
    "evaluate": Uses(
        ("evaluate", "task"),
        (*TRAINED, "baseline", "task"),
        ("network", "predictor", "measure", "draw"),
        draws=True,
    ),
    "compress": Uses(
        ("compress", "task"),
        (*TRAINED, "task", "compress"),
        ("network", "predictor", "measure", "export"),
        backend="tensorflow",
    ),
    "package": Uses(
        tuple(f"register.gate.{key}" for key in ("metric", "min", "max")),
        (*TRAINED, "task"),
        ("network", "registered"),
        backend="tensorflow",
    ),
}
"""By stage, in the order of dvc.yaml."""


def values(pipeline: Pipeline, stage: str) -> dict[str, str]:
    """The values that a stage depends on, by dotted key, every default among them."""
    found = _sections_of(pipeline, stage)
    # Where nothing is searched, nothing but that matters.
    is_idle = stage == "tune" and not pipeline.tune.is_declared
    return dict(flatten({"tune": found["tune"]} if is_idle else found))


def _sections_of(pipeline: Pipeline, stage: str) -> dict[str, Any]:
    dumped = pipeline.model_dump(mode="json", by_alias=True)
    found = {name: reduce(getitem, name.split("."), dumped) for name in USES[stage].values}
    if "task" in found:
        ((name, settings),) = found["task"].items()
        task = pipeline.task
        kept = task.learning if "learn" in USES[stage].parts else task.measuring
        kept |= settings.keys() - task.learning - task.measuring - task.checking
        found["task"] = {name: {key: settings[key] for key in sorted(kept)}}
    return found


def modules(
    pipeline: Pipeline, data: Mapping[str, Any], sections: Iterable[str], parts: Iterable[str] = ()
) -> tuple[str, ...]:
    """The modules that sections name, themselves or with a value of the search space.

    Keras's, Optuna's and scikit-learn's own are left out: whoever runs them imports these anyway.

    Args:
        pipeline: The checked file.
        data: The file as it was read.
        sections: Keys of the file.
        parts: Of sections that are in parts.
    """
    searched = [one for _, _, one in variants(data, pipeline)]
    every = [pipeline, *(one for one in searched if isinstance(one, Pipeline))]
    wanted = tuple(parts)
    named = {
        module
        for one in every
        for section in sections
        for module in _named(_section(one, section), wanted)
    }
    return tuple(sorted(one for one in named if one.partition(".")[0] not in REGISTRIES))


def _section(pipeline: Pipeline, key: str) -> Any:
    if key == "compress":
        return pipeline.compressors
    if key == "baseline" and (other := pipeline.of_baseline) is not None:
        return [other.model, other.train]
    return getattr(pipeline, Pipeline.attribute(key))


def of_columns(pipeline: Pipeline, draws: bool) -> tuple[str, ...]:
    """The modules of the kinds of columns, and of what shows them."""
    kinds = [one.definition.home for one in pipeline.ingest.kinds.values()]
    shown = [f"components.show.{one.rpartition('.')[2]}" for one in kinds] if draws else []
    return tuple(sorted({*kinds, *filter(source_file, shown)}))


def stage_modules(pipeline: Pipeline, data: Mapping[str, Any], stage: str) -> tuple[str, ...]:
    """The modules that a stage runs since the file names them."""
    uses = USES[stage]
    named = modules(pipeline, data, uses.names, uses.parts)
    return tuple(sorted({*named, *of_columns(pipeline, uses.draws)}))


def valued(pipeline: Pipeline) -> dict[str, frozenset[str]]:
    """By module, the sections whose fields are all known by their values (`code.digest`).

    Not those that are searched: a value of the search space may bring others, with other defaults.
    """
    used = {name: set(_used(getattr(pipeline, name))) for name in Pipeline.model_fields}
    searched = SEARCHED if pipeline.tune.is_declared else ()
    left = set().union(*(used[name] for name in searched))
    return {
        module: frozenset(_sections_in(module)) for module in set().union(*used.values()) - left
    }


def _sections_in(module: str) -> Iterator[str]:
    for one in vars(sys.modules[module]).values():
        if isinstance(one, type) and issubclass(one, Section) and one.__module__ == module:
            yield one.__name__


def _used(value: Any) -> Iterator[str]:
    """The modules of the sections that a value holds, and of what these are derived from."""
    if isinstance(value, Section):
        yield from (one.__module__ for one in type(value).__mro__ if issubclass(one, Section))
        for name in type(value).model_fields:
            yield from _used(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _used(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _used(part)


def _named(value: Any, parts: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Named):
        yield value.definition.home
    elif isinstance(value, Custom):
        yield value.module
    elif isinstance(value, BaseModel):
        if isinstance(value, Extension):
            yield type(value).__module__
            yield from (one for part in parts if (one := value.module_of(part)))
        for name in type(value).model_fields:
            yield from _named(getattr(value, name), parts)
    elif isinstance(value, Mapping):
        yield from _named(list(value.values()), parts)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part, parts)
