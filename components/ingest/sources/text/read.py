"""Reads text files."""

import re
from collections.abc import Iterator
from pathlib import Path

from components.base.errors import Stop
from components.data.features.text import Text
from components.data.listing import Listing
from components.data.rows import Values
from components.data.schema import Schema
from components.ingest.places import base, located
from components.ingest.plain import refuse_nul
from components.ingest.sources.text import TextFiles

END = re.compile(r"([.!?][\"'\u2019\u201d)\]]*) (?=[\"'\u2018\u201c(\[]?(\w))")
"""Between two sentences, where a capital follows. Abbreviations are not known: `Mr. Smith` is
parted."""


def listing(config: TextFiles, folder: Path) -> Listing:
    """Lists the lines or sentences of text files.

    Raises:
        Stop: A file is not UTF-8, has a NUL, or there is no text.
    """
    start = base(config.archive, folder) if config.archive else folder
    paths = located(config.file, start)
    found = [(path, number, text) for path in paths for number, text in _units(path, config.unit)]
    if not found:
        raise Stop(f"{paths[0]}: has no text")
    return Listing(
        Schema({"text": Text()}),
        {"text": Values([text for _, _, text in found])},
        [f"{_name(path, start)}:{number}" for path, number, _ in found],
    )


def _name(path: Path, start: Path) -> str:
    """A file's path from where it is looked for; one that was fetched is elsewhere."""
    return path.relative_to(start).as_posix() if path.is_relative_to(start) else path.name


def _units(path: Path, unit: str) -> Iterator[tuple[int, str]]:
    """The units of a file, each with the number of its line, or of itself."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stop(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    if "\0" in text:
        refuse_nul(path)
    parts = text.split("\n") if unit == "line" else _sentences(text)
    for number, part in enumerate(parts, 1):
        if words := part.split():
            yield number, " ".join(words)


def _sentences(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", text):
        yield from END.sub(_parted, " ".join(paragraph.split())).split("\n")


def _parted(end: re.Match[str]) -> str:
    return end[1] + ("\n" if end[2].isupper() else " ")
