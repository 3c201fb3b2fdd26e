"""Rare n-grams dropped."""

from typing import Annotated

from pydantic import Field, field_validator

from components.config.compress import Compressor
from components.config.section import PositiveInt


class Cutoff(Compressor):
    """An ARPA file without n-grams that were seen too seldom; its probabilities sum to 1 again."""

    takes = frozenset({"arpa"})

    least: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1, 2)
    """For orders 2, 3, and so on the smallest count that stays, none below the one before it; the
    last one holds for longer n-grams."""

    @field_validator("least")
    @classmethod
    def _rises(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(value):
            raise ValueError(f"none may be below the one before it, got {list(value)}")
        return value
