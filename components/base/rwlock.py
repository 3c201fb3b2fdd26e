"""DVC's lock of paths, `.dvc/tmp/rwlock`: a JSON file that names the processes at each."""

import json
import time
from pathlib import Path
from typing import Any

import psutil

LOCK = Path(".dvc", "tmp", "rwlock")
PATIENCE_S = 2.0


def free_lock(root: Path = Path(), patience_s: float = PATIENCE_S) -> None:
    """Removes the file where a kill has left half of it: DVC writes in place, and reads no half.

    Args:
        root: Of the repository.
        patience_s: For a process that is writing it just now.
    """
    until = time.monotonic() + patience_s
    while _read(root) is None:
        if time.monotonic() > until:
            (root / LOCK).unlink(missing_ok=True)
            return
        time.sleep(0.1)


def readers(folder: Path) -> list[int]:
    """The processes that are at a stage which reads from a folder."""
    inside = folder.absolute()
    found = {
        int(one["pid"])
        for path, every in (_read() or {}).get("read", {}).items()
        if Path(path).is_relative_to(inside)
        for one in every
    }
    return sorted(pid for pid in found if psutil.pid_exists(pid))


def _read(root: Path = Path()) -> dict[str, Any] | None:
    """What it says; None where it is no JSON."""
    try:
        return dict(json.loads((root / LOCK).read_text()))
    except FileNotFoundError:
        return {}
    except ValueError:
        return None
