"""The configuration of a pipeline, with every default, and where each value comes from."""

from collections.abc import Iterator, Mapping
from typing import Any

from components.base.errors import Location
from components.cli.terminal import console, table
from components.config.document import Document
from components.config.pipeline import parse


def show(document: Document) -> None:
    """Prints each value with the line of the file that it stands on, or that it is a default.

    Raises:
        Invalid: The file has mistakes.
    """
    pipeline = parse(document)
    rows = table("key", "value", "from")
    for location, value in _values(pipeline.model_dump(mode="json", by_alias=True)):
        line = _line(document, location, value)
        # What was searched is laid over the file's own values when the pipeline trains.
        key = ".".join(map(str, location))
        origin = f"{document.path}:{line}" if line else "default"
        if key in pipeline.tune.space:
            origin += ", searched by tune"
        rows.add_row(key, str(value), origin)
    console().print(rows)


def _values(value: Any, location: Location = ()) -> Iterator[tuple[Location, Any]]:
    """The values of nested mappings and lists, each with its place."""
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _values(part, (*location, key))
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        for position, part in enumerate(value):
            yield from _values(part, (*location, position))
    elif value is not None:
        yield location, value


def _line(document: Document, location: Location, value: Any) -> int | None:
    """The line of a value that stands in the file; None for a default."""
    here: Any = document.data
    for part in location:
        if isinstance(here, int | float | str):
            # A short form: a number for a schedule, a name for a section. The rest are defaults.
            return document.line(location) if here in (value, location[-1]) else None
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document.line(location)
