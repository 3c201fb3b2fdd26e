"""A copy of the project in a real temporary Git and DVC repository."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.run.names import USES

ROOT = Path(__file__).parent.parent
STAGES = tuple(USES)
ALWAYS = ("fingerprint", "register")  # of all pipelines at once, and of every run
PARTS = (
    "components",
    "dags",
    "pipelines",
    "sources",
    "accepted",
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
    ".gitignore",
)
IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.com")


class Project:
    """A user's checkout.

    Args:
        root: An empty folder.
    """

    settings: Mapping[str, str] = {}
    """Variables of the user's environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, root / part, ignore=_unwanted)
            else:
                shutil.copy(source, root / part)
        init(root)
        self.commit("start")

    @classmethod
    def of(cls, root: Path) -> "Project":
        """A checkout that there is."""
        project = cls.__new__(cls)
        project.root = root
        return project

    def commit(self, message: str) -> None:
        """Commits everything."""
        self.run("git", "add", "-A")
        self.run("git", *IDENTITY, "commit", "-qm", message)

    def clone(self, root: Path) -> "Project":
        """A colleague's checkout of the last commit, with the same remote."""
        self.run("git", "clone", "-q", str(self.root), str(root))
        return Project.of(root)

    def run(self, *command: str, status: int = 0, **variables: str) -> str:
        """Runs a command in the project, its tools and Python being this process's own."""
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def environment(self, **variables: str) -> dict[str, str]:
        """Of a command in the project."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": "", **self.settings, **variables}
        if "MLFLOW_TRACKING_URI" not in variables:
            environment.pop("MLFLOW_TRACKING_URI", None)
        return environment

    def dvc(self, *arguments: str, status: int = 0, **variables: str) -> str:
        """Runs `dvc`."""
        return self.run(sys.executable, "-m", "dvc", *arguments, status=status, **variables)

    def millrace(self, *arguments: str, status: int = 0, **variables: str) -> str:
        """Runs `millrace`."""
        return self.run(sys.executable, "-m", "components", *arguments, status=status, **variables)

    def killed(
        self,
        *command: str,
        when: Callable[[], bool],
        delay_s: float = 0,
        alone: bool = False,
        limit_s: float = 300,
    ) -> int:
        """Runs a command, and kills it when something is so; its exit status.

        Args:
            command: With its arguments.
            when: Asked twenty times a second.
            delay_s: Waited after it is so.
            alone: Whether the processes that it has started go on.
            limit_s: It is killed after this time, whatever is so.
        """
        with subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            begun = time.monotonic()
            while process.poll() is None and not when() and time.monotonic() - begun < limit_s:
                time.sleep(0.05)
            time.sleep(delay_s)
            if process.poll() is None:
                (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        return process.returncode

    def begins(self, stage: str) -> Callable[[], bool]:
        """Says whether a stage of the bundled pipeline has begun since now."""
        if stage == "register":  # runs after the last of the others
            lock = self.root / "dvc.lock"
            return lambda: lock.exists() and "package@digits:" in lock.read_text()
        log = self.root / f"measured/digits/{stage}.log"
        before = log.stat().st_mtime_ns if log.exists() else None
        return lambda: log.exists() and log.stat().st_mtime_ns != before

    def outputs(self) -> dict[str, str]:
        """A hash of each file that stages have written, by its path."""
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in ("data", "reports", "packages")
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file() and not any(".partial" in part for part in path.parts)
        }

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replaces text in a file; every text must be there."""
        text = (self.root / file).read_text()
        for old, new in changes:
            assert old in text, f"{old!r} is not in {file}"
            text = text.replace(old, new)
        (self.root / file).write_text(text)

    def read(self, path: str) -> Any:
        """The value of a JSON file."""
        return json.loads((self.root / path).read_text())

    def tracking_uri(self) -> str:
        """The MLflow store that its commands use."""
        return f"sqlite:///{self.root}/mlflow.db"


def init(root: Path) -> None:
    """Makes a repository of git and of DVC, as `dvc init` does, less the seconds that DVC takes."""
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=root, check=True)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    (root / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")


def ran(output: str) -> list[str]:
    """The stages that DVC has run, of which its output says so."""
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def _unwanted(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__"}
