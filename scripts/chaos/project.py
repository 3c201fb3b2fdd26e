"""A project to be harmed: this checkout's code, one pipeline, and a graph of the user's own."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("components", "dags", "scripts", "accepted", "dvc.yaml", ".dvcignore", ".gitignore")
DAG = "small"
Graph = Mapping[str, tuple[str, ...]]
OUTS: Graph = {"one": (), "two": ("one",), "three": ("one",), "four": ("two", "three")}
"""What each stage writes, and what it reads: two in the middle run at the same time."""
IDENTITY = ("-c", "user.name=chaos", "-c", "user.email=chaos@localhost")


class Place:
    """A folder with a project, the repository that its runs are pushed to, and a DVC remote.

    Args:
        base: An empty folder.
        seconds: That each stage takes.
        outs: What stages write, and what they read.
    """

    def __init__(self, base: Path, seconds: float = 3, outs: Graph = OUTS) -> None:
        self.base, self.seconds, self.outs = base, seconds, outs
        self.project, self.origin = base / "project", base / "origin.git"
        self.remote, self.home = base / "remote", base / "project" / ".airflow"
        self.round = 0
        self.project.mkdir()
        for part in PARTS:
            source = ROOT / part
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, self.project / part)
        self._write()
        self.git("init", "-q", "-b", "main")
        self.dvc("init", "-q")
        self.dvc("config", "core.analytics", "false")
        self.dvc("remote", "add", "-q", "-d", "store", str(self.remote))
        self.remote.mkdir()
        self.next_round()
        self.git("clone", "-q", "--bare", str(self.project), str(self.origin))

    def _write(self) -> None:
        text = (ROOT / "pipelines" / "diabetes.yaml").read_text()
        for old, new in (("epochs: 100", "epochs: 1"), ("max: 65", "max: 1000"), ("[64]", "[4]")):
            text = text.replace(old, new)
        for name, content in (
            ("pipelines/diabetes.yaml", text + "airflow: {retries: 3, retry_delay_seconds: 1}\n"),
            ("sources/diabetes/.gitkeep", ""),
            ("params.yaml", "pipelines: [diabetes]\nseed: 0\nbackend: tensorflow\ndask:\n"),
            (f"{DAG}/dvc.yaml", _graph(self.outs)),
            (f"{DAG}/stage.py", Path(__file__).with_name("stage.py").read_text()),
        ):
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            (self.project / name).write_text(content)

    def next_round(self) -> None:
        """Commits a value that every stage depends on, so that the next run has all to do."""
        self.round += 1
        values = f"round: {self.round}\nseconds: {self.seconds}\n"
        (self.project / DAG / "params.yaml").write_text(values)
        self.git("add", "-A")
        self.git(*IDENTITY, "commit", "-qm", f"round {self.round}")

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Runs git in the project, or elsewhere."""
        return _said(["git", *arguments], cwd or self.project)

    def dvc(self, *arguments: str, cwd: Path | None = None) -> str:
        """Runs DVC in the project, or elsewhere."""
        return _said([sys.executable, "-m", "dvc", *arguments], cwd or self.project)

    @property
    def workspaces(self) -> Path:
        """The clones of all runs."""
        return self.home / "millrace" / "workspaces"

    def undisturbed(self) -> dict[str, str]:
        """Hashes of what the stages write where nothing happens, without Airflow and DVC."""
        folder = self.base / "undisturbed"
        shutil.copytree(self.project / DAG, folder)
        (folder / "params.yaml").write_text(f"round: {self.round}\nseconds: 0\n")
        for out, inputs in self.outs.items():
            _said([sys.executable, "stage.py", out, *inputs], folder)
        found = {out: _hash(folder / out) for out in self.outs}
        shutil.rmtree(folder)
        return found

    def of_branch(self, branch: str) -> dict[str, str]:
        """Hashes of what a colleague gets who pulls the branch of a run, without our cache."""
        folder = self.base / "colleague"
        self.git("clone", "-q", "-b", branch, str(self.origin), str(folder), cwd=self.base)
        self.dvc("cache", "dir", "--local", str(self.base / "colleague-cache"), cwd=folder)
        try:
            self.dvc("pull", "-q", f"{DAG}/dvc.yaml", cwd=folder)
            return {out: _hash(folder / DAG / out) for out in self.outs}
        finally:
            shutil.rmtree(folder)
            shutil.rmtree(self.base / "colleague-cache", ignore_errors=True)


def _graph(outs: Graph) -> str:
    return "stages:\n" + "".join(
        f"  {out}:\n"
        f"    cmd: python stage.py {out} {' '.join(inputs)}\n"
        f"    deps: [{', '.join(('stage.py', *inputs))}]\n"
        f"    params: [round]\n"
        f"    outs: [{out}]\n"
        for out, inputs in outs.items()
    )


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "missing"


def _said(command: list[str], cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603  our own arguments
        command,
        cwd=cwd,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()
