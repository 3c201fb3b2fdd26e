"""Airflow's settings on one machine, as environment variables."""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from components.base.repository import Head

BUNDLE = "millrace"
REFRESH_S = 10  # until a new commit is seen
NOTICED_S = 60  # until a worker that was killed is taken for dead; Airflow's default is 300

DEMO = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"
PASSWORDS = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
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
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "30",
        **_bundle(project, folder, head),
        **_addresses(given.get("PORT") or "8080"),
        **_security(project, folder, demo=given.get("DEMO") == "1"),
        **_health(),
        "MILLRACE_REPOSITORY": project.as_uri(),
        "MILLRACE_HOME": str(folder / "millrace"),
        "MILLRACE_DVC_CACHE": str(dvc_cache(project)),
        "MILLRACE_SOURCES": str(project / "sources"),
        # Without it MLflow makes a store in each workspace.
        "MLFLOW_TRACKING_URI": f"sqlite:///{project}/mlflow.db",
    }
    return {**settings, **given}


def _bundle(project: Path, folder: Path, head: Head) -> dict[str, str]:
    """Where DAGs come from: the commits of this repository, and nothing that is not committed."""
    bundle = {
        "name": BUNDLE,
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {
            "repo_url": project.as_uri(),
            "tracking_ref": head.branch or head.commit,
            "subdir": "dags",
            "prune_dotgit_folder": False,
            "refresh_interval": REFRESH_S,
        },
    }
    return {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        # By default a folder of /tmp, where two projects would share one checkout.
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(folder / "bundles"),
    }


def _addresses(port: str) -> dict[str, str]:
    """All of them: with another port alone, the workers still call 8080."""
    address = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
    }


def _security(project: Path, folder: Path, *, demo: bool) -> dict[str, str]:
    return {
        DEMO: str(demo),
        PASSWORDS: str(folder / "passwords.json"),
        # The command, not the secret: whatever is in the environment, every stage sees.
        "AIRFLOW__API_AUTH__JWT_SECRET_CMD": shlex.join(["cat", str(folder / JWT)]),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project / "scripts" / "airflow_plugins"),
    }


def _health() -> dict[str, str]:
    return {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICED_S),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
        "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
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
