"""A cluster that runs, as its user sees it: the page's API, the repository, the storage."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from project import ROOT

from scripts.cluster import airflow
from scripts.cluster.state import State, load

DONE = ("success", "failed")


class Cluster:
    """Starts a cluster for a project, and ends it.

    Args:
        home: The folder of its state.
        project: Whose last commit it runs.
        workers: How many.
    """

    def __init__(self, home: Path, project: Path, workers: int = 2) -> None:
        self.home = home
        self.project = project
        self.log = home.with_suffix(".log")
        command = [sys.executable, "-m", "scripts.cluster", "--project", str(project)]
        command += ["--workers", str(workers)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "CLUSTER_HOME": str(home)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait(lambda: "Ctrl-C ends" in self.log.read_text(), 400, self._still_starts)
        except BaseException:
            self.end()
            raise
        self.state: State = load(home)
        self.token = self.ask("/auth/token", self._who(), token=False)["access_token"]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Tells it to end, and waits; its exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.process.wait(120)

    def ask(self, path: str, body: Any = None, token: bool = True, **headers: str) -> Any:
        """A request to Airflow's API, and its answer."""
        headers["Content-Type"] = "application/json"
        if token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310  loopback
            self.state.url("airflow") + path,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            return json.load(answer)

    def trigger(self, dag: str, run: str) -> None:
        """Starts a run, once the DAG is known."""
        known = f"/api/v2/dags?dag_id_pattern={dag}"
        wait(lambda: [one["dag_id"] for one in self.ask(known)["dags"]] == [dag], 300)
        self.ask(f"/api/v2/dags/{dag}/dagRuns", {"dag_run_id": run, "logical_date": None})

    def has_ended(self, dag: str, run: str) -> bool:
        """Whether a run is over."""
        return self.ask(f"/api/v2/dags/{dag}/dagRuns/{run}")["state"] in DONE

    def finished(self, dag: str, run: str, limit_s: float = 900) -> dict[str, dict[str, Any]]:
        """Waits for a run; its tasks by their names."""
        wait(lambda: self.has_ended(dag, run), limit_s)
        return self.tasks(dag, run)

    def tasks(self, dag: str, run: str) -> dict[str, dict[str, Any]]:
        """The tasks of a run by their names."""
        return {task: parts[-1] for task, parts in self.parts(dag, run).items()}

    def parts(self, dag: str, run: str) -> dict[str, list[dict[str, Any]]]:
        """By name of a task, itself, or all that it is mapped to."""
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.ask(f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]:
            found.setdefault(one["task_id"], []).append(one)
        return found

    def each(self, ask: Callable[[psutil.Process], Iterable[Any]]) -> Iterator[Any]:
        """What each process of the cluster answers; some end while they are asked."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess, FileNotFoundError):  # a zombie is one of them
                yield from ask(process)

    def tree_of(self, word: str) -> set[psutil.Process]:
        """The processes whose command has a word, and all that they have started."""
        heads = self.each(lambda one: [one] * (word in " ".join(one.cmdline())))
        trees = self.each(lambda one: [(one, one.children(recursive=True))])
        mine = set(heads)
        return {each for one, below in trees if one in mine for each in (one, *below)}

    def clone(self, to: Path, branch: str = "main") -> Path:
        """A fresh clone of the shared repository."""
        command = ["git", "clone", "--quiet", "--branch", branch, self.origin, str(to)]
        subprocess.run(command, check=True)
        return to

    def laptop(self, folder: Path) -> Mapping[str, str]:
        """The environment of a machine that knows the remote and has no cache."""
        folder.mkdir()
        return {**os.environ, **airflow.dvc(self.state, folder)}

    @property
    def origin(self) -> str:
        """The address of the shared repository."""
        return (self.home / "repository.git").as_uri()

    def _who(self) -> dict[str, str]:
        return {"username": "admin", "password": self.state.secrets["admin"]}

    def _still_starts(self) -> None:
        assert self.process.poll() is None, self.log.read_text()


def wait(so: Callable[[], bool], limit_s: float, alive: Callable[[], None] = lambda: None) -> None:
    """Waits until something is so; fails after a time."""
    limit = time.monotonic() + limit_s
    while not so():
        alive()
        assert time.monotonic() < limit, f"not so after {limit_s} s"
        time.sleep(1)
