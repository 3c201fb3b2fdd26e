"""Hyperparameters by dotted key (`train.batch_size`), laid over the sections of a file."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from components.config.section import Named


def apply(sections: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the sections with the dotted keys set."""
    result: dict[str, Any] = deepcopy(dict(sections))
    for path, value in overrides.items():
        *parents, last = path.split(".")
        here = result
        for parent in parents:
            if not isinstance(here.get(parent), dict):
                here[parent] = {}
            here = here[parent]
        here[last] = value
    return result


def samples(distribution: Named) -> list[Any]:
    """The values of an Optuna distribution that stand for all: its choices, or its ends."""
    arguments = distribution.arguments
    ends = dict.fromkeys([arguments.get("low"), arguments.get("high")])
    return list(arguments.get("choices", ends))


def flatten(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as dotted keys, lists of plain values as they are."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from flatten(part, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(part, Mapping) for part in value):
        for position, part in enumerate(value):
            yield from flatten(part, f"{prefix}.{position}")
    elif prefix:
        yield prefix, str(value)
