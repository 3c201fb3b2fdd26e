"""Seconds that Airflow needs for the DAG file, for 1, 20 and 100 pipelines and beside many files.

Cold: the first parse of a commit, which DVC reads in a process of its own. Warm: every other one.
Airflow itself is imported before. The ratios are against the same graph from DVC's own API, and for
the files under sources/ against none.

    python benchmarks/dag_parse.py [pipelines ...]
"""

import sys
import tempfile
from pathlib import Path

import common  # noqa: F401  finds the project
from project import IDENTITY, Project

FILES = 100_000
PARSE = """
import time, runpy
import airflow.sdk
from airflow.providers.standard.operators.hitl import ApprovalOperator
start = time.perf_counter()
found = runpy.run_path('dags/pipelines.py')
assert 'dag_digits' in found, [key for key in found if key.startswith('dag_')]
print('>', time.perf_counter() - start)
"""
DVC = """
import time
start = time.perf_counter()
from dvc.repo import Repo
Repo('.').index.graph
print('>', time.perf_counter() - start)
"""


def add(project: Project, names: list[str]) -> None:
    """More pipelines, which are the bundled one under other names."""
    text = (project.root / "pipelines/digits.yaml").read_text()
    for name in names:
        registered = text.replace("name: digits", f"name: {name}")
        (project.root / f"pipelines/{name}.yaml").write_text(registered)
    active = ", ".join(["digits", *names])
    project.edit("params.yaml", ("pipelines: [digits]", f"pipelines: [{active}]"))
    project.run("git", "add", "-A")
    project.run("git", *IDENTITY, "commit", "-qm", "more", "--allow-empty")


def timed(code: str, project: Project, fresh: bool = False) -> float:
    """Median of three processes' own measurement; with a new home of Airflow's for each, or one."""
    times = []
    with tempfile.TemporaryDirectory() as home:
        for number in range(3):
            variables = {
                "AIRFLOW_HOME": f"{home}/{number if fresh else 0}",
                "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
            }
            if not (fresh or times) and code is PARSE:
                project.run(sys.executable, "-c", code, **variables)  # which fills the cache
            said = project.run(sys.executable, "-c", code, **variables)
            times.append(float(said.partition("> ")[2].split()[0]))
    return sorted(times)[1]


def measured(project: Project) -> tuple[float, float, float]:
    """Cold, warm, and DVC's own."""
    return timed(PARSE, project, fresh=True), timed(PARSE, project), timed(DVC, project)


def shown(name: str, cold: float, warm: float, dvc: float) -> None:
    """One row."""
    print(
        f"{name}: cold {cold:.2f} s   warm {warm:.2f} s   DVC's API {dvc:.2f} s   "
        f"ratios {cold / dvc:.2f} and {warm / dvc:.2f}",
        flush=True,
    )


def beside_files(project: Project, alone: tuple[float, float, float]) -> None:
    """The same project with many small files under sources/."""
    for folder in range(100):
        place = project.root / "sources/digits" / str(folder)
        place.mkdir()
        for number in range(FILES // 100):
            (place / f"{number}.png").touch()
    found = measured(project)
    shown(f"{FILES:,} files", *found)
    cold, warm = (now / before for now, before in zip(found[:2], alone[:2], strict=True))
    print(f"{FILES:,} files against none: ratios {cold:.2f} and {warm:.2f}")


def main(counts: list[int]) -> None:
    """One row for each number of pipelines; the files lie beside the first."""
    for position, count in enumerate(counts):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(Path(folder))
            add(project, [f"digits{number}" for number in range(1, count)])
            found = measured(project)
            shown(f"{count:3} pipelines", *found)
            if position == 0:
                beside_files(project, found)


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [1, 20, 100])
