"""Whose a source file is: the user's, Millrace's, Python's, or that of an installed package."""

import sysconfig
import traceback
from pathlib import Path

OURS = Path(__file__).parents[1]
PYTHON = tuple(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))
INSTALLED = frozenset({"site-packages", "dist-packages"})


def is_written(path: Path) -> bool:
    """Whether a source is one that somebody writes here: neither Python's own nor installed."""
    return INSTALLED.isdisjoint(path.parts) and not any(map(path.is_relative_to, PYTHON))


def is_own(file: str) -> bool:
    """Whether a source is the user's, and not Millrace's either."""
    path = Path(file)
    return path.is_file() and is_written(path) and not path.is_relative_to(OURS)


def place(error: BaseException) -> str:
    """`FILE:LINE: ` of the last line of the user's own code on the way to an error, or nothing."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    return next((f"{one.filename}:{one.lineno}: " for one in frames if is_own(one.filename)), "")
