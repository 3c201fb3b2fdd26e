"""Numbers in the unit that fits."""

import math

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
