"""Numbers in the unit that fits, and values as YAML has them."""

import math
from collections.abc import Mapping

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def size_of(count: float) -> str:
    """Bytes: `12.3 MB`."""
    power = min(int(math.log(max(count, 1), 1000)), len(UNITS) - 1)
    return f"{count / 1000**power:.3g} {UNITS[power]}"


def yaml_of(value: object, longest: int = 100) -> str:
    """A value as a YAML file would have it, in one line, cut off where it is long."""
    text = _yaml(value)
    return text if len(text) < longest else f"{text[:longest]}..."


def _yaml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else f"{'-' if value < 0 else ''}.inf"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_yaml(part)}' for key, part in value.items())}}}"
    return "empty" if value is None else repr(value)
