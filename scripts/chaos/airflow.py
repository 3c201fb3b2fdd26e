"""Airflow under its supervisor, as its user sees it: started, asked over HTTP, and ended."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import psutil

from scripts.chaos.project import Place, Run
from scripts.chaos.tracking import Tracking, free_port

Found = TypeVar("Found")
LIMIT_S = 600
QUICK = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "6",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
    "AIRFLOW__CORE__MAX_TASK_RETRY_DELAY": "8",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "12",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
}
"""What takes minutes takes seconds; the order of the limits is as ever."""


class Airflow:
    """`make airflow` of a project, without a password.

    Args:
        place: The project.
        tracking: The server of MLflow.
    """

    def __init__(self, place: Place, tracking: Tracking) -> None:
        self.place, self.tracking = place, tracking
        self.said = place.base / "said.txt"
        self.port = free_port()

    def __enter__(self) -> Self:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
        env = {
            **kept,
            **QUICK,
            "PORT": str(self.port),
            "DEMO": "1",
            "AIRFLOW_HOME": str(self.place.home),
            "MILLRACE_REPOSITORY": self.place.origin.as_uri(),
            # On the same disk as the workspaces, as on a worker that is no developer's machine.
            "MILLRACE_DVC_CACHE": str(self.place.home / "millrace" / "cache"),
            "MLFLOW_TRACKING_URI": self.tracking.uri,
        }
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "scripts/airflow_standalone.py"],
                cwd=self.place.project,
                env=env,
                stdout=said,
                stderr=said,
            )
        self.guard = psutil.Process(self.process.pid)
        try:
            self.until(lambda: "Ctrl-C ends it" in self.said.read_text())
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(120)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the API, and its answer.

        Raises:
            OSError: It does not answer.
            LookupError: It says no.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/api/v2{path}", text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise LookupError(f"{path}: {answer.status} {said.decode(errors='replace')[:500]}")
        return json.loads(said)

    def until(self, what: Callable[[], Found], limit_s: float = LIMIT_S) -> Found:
        """Waits until something is found; what cannot be reached meanwhile is not."""
        begun = time.monotonic()
        while time.monotonic() - begun < limit_s:
            if self.process.poll() is not None:
                raise RuntimeError(f"Airflow has ended: {self.said.read_text()}")
            with suppress(OSError, LookupError, http.client.HTTPException, psutil.Error):
                if found := what():
                    return found
            time.sleep(0.1)
        raise TimeoutError(f"not so after {limit_s:.0f} s; see {self.said}")

    def run(self, run: Run) -> None:
        """Starts a run of the commit that the project is at."""
        self.until(lambda: self._runs(run, self.place.git("rev-parse", "HEAD")))
        body = {"dag_run_id": run.id, "logical_date": None, "conf": {}}
        self.until(lambda: self.ask("POST", f"/dags/{run.graph.name}/dagRuns", body))

    def _runs(self, run: Run, commit: str) -> bool:
        return bool(self.ask("GET", f"/dags/{run.graph.name}")["bundle_version"] == commit)

    def ended(self, run: Run, limit_s: float = LIMIT_S) -> str:
        """Waits for a run; how it ended."""

        def done() -> str:
            state = str(self.ask("GET", _path(run))["state"])
            return state if state in ("success", "failed") else ""

        return self.until(done, limit_s)

    def tasks(self, run: Run) -> dict[str, dict[str, Any]]:
        """The tasks of a run by their names."""
        found = self.ask("GET", f"{_path(run)}/taskInstances")["task_instances"]
        return {one["task_id"]: one for one in found}

    def log(self, run: Run, task: str, number: int) -> str:
        """What a try of a task has said."""
        lines = self.ask("GET", f"{_path(run)}/taskInstances/{task}/logs/{number}")["content"]
        return "\n".join(_text(line) for line in lines)


def _path(run: Run) -> str:
    return f"/dags/{run.graph.name}/dagRuns/{run.id}"


def _text(line: Any) -> str:
    if not isinstance(line, dict):
        return str(line)
    errors = line.get("error_detail") or ()
    told = [f"{one.get('exc_type')}: {one.get('exc_value')}" for one in errors]
    return " ".join([str(line.get("event", "")), *told])


def below(process: psutil.Process) -> list[psutil.Process]:
    """Every process that one has started."""
    with suppress(psutil.NoSuchProcess):
        return list(process.children(recursive=True))
    return []


def of_stages(folder: Path) -> list[psutil.Process]:
    """Every process of this machine that works in one of the workspaces."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
    return found
