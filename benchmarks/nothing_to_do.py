"""Seconds of `dvc repro` with nothing to do, for 1 and for 20 pipelines.

The stages are those of the project. `fingerprint` and `register`, which are part of every run, are
the real ones; the others have commands that only write their outputs, and what they write as a
package is one that the gate does not let in, of which `register` asks the MLflow store in a file.
The ratio is against `dvc --version`, which does nothing at all.

    python benchmarks/nothing_to_do.py [pipelines ...]
"""

import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from common import seconds
from project import Project

from components.base.files import write_json
from components.run.manifest import FILE, Manifest
from components.tasks.measured import Measures

STAGES = 9  # of each pipeline, besides the two of all of them


def write(paths: Iterable[Path]) -> None:
    """What the stages write, in short; a package is one that is refused."""
    for path in paths:
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        if path.suffix:
            path.write_text("{}")
        elif path.parts[0] == "packages":
            (path / "report").mkdir(exist_ok=True)
            made = Manifest(
                model=path.name,
                version="none",
                dataset="none",
                test="none",
                measures=Measures(metrics={}, examples=0),
                compressed=[],
                findings=[],
                learned={"history": {}},
                refused="it is none",
            )
            write_json(made.model_dump(), path / FILE)
        else:
            (path / "dataset.json").write_text("{}")


def with_pipelines(count: int, folder: str) -> Project:
    """A project with copies of the digits pipeline, which have run."""
    project = Project(Path(folder))
    for number in range(1, count):
        project.millrace("new", f"digits{number}", "--from", "digits")
    text = (project.root / "dvc.yaml").read_text()
    for stage in re.split(r"\n(?=  \w+:\n    desc)", text)[1:]:
        written = stage.partition("    outs:\n")[2]
        paths = re.findall(r"- ((?:data|reports|packages)/\S+?):?\n", written + "\n")
        new = f"    cmd: python {__file__} write {' '.join(paths)}\n"
        text = text.replace(stage, re.sub(r"    cmd: >-\n(?:      .*\n)+", new, stage))
    (project.root / "dvc.yaml").write_text(text)
    project.dvc("repro", "-q")
    return project


def report(count: int) -> None:
    """Prints the figures for a number of pipelines."""
    with tempfile.TemporaryDirectory() as folder:
        project = with_pipelines(count, folder)
        start = seconds(lambda: project.dvc("--version"))
        nothing = seconds(lambda: project.dvc("repro"))
        asked = seconds(lambda: project.run(sys.executable, "-m", "components.register"))
    print(
        f"{count:2} pipelines, {STAGES * count + 2:3} stages: nothing to do {nothing:.2f} s, "
        f"of it register {asked:.2f} s   dvc --version {start:.2f} s   "
        f"ratio {nothing / start:.1f}"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(map(Path, sys.argv[2:]))
    else:
        for word in sys.argv[1:] or ("1", "20"):
            report(int(word))
