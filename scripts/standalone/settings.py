"""Airflow's settings on one machine, as environment variables."""

import shlex
import subprocess
import sys
from collections.abc import Mapping
from configparser import RawConfigParser
from pathlib import Path

from components.base.repository import Head
from scripts.parts.settings import addresses, bundle, health, retries

DEMO = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"
PASSWORDS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
BUSY_S = 60
"""That SQLite waits for a writer; with its own 5, the API says 500 to several triggers at once."""
JWT = "jwt_secret"


def home(project: Path, given: Mapping[str, str]) -> Path:
    """Airflow's own folder."""
    return Path(given.get("AIRFLOW_HOME", project / ".airflow")).absolute()


def environment(project: Path, head: Head, given: Mapping[str, str]) -> dict[str, str]:
    """What Airflow's processes get; what the user has set stays.

    Args:
        project: The checkout.
        head: What is checked out there.
        given: The user's environment; PORT and DEMO are read from it.
    """
    folder = home(project, given)
    settings = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Each slot is an idle process of 100 MB; the default is 32 of them.
        "AIRFLOW__CORE__PARALLELISM": "4",
        **bundle(project.as_uri(), head.branch or head.commit, folder / "bundles"),
        **addresses(given.get("PORT") or "8080"),
        **_database(folder, given),
        **_security(folder, demo=given.get("DEMO") == "1"),
        **health(),
        **retries(),
        "MILLRACE_REPOSITORY": project.as_uri(),
        "MILLRACE_HOME": str(folder / "millrace"),
        "MILLRACE_DVC_CACHE": str(dvc_cache(project)),
        "MILLRACE_SOURCES": str(project / "sources"),
        # Without it MLflow makes a store in each workspace.
        "MLFLOW_TRACKING_URI": f"sqlite:///{project}/mlflow.db",
    }
    return {**settings, **given}


def _security(folder: Path, *, demo: bool) -> dict[str, str]:
    return {
        DEMO: str(demo),
        PASSWORDS: str(folder / "passwords.json"),
        # The command, not the secret: whatever is in the environment, every stage sees.
        "AIRFLOW__API_AUTH__JWT_SECRET_CMD": shlex.join(["cat", str(folder / JWT)]),
    }


def dvc_cache(project: Path) -> Path:
    """The project's own DVC cache, which the workspaces of its runs share."""
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "cache", "dir"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.strip()
    return Path(said) if done.returncode == 0 and said else project / ".dvc" / "cache"


def _database(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Airflow's own database; nothing where the user has named another."""
    address = f"sqlite:///{folder}/airflow.db"
    file = RawConfigParser(strict=False)
    file.read(folder / "airflow.cfg")
    named = file.get("database", "sql_alchemy_conn", fallback=address)
    if named != address or any(key.startswith(DATABASE) for key in given):
        return {}
    return {DATABASE: f"{address}?timeout={BUSY_S}"}
