"""What of a pipeline file each stage uses: values, and the code that names stand for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from components.config.models import Architecture
from components.config.params import Backend
from components.config.pipeline import Pipeline, variants
from components.config.section import Named


@dataclass(frozen=True)
class Uses:
    """What of a pipeline file a stage uses."""

    values: tuple[str, ...]
    """Sections whose values decide what it makes."""
    names: tuple[str, ...] = ()
    """Sections whose layers, architectures and so on it runs."""
    backend: Backend | None = None
    """What its Keras runs on, where params.yaml does not say."""


REGISTRIES = ("keras", "optuna")
SEARCHED = ("tune", "model", "train")
USES = {
    "ingest": Uses(("ingest",)),
    "validate": Uses(("validate",)),
    "preprocess": Uses(("preprocess",), ("preprocess",)),
    "augment": Uses(("augment",), ("augment",)),
    "tune": Uses(SEARCHED, ("augment", *SEARCHED)),
    "train": Uses(("model", "train"), ("preprocess", "augment", *SEARCHED)),
    "evaluate": Uses(("evaluate",), ("preprocess", *SEARCHED)),
    "compress": Uses(("compress",), ("preprocess", *SEARCHED), "tensorflow"),
    "package": Uses(("register",), ("preprocess", *SEARCHED), "tensorflow"),
}
"""By stage, in the order of dvc.yaml."""


def modules(
    pipeline: Pipeline, data: Mapping[str, Any], sections: Iterable[str]
) -> tuple[str, ...]:
    """The modules that sections name, themselves or with a value of the search space.

    Keras's and Optuna's own are left out: whoever runs them imports these anyway.

    Args:
        pipeline: The checked file.
        data: The file as it was read.
        sections: Keys of the file.
    """
    searched = [one for _, _, one in variants(data, pipeline)]
    every = [pipeline, *(one for one in searched if isinstance(one, Pipeline))]
    named = {
        module
        for one in every
        for section in sections
        for module in _named(getattr(one, Pipeline.attribute(section)))
    }
    return tuple(sorted(one for one in named if one.partition(".")[0] not in REGISTRIES))


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, Named):
        yield value.definition.home
    elif isinstance(value, Architecture):
        yield value.module
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _named(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _named(list(value.values()))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _named(part)
