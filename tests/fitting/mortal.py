"""Fits that are killed, again and again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from components.fitting.state import State

Found = TypeVar("Found")


class Killed(BaseException):
    """As a signal that nothing catches, at the moment that leaves the most behind."""


class Mortal(State):
    """Is due at every turn, and dies after some writes.

    Args:
        path: Of the file.
        lives: How many; below 0 it does not die.
    """

    def __init__(self, path: Path | None = None, lives: int = -1) -> None:
        super().__init__(path)
        self.lives = lives

    @property
    def is_due(self) -> bool:
        """Where anything is kept."""
        return self.path is not None

    def write(self, arrays: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Writes, and may die."""
        super().write(arrays, facts)
        self.lives -= 1
        if self.lives == 0:
            raise Killed


def gone_on(fit: Callable[[State], Found], path: Path, lives: int) -> tuple[Found, int]:
    """What comes of a fit that is killed after every so many writes; and how often it was."""
    for killed in range(100):
        try:
            return fit(Mortal(path, lives)), killed
        except Killed:
            continue
    raise AssertionError("it does not come to an end")
