"""Where fits are kept until they have ended, for whoever runs the same again.

In DVC's cache, so that another workspace of the project finds them, or in the folder that
MILLRACE_STATE names. Never by a name: by all that decides what comes of a fit, so that nothing is
gone on with that was something else.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.base.files import alone_in, as_json, digest, discard, read_json
from components.fitting.state import State
from components.run import cache

if TYPE_CHECKING:
    from components.run.command import Run

VARIABLE = "MILLRACE_STATE"
KEPT_S = 14 * 24 * 3600  # of a fit that nobody has gone on with


def key_of(run: "Run", *more: Any, without: str = "") -> str:
    """A hash of all that decides what comes of a stage's fits.

    Args:
        run: Of the stage; its sections, code and seed, and the examples.
        more: What else decides, as JSON has it.
        without: A key of the pipeline file that does not.
    """
    depends = read_json(run.code)
    values = {key: value for key, value in depends["values"].items() if key != without}
    data = [_digests(folder) for folder in (run.dataset, run.augmented)]
    known = [values, depends["code"], run.seed, run.params.backend, data, *more]
    return hashlib.sha256(as_json(known).encode()).hexdigest()[:32]


def _digests(folder: Path) -> dict[str, str]:
    """Of a dataset: its examples, by their fingerprint, and the files beside, such as layers."""
    from components.data import dataset

    files = [path for path in sorted(folder.glob("*")) if path.is_file()]
    fingerprint = dataset.read_fingerprint(folder)
    return {"examples": fingerprint, **{path.name: digest(path) for path in files}}


@contextmanager
def kept(key: str) -> Iterator[State]:
    """Where a fit is kept while the body runs; when it comes to its end, no more.

    While another process is at the same fit, nothing is kept of this one.
    """
    root = _root()
    if root is None:
        yield State()
        return
    _sweep(root)
    with alone_in(root / key) as is_alone:
        state = State(root / key / "state.npz" if is_alone else None)
        yield state
        state.remove()


def _root() -> Path | None:
    if given := os.environ.get(VARIABLE):
        return Path(given).absolute()
    try:
        return cache.folder() / "states"
    except LookupError:
        return None


def _sweep(root: Path) -> None:
    """Removes what nobody has gone on with, and nobody holds."""
    for folder in root.glob("*"):
        if time.time() - folder.stat().st_mtime > KEPT_S:
            discard(folder)
