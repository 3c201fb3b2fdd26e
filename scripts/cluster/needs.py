"""What has to be installed, and where it is."""

import importlib.util
import shutil
from pathlib import Path

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # in no PATH
PROGRAMS = ("redis-server", "initdb", "postgres", "git")
MODULES = ("airflow.providers.celery", "airflow.providers.postgres", "dvc_s3", "moto", "psycopg2")


def program(name: str) -> str | None:
    """Where a program is, or None."""
    folders = [str(folder) for folder in DEBIAN]
    return shutil.which(name) or shutil.which(name, path=":".join(folders))


def missing() -> str | None:
    """What is not there, and the one line that installs it; None where all is there."""
    programs = [name for name in PROGRAMS if not program(name)]
    modules = [name for name in MODULES if not _importable(name)]
    lines = ["scripts/cluster_packages"] * bool(programs) + ["make .venv/cluster"] * bool(modules)
    if not lines:
        return None
    return f"missing: {', '.join(programs + modules)}; install with: {' && '.join(lines)}"


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is missing
        return False
