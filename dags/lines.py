"""What there is to be run: the lines of DVC's graph, read once for each commit.

DVC reads its own language, in a process of its own (`dags.graph`); what it says is kept by commit,
so that the DAG file, which Airflow parses again at each start of a task, loads JSON and no DVC.
"""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dags.git import git

LIMIT_S = 25.0  # Airflow gives a DAG file 30
KEPT = 50  # commits
AGAIN_S = 300  # after which mistakes are looked for again: the environment may have had them


@dataclass(frozen=True)
class Stage:
    """One stage of a line, and the task that runs it."""

    task: str
    """The name of its task: that of the stage, with what Airflow takes in names."""
    address: str
    """What `dvc repro` calls it: `train@digits`, `other/dvc.yaml:train`."""
    description: str = ""
    always: bool = False
    """Whether it runs each time, whatever has changed."""
    deps: tuple[str, ...] = ()
    """The files and folders that it reads."""
    outs: tuple[str, ...] = ()
    """Those that it writes."""
    uncached: tuple[str, ...] = ()
    """Those of them that DVC keeps no copy of; the branch of a run has them."""
    sources: tuple[str, ...] = ()
    """Those that it reads, and no stage writes."""
    trials: tuple[int, ...] = ()
    """Numbers of the parts that can be done apart, before it."""
    trial: tuple[str, ...] = ()
    """The command that does one of them, without its number."""


@dataclass(frozen=True)
class Line:
    """The stages that run together: those of a pipeline, or a graph of the user's own."""

    name: str
    stages: tuple[Stage, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()
    """Names of tasks, upstream and downstream."""
    file: str = ""
    """The pipeline file; empty for a graph of the user's own."""
    mistakes: str = ""
    """What is wrong with it, line by line; then it has no stages."""
    description: str = ""
    text: str = ""
    """Of the pipeline file."""
    airflow: dict[str, Any] = field(default_factory=dict)
    """The section `airflow:`."""
    ignored: tuple[str, ...] = ()
    """Files that DVC cannot read, or not beside others; with them it would read nothing."""
    params: dict[str, Any] = field(default_factory=dict)
    """What the trigger form offers: by dotted key, a JSON schema with a default."""


def lines(root: Path, cache: Path, limit_s: float = LIMIT_S) -> list[Line]:
    """The lines of a checkout.

    Args:
        root: The checkout.
        cache: A folder, where what is known of a commit is kept.
        limit_s: DVC is ended after this time.
    """
    begun, commit = time.monotonic(), _commit(root)
    if not commit:
        return _read(root, limit_s)
    kept = cache / f"{commit}.json"
    if (found := _known(kept)) is not None:
        return found
    with _alone(cache):  # tasks that begin at once would each read it, ever more slowly
        if (found := _known(kept)) is not None:
            return found
        return _read(root, limit_s - (time.monotonic() - begun), kept)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other process of this host is in here."""
    folder.mkdir(parents=True, exist_ok=True)
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _read(root: Path, limit_s: float, kept: Path | None = None) -> list[Line]:
    """What DVC says, and writes it where it is kept."""
    try:
        done = subprocess.run(  # noqa: S603  our own arguments
            [sys.executable, "-m", "dags.graph", str(root)],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        slow = "DVC has not read its files in time; Airflow waits longer with a "
        return [Line("millrace", mistakes=f"{slow}larger dagbag_import_timeout in [core]")]
    if done.returncode:
        return [Line("millrace", mistakes=(done.stderr or done.stdout).strip())]
    if kept:
        _keep(done.stdout, kept)
    return decoded(done.stdout)


def _known(kept: Path) -> list[Line] | None:
    """What is kept; None where there is nothing, or what a loss of power has left of it."""
    try:
        found = decoded(kept.read_text(encoding="utf-8"))
        age_s = time.time() - kept.stat().st_mtime
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return None if age_s > AGAIN_S and any(line.mistakes for line in found) else found


def overlaps(path: str, others: Iterable[str]) -> bool:
    """Whether a path is one of these, in one, or around one."""
    return any(f"{path}/".startswith(f"{one}/") or one.startswith(f"{path}/") for one in others)


def encoded(found: list[Line]) -> str:
    """The lines as JSON."""
    return json.dumps([asdict(line) for line in found], default=str)


def decoded(text: str) -> list[Line]:
    """The lines of `encoded`."""
    return [
        Line(
            **{
                **line,
                "stages": tuple(
                    Stage(**{key: _fixed(value) for key, value in stage.items()})
                    for stage in line["stages"]
                ),
                "ignored": tuple(line["ignored"]),
                "edges": tuple((before, after) for before, after in line["edges"]),
            }
        )
        for line in json.loads(text)
    ]


def _fixed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _commit(root: Path) -> str:
    """The commit of a checkout that does not differ from it; empty for any other."""
    try:
        if git(root, "status", "--porcelain", "--untracked-files=no"):
            return ""
        return git(root, "rev-parse", "HEAD")
    except (OSError, subprocess.SubprocessError):
        return ""


def _keep(text: str, file: Path) -> None:
    """Writes beside, and renames: other processes parse at the same time."""
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, suffix=".partial", delete=False
    ) as partial:
        partial.write(text)
    os.replace(partial.name, file)
    others = sorted(file.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)
    for old in others[:-KEPT]:
        old.unlink(missing_ok=True)
