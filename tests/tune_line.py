"""A table of which a search tries four trainings, each by itself."""

import json
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import yaml
from photo_line import PhotoLine
from project import Project

TUNE = """
tune:
  space:
    train.optimizer: {CategoricalDistribution: {choices: [SGD, Adam]}}
    train.batch_size: {IntDistribution: {low: 16, high: 64, step: 16}}
    model.dropout: {FloatDistribution: {low: 0.1, high: 0.5}}
  sampler: RandomSampler
  pruner: NopPruner
  trials: 4
  epochs: 2
train:
"""
WORKER = """
import runpy
import sys
words, *numbers = sys.argv[1:]
for number in numbers:
    own = [f"--metrics=measured/{number}.metrics.json", f"--measured=measured/{number}.json"]
    sys.argv = ["trial", *words.split(), "--number", number, *own]
    runpy.run_module("components.tune.trial", run_name="__main__")
"""


class TuneLine(PhotoLine):
    """A checkout whose pipeline is `diabetes`, with a search.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        Project.__init__(self, root)
        self.edit("params.yaml", ("pipelines: [digits]", "pipelines: [diabetes]"))
        self.edit("pipelines/diabetes.yaml", ("\ntrain:\n", TUNE))

    def worker(self, *numbers: int) -> list[str]:
        """The command of a process that runs some trials, one after the other."""
        graph = yaml.safe_load((self.root / "dvc.yaml").read_text())
        command = graph["stages"]["tune"]["meta"]["trial"].replace("${item.pipeline}", "diabetes")
        words = " ".join(shlex.split(command)[3:])
        return [sys.executable, "-c", WORKER, words, *map(str, numbers)]

    def start(self, *numbers: int) -> subprocess.Popen[bytes]:
        """Starts such a process."""
        return subprocess.Popen(self.worker(*numbers), cwd=self.root, env=self.environment())

    def runs(self, number: int) -> list[str]:
        """The states of the MLflow runs of a trial, the first one first."""
        with sqlite3.connect(self.root / "mlflow.db") as store:
            rows = store.execute(
                "SELECT status FROM runs WHERE name = ? ORDER BY start_time", (f"trial {number}",)
            )
            return [status for (status,) in rows]

    def found(self) -> dict[str, bytes]:
        """What the stage has written."""
        paths = ("data/diabetes/hyperparameters.json", "reports/diabetes/trials.json")
        return {path: (self.root / path).read_bytes() for path in paths}

    def kept(self, storage: Path) -> list[int]:
        """The numbers of the trials in a storage, as often as they are there."""
        with sqlite3.connect(storage) as store:
            rows = store.execute(
                "SELECT value_json FROM trial_user_attributes WHERE key = 'millrace.number'"
            )
            return sorted(json.loads(number) for (number,) in rows)
