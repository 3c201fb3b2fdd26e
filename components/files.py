"""Writing so that nothing is lost: beside the target, then renamed over it."""

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` to write a file or a folder to, which takes its place at the end.

    Where the body fails, `target` stays as it was and what was written is removed. What a killed
    process left beside it is removed by the next one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.partial")
    _remove(beside)
    try:
        yield beside
        # A folder cannot be renamed over a folder, and one must never be missing: swap.
        old = target.with_name(f".{target.name}.old")
        _remove(old)
        if target.is_dir():
            target.rename(old)
        os.replace(beside, target)
        _remove(old)
    finally:
        _remove(beside)


def write_json(value: Any, path: Path) -> None:
    """Writes `value` as indented JSON, keys in their own order, floats in full."""
    write_text(json.dumps(value, indent=2, allow_nan=False) + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Writes a text file, UTF-8."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_csv(header: Iterable[str], rows: Iterable[Iterable[Any]], path: Path) -> None:
    """Writes a table."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(header), *rows])


def read_json(path: Path) -> Any:
    """The value of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
