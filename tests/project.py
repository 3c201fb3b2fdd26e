"""A copy of the project in a real temporary Git and DVC repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

from components.pipeline import StageName

ROOT = Path(__file__).parent.parent
STAGES = get_args(StageName)
PARTS = (
    "components",
    "dags",
    "pipelines",
    "sources",
    "accepted",
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
)


class Project:
    """A user's checkout.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, root / part)
        (root / ".gitignore").write_text("/data/\n__pycache__/\n/mlflow.db*\n/mlruns/\n")
        self.run("git", "init", "-q")
        self.run(sys.executable, "-m", "dvc", "init", "-q")
        self.run("git", "add", "-A")
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        self.run("git", *identity, "commit", "-qm", "start")

    def run(self, *command: str, status: int = 0) -> str:
        """Runs a command in the project, its tools and Python being this process's own."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONPATH": ""}
        environment.pop("MLFLOW_TRACKING_URI", None)
        done = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def dvc(self, *arguments: str, status: int = 0) -> str:
        """Runs `dvc`."""
        return self.run(sys.executable, "-m", "dvc", *arguments, status=status)

    def components(self, *arguments: str, status: int = 0) -> str:
        """Runs `python -m components`."""
        return self.run(sys.executable, "-m", "components", *arguments, status=status)

    def edit(self, file: str, *changes: tuple[str, str]) -> None:
        """Replaces text in a file; every text must be there."""
        text = (self.root / file).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.root / file).write_text(text)
