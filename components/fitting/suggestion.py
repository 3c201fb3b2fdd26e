"""What is better chosen by measuring, and what was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


def written(value: Any) -> str:
    """A value as people read it."""
    return "left out" if value is None else str(value)


@dataclass(frozen=True)
class Choice:
    """One value of a pipeline file."""

    key: str
    """Dotted."""
    now: Any
    suggested: Any
    """Equal to `now` where nothing is won by another."""
    why: str


@dataclass(frozen=True)
class Suggestion:
    """All of them."""

    choices: Sequence[Choice]
    tables: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = field(
        default_factory=dict
    )
    """What was measured, by caption: columns and rows."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the learner draws pictures of (`Learner.figures`)."""
