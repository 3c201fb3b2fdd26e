"""Numbers in the unit that fits, values as YAML has them, and exceptions in one line."""

import math
import re
from collections.abc import Mapping

from components.base.sources import place

OUTER = "Exception encountered when calling"
TENSORFLOWS = re.compile(r"\{\{.*?\}\} | \[Op:.*")
"""What TensorFlow says around a reason: the names of its own nodes and devices."""

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 99.5 * 60 else f"{seconds / 3600:.1f} h"


def size_of(count: float) -> str:
    """Bytes: `12.3 MB`."""
    powers = range(len(UNITS))
    power = next((one for one in powers if count / 1000**one < 999.5), powers[-1])
    return f"{count / 1000**power:.3g} {UNITS[power]}"


def yaml_of(value: object, longest: int = 100) -> str:
    """A value as a YAML file would have it, in one line, cut off where it is long."""
    text = _yaml(value)
    return text if len(text) < longest else f"{text[:longest]}..."


def _yaml(value: object) -> str:
    if hasattr(value, "tolist"):  # NumPy's
        value = value.tolist()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_yaml(part)}' for key, part in value.items())}}}"
    return "empty" if value is None else repr(value)


def reason(error: BaseException) -> str:
    """What an exception says, in one line, behind its place in the user's own code."""
    return f"{place(error)}{said(error)}"


def said(error: BaseException) -> str:
    """What an exception says, in one line; with Keras, what it hides behind its first one."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("Arguments received by")]
    # "Exception encountered when calling Reshape.call().\n\n<the reason>\n\nArguments received...",
    # "Could not automatically infer the output shape [...] Error encountered:\n\n<the reason>"
    while len(lines) > 1 and (lines[0].startswith(OUTER) or lines[0].endswith("encountered:")):
        lines = lines[1:]
    text = lines[0] if lines else type(error).__name__
    text = TENSORFLOWS.sub("", text.removeprefix("\x1b[1m").removesuffix("\x1b[0m"))
    is_bare = isinstance(error, AttributeError | LookupError)  # "'colour'" alone says nothing
    return f"{type(error).__name__}: {text}" if is_bare and lines else text


def snake(name: str) -> str:
    """The module of a class, by its name: `ClassLabel` is in `class_label`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
