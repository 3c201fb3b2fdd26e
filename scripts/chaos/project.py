"""A project to be harmed: this checkout's code, a pipeline, and a graph of the user's own."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("components", "dags", "scripts", "accepted", "dvc.yaml", ".dvcignore", ".gitignore")
Stages = Mapping[str, tuple[str, ...]]
STAGES: Stages = {"one": (), "two": ("one",), "three": ("one",), "four": ("two", "three")}
"""What each stage writes, and what it reads: two in the middle run at the same time."""
IDENTITY = ("-c", "user.name=chaos", "-c", "user.email=chaos@localhost")


@dataclass(frozen=True)
class Graph:
    """A graph of the project, which is a DAG."""

    name: str
    file: str
    """The dvc.yaml."""
    outs: tuple[str, ...]
    """What must be the same whatever happens: files and folders."""


SMALL = Graph("small", "small/dvc.yaml", tuple(f"small/{name}" for name in STAGES))
PIPELINE = Graph("diabetes", "dvc.yaml", ("data/diabetes", "reports/diabetes"))
"""The weights among them; TensorFlow writes other bytes into a package each time."""


@dataclass(frozen=True)
class Run:
    """A run of a graph."""

    graph: Graph
    id: str


class Place:
    """A folder with a project, the repository that its runs are pushed to, and a DVC remote.

    Args:
        base: An empty folder.
        seconds: That each stage of the small graph takes.
        stages: Of the small graph: what each writes, and what it reads.
    """

    def __init__(self, base: Path, seconds: float = 3, stages: Stages = STAGES) -> None:
        self.base, self.seconds, self.stages = base, seconds, stages
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
            (SMALL.file, _graph(self.stages)),
            ("small/stage.py", Path(__file__).with_name("stage.py").read_text()),
        ):
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            (self.project / name).write_text(content)

    def next_round(self) -> None:
        """Commits values that every stage depends on, so that the next run has all to do."""
        self.round += 1
        self._say_seconds(self.project, self.seconds)
        values = f"pipelines: [diabetes]\nseed: {self.round}\nbackend: tensorflow\ndask:\n"
        (self.project / "params.yaml").write_text(values)
        self.git("add", "-A")
        self.git(*IDENTITY, "commit", "-qm", f"round {self.round}")

    def _say_seconds(self, folder: Path, seconds: float) -> None:
        values = f"round: {self.round}\nseconds: {seconds}\n"
        (folder / "small" / "params.yaml").write_text(values)

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

    def folder(self, run: Run) -> Path:
        """The clones of a run."""
        return self.workspaces / run.graph.name / run.id

    def undisturbed(self, graph: Graph) -> dict[str, str]:
        """Hashes of what the stages write where nothing happens, without Airflow."""
        with self._clone(self.project, "main") as folder:
            self._say_seconds(folder, 0)  # no stage depends on them
            self.dvc("repro", "-q", graph.file, cwd=folder)
            return _hashes(folder, graph)

    def of_branch(self, run: Run) -> dict[str, str]:
        """Hashes of what a colleague gets who pulls the branch of a run, without our cache."""
        with self._clone(self.origin, f"airflow/{run.graph.name}/{run.id}") as folder:
            self.dvc("pull", "-q", run.graph.file, cwd=folder)
            return _hashes(folder, run.graph)

    @contextmanager
    def _clone(self, source: Path, branch: str) -> Iterator[Path]:
        """A clone with a cache of its own."""
        folder = self.base / "clone"
        self.git("clone", "-q", "-b", branch, str(source), str(folder), cwd=self.base)
        self.dvc("cache", "dir", "--local", str(folder / ".dvc" / "cache"), cwd=folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _graph(outs: Stages) -> str:
    return "stages:\n" + "".join(
        f"  {out}:\n"
        f"    cmd: python stage.py {out} {' '.join(inputs)}\n"
        f"    deps: [{', '.join(('stage.py', *inputs))}]\n"
        f"    params: [round]\n"
        f"    outs: [{out}]\n"
        for out, inputs in outs.items()
    )


def _hashes(folder: Path, graph: Graph) -> dict[str, str]:
    """By path, of all files that a graph has made; of an output that is missing, that it is."""
    found = dict.fromkeys(graph.outs, "missing")
    for out in graph.outs:
        files = [folder / out, *(folder / out).rglob("*")]
        found |= {str(one.relative_to(folder)): _hash(one) for one in files if one.is_file()}
    return found


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _said(command: list[str], cwd: Path) -> str:
    done = subprocess.run(  # noqa: S603  our own arguments
        command,
        cwd=cwd,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "MLFLOW_TRACKING_URI": "",  # a store in the folder
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()
