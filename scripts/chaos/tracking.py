"""A server of MLflow that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import requests
from mlflow import MlflowClient

WELL_S = 60


class Tracking:
    """The server, in a process group of its own.

    Args:
        folder: For all that it keeps.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.client = MlflowClient(self.uri)
        self.known: set[str] = set()
        folder.mkdir()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns as soon as it answers."""
        with (self.folder / "said.txt").open("a") as said:
            self.process = subprocess.Popen(  # noqa: S603  our own arguments
                [
                    *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                    *("--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"),
                    *("--artifacts-destination", str(self.folder / "artifacts")),
                ],
                cwd=self.folder,
                env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        begun = time.monotonic()
        while not self._answers():
            if time.monotonic() - begun > WELL_S:
                self.kill()
                raise TimeoutError(f"MLflow does not answer; see {self.folder}/said.txt")
            time.sleep(0.2)

    def kill(self) -> None:
        """kill -9 of all of it."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """There is none while the body runs."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False

    def new_versions(self) -> int:
        """How many versions of models were registered since this was asked last."""
        found = {f"{one.name} {one.version}" for one in self.client.search_model_versions()}
        new, self.known = found - self.known, found
        return len(new)

    def running(self) -> list[str]:
        """The runs that have not ended."""
        found = self.client.search_runs(self._experiments(), "attributes.status = 'RUNNING'")
        return [str(one.info.run_name) for one in found]

    def is_uploading(self) -> bool:
        """Whether there is a model of which not all files are there."""
        found = self.client.search_logged_models(self._experiments())
        return any(one.status != "READY" for one in found)

    def _experiments(self) -> list[str]:
        return [one.experiment_id for one in self.client.search_experiments()]


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
