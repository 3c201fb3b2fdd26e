"""Airflow's parts, and workers whose file systems have nothing in common."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from scripts.cluster import services
from scripts.cluster.repository import BRANCH
from scripts.cluster.services import BUCKET
from scripts.cluster.state import State, write
from scripts.parts.part import Part, Wave
from scripts.parts.settings import addresses, bundle, health, retries

SLOTS = 2
"""Tasks at once in one worker."""


def waves(state: State, origin: str, workers: int) -> list[Wave]:
    """Airflow on PostgreSQL and Redis: the page first, as all others report to it."""
    env = central(state, origin)
    names = [f"worker-{number}" for number in range(1, workers + 1)]
    of_workers = {
        name: worker(state, origin, name, f"127.0.0.{number}")
        for number, name in enumerate(names, start=1)
    }
    return [
        Wave([_page(state, env)], before=partial(_prepare, state, env)),
        Wave(
            [
                *(_central(state, env, *part) for part in CENTRAL),
                *(_worker(state, name, env) for name, env in of_workers.items()),
                *(_logs(state, name, env) for name, env in of_workers.items()),
            ]
        ),
    ]


CENTRAL = (
    ("scheduler", ("scheduler", "--skip-serve-logs")),
    ("dag_processor", ("dag-processor",)),
    ("triggerer", ("triggerer", "--skip-serve-logs")),
)
"""By their names in the page's report of health."""


def shared(state: State, origin: str, home: Path, host: str) -> dict[str, str]:
    """What every part of Airflow is told."""
    home.mkdir(mode=0o700, exist_ok=True)
    results = state.database("celery").removeprefix("postgresql+psycopg2")
    return {
        **os.environ,
        # For the callable below, and nothing else: a stage imports what its own clone has.
        "PYTHONPATH": str(Path(__file__).with_name("path")),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "cluster_host.name",
        "CLUSTER_HOST": host,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{state.url('airflow')}/execution/",
        "AIRFLOW__CELERY__BROKER_URL": services.queue(state),
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql{results}",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS),
        **bundle(origin, BRANCH, home / "bundles"),
        **retries(),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(state.ports["logs"]),
        "AIRFLOW__API__SECRET_KEY": state.secrets["logs"],  # signs what the page asks logs with
        "MILLRACE_REPOSITORY": origin,
        "MILLRACE_HOME": str(home / "millrace"),
        "MILLRACE_DVC_CACHE": str(home / "millrace" / "cache"),
        "MILLRACE_TRIALS": state.database("optuna"),
        "MLFLOW_TRACKING_URI": state.url("mlflow"),
        **dvc(state, home / "dvc"),
    }


def central(state: State, origin: str) -> dict[str, str]:
    """What only the parts beside the database are told."""
    home = state.home / "airflow"
    return {
        **shared(state, origin, home, "127.0.0.1"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": state.database("airflow"),
        "AIRFLOW__CORE__FERNET_KEY": state.secrets["fernet"],
        "AIRFLOW__API_AUTH__JWT_SECRET": state.secrets["jwt"],
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        **addresses(str(state.ports["airflow"])),
        **health(),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",  # it would listen everywhere
    }


def worker(state: State, origin: str, name: str, host: str) -> dict[str, str]:
    """A worker knows the queue and the page, neither Airflow's database nor its keys."""
    return shared(state, origin, state.home / name, host)


def dvc(state: State, folder: Path) -> dict[str, str]:
    """DVC's own settings of one machine: the remote, and no state beside another machine's."""
    config = (
        f"[core]\n    remote = cluster\n    analytics = false\n"
        f"['remote \"cluster\"']\n    url = s3://{BUCKET}/dvc\n"
        f"    endpointurl = {state.url('storage')}\n"
        "    verify = true\n"
    )
    write(folder / "config", config)
    return {
        **services.s3(state),
        "DVC_GLOBAL_CONFIG_DIR": str(folder),
        "DVC_SYSTEM_CONFIG_DIR": str(folder / "system"),
        "DVC_SITE_CACHE_DIR": str(folder / "site"),
    }


def _prepare(state: State, env: Mapping[str, str]) -> None:
    passwords = Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    write(passwords, json.dumps({"admin": state.secrets["admin"]}))
    with (state.home / "logs" / "migrate.log").open("ab") as log:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(command, env=env, stdout=log, stderr=log, check=True)  # noqa: S603  ours


def _page(state: State, env: Mapping[str, str]) -> Part:
    command = [sys.executable, "-m", "airflow", "api-server"]
    health = partial(services.answers, f"{state.url('airflow')}/api/v2/monitor/health")
    return Part("api-server", command, env, health)


def _central(state: State, env: Mapping[str, str], name: str, command: tuple[str, ...]) -> Part:
    well = partial(_reported_well, state, name)
    return Part(name, [sys.executable, "-m", "airflow", *command], env, well)


def _reported_well(state: State, name: str) -> bool:
    url = f"{state.url('airflow')}/api/v2/monitor/health"
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  loopback
        return bool(json.load(answer)[name]["status"] == "healthy")


def _worker(state: State, name: str, env: Mapping[str, str]) -> Part:
    # The server of logs that it would start itself listens on every address.
    command = ["airflow", "celery", "worker", "--skip-serve-logs", "--celery-hostname", name]
    command += ["--queues", f"default,{name}"]  # so a stage may ask for one worker
    return Part(name, [sys.executable, "-m", *command], env, partial(takes_tasks, state, name))


def takes_tasks(state: State, name: str) -> bool:
    """Whether a worker answers on the queue."""
    from celery import Celery  # type: ignore[import-untyped]

    with Celery(broker=services.queue(state)) as app:
        return bool(app.control.ping(destination=[f"celery@{name}"], timeout=2))


def _logs(state: State, worker_name: str, env: Mapping[str, str]) -> Part:
    """Airflow's own server of logs, on the worker's address alone."""
    place = ["--host", env["CLUSTER_HOST"], "--port", str(state.ports["logs"])]
    app = ["--factory", "airflow.utils.serve_logs.log_server:get_app"]
    url = f"http://{env['CLUSTER_HOST']}:{state.ports['logs']}/log/"
    command = [sys.executable, "-m", "uvicorn", *place, *app]
    return Part(f"{worker_name}-logs", command, env, partial(_listens, url))


def _listens(url: str) -> bool:
    """Whether a server is there, even one that says no to whoever has no token."""
    try:
        return services.answers(url)
    except urllib.request.HTTPError:
        return True
