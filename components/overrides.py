"""Hyperparameters by dotted key (`train.batch_size`), laid over the sections of a file."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from components.section import Named


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
    return list(arguments.get("choices", [arguments.get("low"), arguments.get("high")]))
