"""Settings of Airflow that hold wherever it is started from here, as environment variables."""

import json
from pathlib import Path

BUNDLE = "millrace"
CONNECTION = "millrace_repository"
REFRESH_S = 10  # until a new commit is seen
NOTICED_S = 60  # until a worker that was killed is taken for dead; Airflow's default is 300
PLUGINS = Path(__file__).resolve().parent.parent / "airflow_plugins"


def bundle(repository: str, ref: str, folder: Path) -> dict[str, str]:
    """Where DAGs come from: the commits of a repository, and nothing that is not committed.

    Args:
        repository: Its address.
        ref: A branch or a commit.
        folder: For the checkouts; by default a folder of /tmp, where two projects would share one.
    """
    one = {
        "name": BUNDLE,
        "classpath": "airflow.providers.git.bundles.git.GitDagBundle",
        "kwargs": {
            "repo_url": repository,
            "git_conn_id": CONNECTION,
            "tracking_ref": ref,
            "subdir": "dags",
            "prune_dotgit_folder": False,
            "refresh_interval": REFRESH_S,
        },
    }
    return {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([one]),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(folder),
        # Without one, every task asks the server for it, and logs a traceback.
        f"AIRFLOW_CONN_{CONNECTION.upper()}": json.dumps({"conn_type": "git"}),
        # DVC reads the graph of a new commit meanwhile: 18 s of a hundred pipelines.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "150",
    }


def addresses(port: str) -> dict[str, str]:
    """All of them: with another port alone, the workers still call 8080."""
    address = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS),
    }


def health() -> dict[str, str]:
    """How soon what is dead is seen to be."""
    return {
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICED_S),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
        "AIRFLOW__DAG_PROCESSOR__HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(NOTICED_S),
    }


def retries() -> dict[str, str]:
    """Of a graph of the user's own, which says nothing of them."""
    return {
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "30",
    }
