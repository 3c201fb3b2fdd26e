"""A small project of a user's own: three stages, two of them side by side, and a fourth behind."""

import os
import subprocess
import sys
from pathlib import Path

from project import IDENTITY, init

GRAPH = """\
stages:
  draw:
    cmd: echo "$(cat seed.txt) drawn" > drawn.txt && echo draw >> "$RAN"
    deps: [seed.txt]
    outs: [drawn.txt]
  left:
    cmd: sed s/drawn/left/ drawn.txt > left.txt && echo left >> "$RAN"
    deps: [drawn.txt]
    outs: [left.txt]
  right:
    cmd: sed s/drawn/right/ drawn.txt > right.txt && echo right >> "$RAN"
    deps: [drawn.txt]
    outs: [right.txt]
  join:
    cmd: cat left.txt right.txt > joined.txt && echo join >> "$RAN"
    deps: [left.txt, right.txt]
    outs: [joined.txt]
"""


class Small:
    """A repository with the graph in the folder `small`, and what Airflow's side needs.

    Args:
        root: An empty folder, or a copy of one that had such a project.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.log = root / "project", root / "ran.txt"
        if self.root.exists():
            return
        (self.root / "small").mkdir(parents=True)
        (self.root / "small" / "dvc.yaml").write_text(GRAPH)
        (self.root / "small" / "seed.txt").write_text("1\n")
        init(self.root)
        self.commit("start")

    def run(self, *command: str, folder: Path | None = None) -> str:
        """Runs a command in the project."""
        done = subprocess.run(
            command, cwd=folder or self.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """Runs git in the project."""
        return self.run("git", *IDENTITY, *arguments, folder=folder)

    def commit(self, message: str) -> str:
        """Commits everything, and gives the commit."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def write(self, path: str, text: str) -> str:
        """Writes a file and commits it."""
        (self.root / path).write_text(text)
        return self.commit(path)

    @property
    def ran(self) -> list[str]:
        """The stages that were run, in order."""
        return self.log.read_text().split() if self.log.exists() else []

    def environment(self, home: Path) -> dict[str, str]:
        """Of a worker of Airflow's."""
        return {
            "MILLRACE_REPOSITORY": str(self.root),
            "MILLRACE_HOME": str(home),
            "MILLRACE_DVC_CACHE": str(self.root / ".dvc" / "cache"),
            "RAN": str(self.log),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }
