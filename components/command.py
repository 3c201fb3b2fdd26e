"""What every stage's `__main__` shares: arguments, the check of the whole file, the clock."""

import argparse
import errno
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from components.document import Document
from components.errors import Mistakes, Stop
from components.files import read_json, write_json
from components.overrides import apply
from components.pipeline import Pipeline, parse
from components.tasks.rules import fact_problems
from components.workers import Workers

if TYPE_CHECKING:
    from components.dataset import Facts


class Run(argparse.Namespace):
    """One run of a stage: its arguments, and the checked pipeline file."""

    pipeline_path: Path
    document: Document
    pipeline: Pipeline
    metrics: Path
    seed: int
    params: Path

    @property
    def name(self) -> str:
        """The name of the pipeline: its file's, without the ending."""
        return self.pipeline_path.stem

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this stage was given no --{name}")

    def check(self, facts: "Facts") -> None:
        """Compares the file with the data.

        Raises:
            Mistakes: They do not go together.
        """
        file = self.pipeline
        if problems := fact_problems(facts, file.preprocess, file.model, file.train):
            raise Mistakes(problems)

    def workers(self) -> Workers:
        """Where shards are worked on: not an argument itself, since it changes no output."""
        return Workers(Document(self.params).data.get("dask"))

    def sections(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """The file's own values with hyperparameters (`train.batch_size`) laid over them."""
        return apply(self.document.data, overrides)

    def overridden(self, overrides: Mapping[str, Any]) -> Pipeline:
        """The pipeline with hyperparameters laid over the file's own."""
        return Pipeline.model_validate(self.sections(overrides))

    def tags(self, stage: str, dataset: Path) -> dict[str, str]:
        """What MLflow is told about where a model comes from."""
        fingerprint = read_json(dataset / "dataset.json")["fingerprint"]
        return {
            "millrace.pipeline": self.name,
            "millrace.dataset": fingerprint,
            "dvc.stage": f"{stage}@{self.name}",
        }

    def say(self, text: str) -> None:
        """Tells whoever watches."""
        sys.stdout.write(f"{self.name}: {text}\n")

    def measure(self, metrics: dict[str, Any]) -> None:
        """Writes the stage's metrics, and its seconds since it was called, imports included."""
        seconds = round(time.time() - psutil.Process().create_time(), 2)
        write_json({**metrics, "seconds": seconds}, self.metrics)


@contextmanager
def stage(
    description: str | None, *paths: str, seed: bool = False, workers: bool = False
) -> Iterator[Run]:
    """Parses the command line of a stage, and ends the process with a message where it must.

    Args:
        description: The stage's docstring, shown by `--help`.
        paths: Names of the paths it reads and writes (`dataset` is `--dataset`).
        seed: Whether it draws at random and so takes `--seed`.
        workers: Whether it works shard by shard, where `--params` says.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("pipeline_path", metavar="pipeline", type=Path, help="pipelines/NAME.yaml")
    for path in (*paths, "metrics"):
        parser.add_argument(f"--{path.replace('_', '-')}", type=Path, required=True)
    if seed:
        parser.add_argument("--seed", type=int, required=True)
    if workers:
        parser.add_argument("--params", type=Path, required=True, help="params.yaml")
    run = parser.parse_args(namespace=Run())
    with exit_status():
        run.document = Document(run.pipeline_path)
        run.pipeline = parse(run.document)
        try:
            yield run
        except Mistakes as error:
            raise run.document.locate(error.problems) from None


@contextmanager
def exit_status() -> Iterator[None]:
    """Turns an error that is the user's into its message and its exit status."""
    try:
        yield
    except Stop as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.status)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stderr.write(f"no space left on the disk: {error.filename}; the earlier output stays\n")
        sys.exit(Stop.status)
