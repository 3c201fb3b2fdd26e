"""Seconds that Airflow needs for the DAG file, for 1 and for 20 pipelines.

Airflow itself is imported before. The ratio is against the same graph from DVC's own API.

    python benchmarks/dag_parse.py [pipelines ...]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import common  # noqa: F401  finds the project
from project import Project

PARSE = """
import os, time, runpy, tempfile
os.environ['AIRFLOW_HOME'] = tempfile.mkdtemp()
import airflow.sdk
from airflow.providers.standard.operators.bash import BashOperator
start = time.perf_counter()
runpy.run_path('dags/pipelines.py')
print('>', time.perf_counter() - start)
"""
DVC = """
import time
start = time.perf_counter()
from dvc.repo import Repo
Repo('.').index.graph
print('>', time.perf_counter() - start)
"""


def timed(code: str, root: Path) -> float:
    """Median of three processes' own measurement."""
    times = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout.partition("> ")[2].split()[0]))
    return sorted(times)[1]


if __name__ == "__main__":
    for count in map(int, sys.argv[1:] or ("1", "20")):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(Path(folder))
            for number in range(1, count):
                project.millrace("new", f"digits{number}", "--from", "digits")
            ours, theirs = timed(PARSE, project.root), timed(DVC, project.root)
        print(
            f"{count:2} pipelines: DAG file {ours:.2f} s   DVC's API {theirs:.2f} s   "
            f"ratio {ours / theirs:.2f}"
        )
