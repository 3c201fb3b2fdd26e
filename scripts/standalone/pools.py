"""Makes the pools that the pipelines of a commit name, each with one slot.

    python -m scripts.standalone.pools COMMIT

A pool that is there stays as it is. A file with mistakes is passed over: its DAG says so.
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from components.base.errors import Invalid, Stop
from components.config.document import Document
from components.config.pipeline import load

DEFAULT = "default_pool"


def named(project: Path, commit: str) -> set[str]:
    """The pools that the active pipelines of a commit name.

    Raises:
        Stop: The commit has no pipelines, or its params.yaml cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="pools-") as folder:
        _extract(project, commit, Path(folder))
        # As it stands: one name without a file is that name's mistake alone.
        names = Document(Path(folder, "params.yaml")).data.get("pipelines") or ()
        files = [Path(folder, "pipelines", f"{name}.yaml") for name in map(str, names)]
        return {pool for file in files for pool in _of(file)} - {DEFAULT}


def _extract(project: Path, commit: str, folder: Path) -> None:
    done = subprocess.run(  # noqa: S603  our own arguments
        ["git", "archive", "--format=tar", commit, "--", "params.yaml", "pipelines"],  # noqa: S607
        cwd=project,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Stop(
            f"the pools of commit {commit[:7]} are not known: {done.stderr.decode().strip()}"
        )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def _of(file: Path) -> set[str]:
    try:
        return set(load(file).airflow.pools.values())
    except Invalid:
        return set()


def make(wanted: set[str]) -> list[str]:
    """Makes those that are missing, and gives their names."""
    if not wanted:
        return []
    there = {pool["pool"] for pool in json.loads(_airflow("list", "--output", "json"))}
    missing = sorted(wanted - there)
    for name in missing:
        _airflow("set", "--", name, "1", "made for the pipelines that name it")
    return missing


def _airflow(*arguments: str) -> str:
    command = [sys.executable, "-m", "airflow", "pools", *arguments]
    return subprocess.run(  # noqa: S603  our own arguments
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def main() -> None:
    """Those of the commit that is given."""
    try:
        wanted = named(Path.cwd(), sys.argv[1])
    except Stop as error:  # the DAG page says so as well
        sys.stderr.write(f"{error}\n")
        return
    for name in make(wanted):
        sys.stderr.write(f"pool {name!r} was made, with one slot\n")


if __name__ == "__main__":
    main()
