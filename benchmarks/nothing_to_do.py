"""Seconds of `dvc repro` with nothing to do, for 1 and for 20 pipelines.

The stages are those of the project with commands that only write their outputs; what is timed is
what DVC does with the graph. The ratio is against `dvc --version`, which does nothing at all.

    python benchmarks/nothing_to_do.py
"""

import re
import tempfile
from pathlib import Path

from common import seconds
from project import Project

WRITE = """import sys, pathlib
for path in sys.argv[1:]:
    path = pathlib.Path(path); path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('{}')
"""


def with_pipelines(count: int, folder: str) -> Project:
    """A project with copies of the digits pipeline, which have run."""
    project = Project(Path(folder))
    for number in range(1, count):
        project.components("new", f"digits{number}", "--from", "digits")
    text = (project.root / "dvc.yaml").read_text()
    for stage in re.split(r"\n(?=  \w+:\n    desc)", text)[1:]:
        written = stage.partition("    outs:\n")[2]
        paths = re.findall(r"- ((?:data|reports)/\S+?):?\n", written + "\n")
        new = f"    cmd: python write.py {' '.join(paths)}\n"
        text = text.replace(stage, re.sub(r"    cmd: >-\n(?:      .*\n)+", new, stage))
    (project.root / "dvc.yaml").write_text(text)
    (project.root / "write.py").write_text(WRITE)
    project.dvc("repro", "-q")
    return project


def report(count: int) -> None:
    """Prints the figures for a number of pipelines."""
    with tempfile.TemporaryDirectory() as folder:
        project = with_pipelines(count, folder)
        start = seconds(lambda: project.dvc("--version"))
        nothing = seconds(lambda: project.dvc("repro"))
    print(
        f"{count:2} pipelines, {9 * count:3} stages: nothing to do {nothing:.2f} s   "
        f"dvc --version {start:.2f} s   ratio {nothing / start:.1f}"
    )


if __name__ == "__main__":
    for pipelines in (1, 20):
        report(pipelines)
