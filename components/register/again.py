"""Measure a registered model on the test split of today: `python -m components.register.again`.

A process of its own, since it needs TensorFlow, which the rest of `register` does without.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from components.base.errors import Stop, exit_status
from components.base.files import read_json
from components.config.pipeline import load
from components.data import dataset
from components.data.schema import Schema, of_json
from components.fitting import predictor
from components.run.manifest import SCHEMA
from components.tasks.outcomes import Outcomes, read_outcomes, write_outcomes


def measured_again(
    model: Path, pipeline: Path, raw: Path, verdict: Path, fingerprint: str
) -> Outcomes:
    """What a model says of the test split.

    Args:
        model: A folder of MLflow's.
        pipeline: The pipeline file, whose task is measured.
        raw: The dataset.
        verdict: Which rows are left out.
        fingerprint: That the dataset must have.

    Raises:
        Stop: The dataset is not here, or the model cannot be run on it.
    """
    described = raw / "dataset.json"
    if not described.exists() or not verdict.exists():
        raise Stop(f"it was measured on other test examples, and {raw} is not here: dvc pull")
    if read_json(described)["fingerprint"] != fingerprint:
        raise Stop(f"it was measured on other test examples, and {raw} is of another version")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "outcomes.csv"
        paths = [str(path) for path in (model, pipeline, raw, verdict, out)]
        command = [sys.executable, "-m", "components.register.again", *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it was killed"]
            raise Stop(f"it cannot be measured on the test examples of today: {said[-1]}")
        return read_outcomes(out)


def _measure(model: Path, pipeline: Path, raw: Path, verdict: Path) -> Outcomes:
    task = load(pipeline).task
    test = dataset.open_split(raw, "test", dataset.read_dropped(verdict)["test"])
    learned = of_json(read_json(model / SCHEMA))  # its own, which need not be that of today
    asked = replace(test, schema=_numbered(test.schema, learned))
    return task.outcomes(task.answers(predictor.open_registered(model), asked), test, learned)  # type: ignore[no-any-return]


def _numbered(schema: Schema, learned: Schema) -> Schema:
    """The columns of today, whose categories have the numbers that the model learned."""
    return schema.replacing(
        {
            name: replace(schema.columns[name], categories=learned.columns[name].categories)  # type: ignore[type-var]
            for name in schema.inputs
            if schema.columns[name].categories and name in learned.columns
        }
    )


if __name__ == "__main__":
    *inputs, out = map(Path, sys.argv[1:])
    with exit_status():
        write_outcomes(_measure(*inputs), out)
