"""Work on a pipeline file in a process of its own, on the backend of the project.

It can be limited in time, and what a file asks for cannot take the command with it.
"""

import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from components.base.errors import KINDS, Stop, exit_status
from components.base.files import read_json
from components.base.imports import importing


def found_by(module: str, path: Path, backend: str, limit_s: float, what: str) -> dict[str, Any]:
    """What `main(FILE, OUT)` of a module writes to `OUT` as JSON.

    Args:
        module: What runs; it says mistakes as every command does.
        path: The pipeline file.
        backend: Of Keras.
        limit_s: Seconds that it may take.
        what: It is called, for messages.

    Raises:
        Stop: As the process says, or it does not end.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return _found(module, path, backend, limit_s, what, Path(scratch) / "found.json")


def _found(
    module: str, path: Path, backend: str, limit_s: float, what: str, out: Path
) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, module, str(path), str(out)]
    paths = [str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": os.pathsep.join(paths)}
    try:
        done = subprocess.run(  # noqa: S603  our own arguments
            command, env=environment, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise Stop(
            f"{path}: the {what} did not end in {limit_s:.0f} s: a layer or a model takes so long "
            "to be built, or a source does not answer"
        ) from None
    if out.exists():
        return read_json(out)  # type: ignore[no-any-return]
    if done.returncode == 0:
        raise Stop(f"{path}: a module that it names ends the process: sys.exit, or os._exit")
    said = "\n".join(line for line in done.stderr.splitlines() if not _is_chatter(line))
    if done.returncode in KINDS and "Traceback" not in said:
        raise KINDS[done.returncode](said)
    if done.returncode < 0:
        raise Stop(f"{path}: the {what} was killed, as where memory runs out: {said[-500:]}")
    raise RuntimeError(said)


def _is_chatter(line: str) -> bool:
    """Whether TensorFlow's C++ says it, about every start."""
    return line.startswith(("I0000", "W0000", "E0000", "WARNING: All log messages"))


def main(module: str, *paths: str) -> None:
    """Runs a module's `main` with paths, in this process."""
    with exit_status():
        with importing():
            found = import_module(module)
        found.main(*map(Path, paths))


if __name__ == "__main__":
    main(*sys.argv[1:])
