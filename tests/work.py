"""Functions that other processes import."""

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    return number * number


def process(_: int) -> int:
    return os.getpid()


def wait(seconds: float) -> tuple[float, int]:
    time.sleep(seconds)
    return seconds, os.getpid()


def die(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(marker: str) -> str:
    """Kills its own process, but not that of a second try."""
    path = Path(marker)
    if not path.exists():
        path.touch()
        die(0)
    return path.name
