"""A number that is not known exactly."""

from dataclasses import dataclass
from math import inf
from typing import Annotated

from pydantic import BeforeValidator


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval, which has the value in it."""

    value: float
    low: Annotated[float, BeforeValidator(lambda one: -inf if one is None else one)]
    """In JSON, which has no infinity, an end that is nowhere is null."""
    high: Annotated[float, BeforeValidator(lambda one: inf if one is None else one)]
