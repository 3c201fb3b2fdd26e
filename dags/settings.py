"""Where a worker of Airflow finds what it needs; the one place here that reads the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# A stage is the user's code: it sees nothing of Airflow's own settings, secrets among them.
AIRFLOWS = ("AIRFLOW__", "AIRFLOW_CTX_", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW_", "__AIRFLOW")


@dataclass(frozen=True)
class Settings:
    """What the environment of a worker says."""

    repository: str
    """`MILLRACE_REPOSITORY`: the address of the git repository, which commits come from and the
    branches of runs go to."""
    home: Path
    """`MILLRACE_HOME`: this worker's own folder, with the workspaces of the runs."""
    cache: Path
    """`MILLRACE_DVC_CACHE`: DVC's cache, which the workspaces of this worker share by links."""
    sources: Path | None
    """`MILLRACE_SOURCES`: raw data that lies outside of git, in a folder for each pipeline."""
    tracking: str
    """`MLFLOW_TRACKING_URI`."""
    page: str
    """`MILLRACE_MLFLOW_UI`: the address of MLflow's page, for links."""

    @property
    def workspaces(self) -> Path:
        """One folder in it for each run."""
        return self.home / "workspaces"


def settings(root: Path) -> Settings:
    """Of this worker.

    Args:
        root: The checkout that the DAG file lies in, which is the repository where none is named.
    """
    airflow_home = Path(os.environ.get("AIRFLOW_HOME", Path.home() / "airflow"))
    home = Path(os.environ.get("MILLRACE_HOME") or airflow_home / "millrace").absolute()
    tracking = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home}/mlflow.db"
    page = tracking if tracking.startswith("http") else "http://127.0.0.1:5000"
    sources = os.environ.get("MILLRACE_SOURCES")
    return Settings(
        repository=os.environ.get("MILLRACE_REPOSITORY") or str(root),
        home=home,
        cache=Path(os.environ.get("MILLRACE_DVC_CACHE") or home / "cache").absolute(),
        sources=Path(sources) if sources else None,
        tracking=tracking,
        page=without_user(os.environ.get("MILLRACE_MLFLOW_UI") or page).rstrip("/"),
    )


def run_page(page: str, run: Mapping[str, str], part: str = "") -> str:
    """The address of a run on MLflow's page, which else opens on language models.

    Args:
        page: Of MLflow.
        run: The ids, `experiment` and `run`.
        part: Of the run's page, such as `/artifacts`.
    """
    place = f"experiments/{run['experiment']}/runs/{run['run']}{part}"
    return f"{page}/#/{place}?workflowType=machine_learning"


def without_user(address: str) -> str:
    """An address as it may be shown: what is before the @ may be a password."""
    return re.sub(r"//[^/@\s]*@", "//", address)


def of_stage(tools: Path, **variables: str) -> dict[str, str]:
    """The environment of a stage: that of the worker without what is Airflow's.

    Args:
        tools: The folder of Python and `dvc`, which come first in PATH.
        variables: Besides.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(AIRFLOWS) and key != "DVC_EXP_NAME"
    }
    path = f"{tools}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return {**kept, "PATH": path, "PYTHONPATH": "", "GIT_TERMINAL_PROMPT": "0", **variables}
