"""The command line that every stage has: it checks everything, and only then imports the stage."""

import argparse
import os
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import psutil

from components.base.errors import Mistakes, Stop, Unavailable, exit_status
from components.base.files import read_json, stamps, write_json
from components.base.imports import import_keras, importing
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import Pipeline, parse
from components.config.rules import fact_problems, raw_problems
from components.run import code
from components.run.names import USES, modules, stage_modules, valued, values
from components.run.quiet import native_output_to

if TYPE_CHECKING:
    from components.data.dataset import Facts

KEPT = 9  # earlier runs, whose seconds are known
# The clock of day may be set while a stage works, and is asked only here.
LOADED_S, BEGUN = max(0.0, time.time() - psutil.Process().create_time()), time.monotonic()


class Run(argparse.Namespace):
    """One run of a stage: its arguments, and the checked files."""

    stage: str
    pipeline_path: Path
    params_path: Path
    code: Path
    metrics: Path
    measured: Path

    document: Document
    pipeline: Pipeline
    params: Params

    _began: dict[str, Any]
    parsed: frozenset[str] = frozenset()
    """Modules that reading the file imports, such as those of its sections."""
    finding = ""

    @property
    def name(self) -> str:
        """The name of the pipeline: its file's, without the ending."""
        return self.pipeline_path.stem

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules that the stage runs, since the pipeline file names them."""
        uses = USES[self.stage]
        return modules(self.pipeline, self.document.data, uses.names, uses.parts)

    @property
    def is_foreign(self) -> bool:
        """Whether it runs modules that are not ours, which may use any part of Keras."""
        named = stage_modules(self.pipeline, self.document.data, self.stage)
        return any(one.partition(".")[0] != code.OURS for one in named)

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""
        return self.params.seed

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"this stage was given no --{name}")

    def load(self) -> None:
        """Reads and checks params.yaml and the pipeline file.

        Raises:
            Invalid: They have mistakes.
        """
        self.params = Params.load(self.params_path)
        self.document = Document(self.pipeline_path)
        self.pipeline = parse(self.document)
        self.parsed = frozenset(sys.modules)

    def check(self, facts: "Facts", is_raw: bool = False) -> None:
        """Compares the file with the data.

        Args:
            facts: Of the data.
            is_raw: Whether no layer has seen it.

        Raises:
            Mistakes: They do not go together.
        """
        if problems := (raw_problems if is_raw else fact_problems)(self.pipeline, facts):
            raise Mistakes(problems)

    def check_begun(self) -> None:
        """Raises `Unavailable` where what the run began with is not what is there now."""
        told = read_json(self.code)
        now = values(self.pipeline, self.stage)
        every = now | told["values"]
        if keys := [key for key in every if now.get(key) != told["values"].get(key)]:
            _is_other(f"{self.pipeline_path}: {', '.join(keys)}")
        since = self.code.stat().st_mtime_ns
        if modules := code.changed(told["code"], since, valued(self.pipeline)):
            _is_other(f"the code of {', '.join(modules)}")
        self._began = self._inputs()

    def check_ended(self) -> None:
        """Raises `Unavailable` where DVC would note something that this stage has not read."""
        now = self._inputs()
        if names := [name for name, value in self._began.items() if now[name] != value]:
            _is_other(", ".join(names))

    def _inputs(self) -> dict[str, Any]:
        """What DVC reads when the stage has ended, and a person or another run may write."""
        params = Params.load(self.params_path)
        known = {
            str(self.code): self.code.read_bytes(),
            f"{self.params_path}: seed": params.seed,
            f"{self.params_path}: backend": params.backend,
        }
        return {**known, str(self.source): stamps(self.source)} if "source" in self else known

    def check_code(self) -> None:
        """Raises a `Stop` where a module was imported that the stage is not said to depend on."""
        code.check_loaded([*read_json(self.code)["code"], *self.parsed])

    def tags(self, stage: str, dataset: Path) -> dict[str, str]:
        """What MLflow is told about where a model comes from."""
        fingerprint = read_json(dataset / "dataset.json")["fingerprint"]
        return {
            "millrace.pipeline": self.name,
            "millrace.ready": fingerprint,
            "dvc.stage": f"{stage}@{self.name}",
        }

    def conclude(self, text: str) -> None:
        """Says what came of the stage, in one line, which the overview of a whole run shows."""
        self.finding = text
        self.say(text)

    def say(self, text: str) -> None:
        """Tells whoever watches."""
        sys.stdout.write(f"{self.name}: {text}\n")
        sys.stdout.flush()

    def measure(self, metrics: dict[str, Any], **timings: Any) -> None:
        """Writes the stage's metrics.

        Args:
            metrics: What follows from the inputs alone; an output.
            timings: What was measured on this machine, such as a latency; kept apart, beside the
                seconds since the stage was called, imports included.
        """
        write_json(metrics, self.metrics)
        seconds = round(LOADED_S + time.monotonic() - BEGUN, 2)
        told: dict[str, Any] = {"seconds": seconds, "finding": self.finding, **timings}
        with suppress(OSError, Stop, LookupError, TypeError):  # none yet, or a damaged one
            last = read_json(self.measured)
            told["before"] = [last["seconds"], *last.get("before", [])][:KEPT]
        write_json(told, self.measured)


def _is_other(what: str) -> NoReturn:
    raise Unavailable(f"changed since this run began: {what}; run it again")


def stage(
    name: str, description: str | None, *paths: str, part: str = "run", **numbers: str
) -> None:
    """Runs a stage, a function of `components.NAME.run`, which is imported when all is checked.

    Args:
        name: Of the stage.
        description: Shown by `--help`.
        paths: Names of the paths it reads and writes (`dataset` is `--dataset`).
        part: The function: `run` does it all.
        numbers: Names of whole numbers that it takes, each with what `--help` says of it.
    """
    program = f"python -m components.{name}" + ("" if part == "run" else f".{part}")
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("pipeline_path", metavar="pipeline", type=Path, help="pipelines/NAME.yaml")
    parser.add_argument(
        "--params", type=Path, required=True, dest="params_path", help="params.yaml"
    )
    for path in ("code", *paths, "metrics", "measured"):
        parser.add_argument(f"--{path.replace('_', '-')}", type=Path, required=True)
    for number, meaning in numbers.items():
        parser.add_argument(f"--{number}", type=int, required=True, help=meaning)
    run = parser.parse_args(namespace=Run(stage=name))
    with exit_status():
        # Before the file is read: a class of one's own may import Keras beside it.
        backend = USES[name].backend or Params.load(run.params_path).backend
        os.environ["KERAS_BACKEND"] = backend
        run.load()
        with native_output_to(run.measured.with_suffix(".log")):
            try:
                with importing():
                    if USES[name].keras and not run.is_foreign:
                        import_keras()
                    module = import_module(f"components.{name}.run")
                run.check_code()  # before it costs anything, and at the end
                run.check_begun()
                getattr(module, part)(run)
            except Mistakes as error:
                raise run.document.locate(error.problems) from None
        run.check_code()
        run.check_ended()
