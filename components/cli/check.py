"""All mistakes of pipeline files: those that the YAML shows, then what Keras and the data show."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from components.base.errors import Invalid, Stop, Unavailable
from components.base.files import write_json
from components.base.words import duration, size_of
from components.cli.apart import found_by
from components.cli.terminal import console
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.run.quiet import native_output_to

LIMIT_S = 300  # of the look at one file


def check(paths: Sequence[Path]) -> None:
    """Checks params.yaml and the files, and says what each will cost to train.

    Raises:
        Invalid: The mistakes of all files, a line each.
        Stop: A source cannot be read; `Unavailable` where a server is what says no.
    """
    params = Params.load(Path("params.yaml"))
    # Only then: with a mistake that the YAML shows, nobody waits for a framework to load.
    with native_output_to(Path("measured", "check.log")):  # a user's module may load one
        found = [_mistakes(path) for path in paths]
    if any(found):
        for path, mistake in zip(paths, found, strict=True):
            if mistake is None:
                console().print(f"{path}: not looked at further, since another file has mistakes")
    _raise(found)
    failed: list[Stop] = []
    for path in paths:
        try:
            cost = found_by("components.cli.deep", path, params.backend, LIMIT_S, "check")
        except Stop as error:
            failed.append(error)
            continue
        write_json(cost, Path("measured", path.stem, "check.json"))
        console().print(f"{path}: no mistakes{_cost(cost)}")
    _raise(failed)


def _cost(found: Mapping[str, Any]) -> str:
    """What is known of it, in words."""
    if found["parameters"] is None:
        return ""
    size = f"about {size_of(found['step_bytes'])} a training step"
    return f"; {found['parameters']:,} parameters, {size}, {_time(found['seconds'])}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return f"of which {size_of(psutil.virtual_memory().available)} is free now: not timed"
    return f"about {duration(seconds)} for all epochs on this machine"


def _mistakes(path: Path) -> Stop | None:
    try:
        parse(Document(path))
    except Stop as error:
        return error
    return None


def _raise(found: Sequence[Stop | None]) -> None:
    """Raises what was found, all of it at once; a mistake of a file before a source's no."""
    errors = [one for one in found if one is not None]
    if not errors:
        return
    kind: type[Stop] = Stop
    if any(isinstance(one, Invalid) for one in errors):
        kind = Invalid
    elif all(isinstance(one, Unavailable) for one in errors):
        kind = Unavailable  # to try again helps only where nothing else is in the way
    raise kind("\n".join(map(str, errors)))
