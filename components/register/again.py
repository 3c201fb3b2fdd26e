"""Measure a registered model on the test split of today: `python -m components.register.again`.

A process of its own, since it needs TensorFlow, which the rest of `register` does without.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from components.base.errors import Stop
from components.base.files import read_json
from components.data import dataset
from components.data.dataset import Facts, Split
from components.data.images import pixels
from components.tasks.outcomes import Outcomes, outcomes, read_outcomes, write_outcomes

CLASSES = "classes.json"
BATCH = 256


def measured_again(model: Path, raw: Path, verdict: Path, fingerprint: str) -> Outcomes:
    """What a model says of the test split.

    Args:
        model: A folder of MLflow's.
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
        paths = [str(path) for path in (model, raw, verdict, out)]
        command = [sys.executable, "-m", "components.register.again", *paths]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["it was killed"]
            raise Stop(f"it cannot be measured on the test examples of today: {said[-1]}")
        return read_outcomes(out)


def _measure(model: Path, raw: Path, verdict: Path) -> Outcomes:
    facts = dataset.read_facts(raw)
    test = dataset.open_split(raw, "test", dataset.read_dropped(verdict)["test"])
    names = read_json(model / CLASSES)  # its own, which need not be those of today
    predicted = [names[place] for place in _predict(model, test, facts)]
    return outcomes(test, facts, predicted)


def _predict(model: Path, test: Split, facts: Facts) -> Iterator[int]:
    """The most probable class of each example."""
    import tensorflow as tf

    # As a graph, not by MLflow's loaders, which may run code.
    flavor = yaml.safe_load((model / "MLmodel").read_text())["flavors"]["tensorflow"]
    serving = tf.saved_model.load(str(model / flavor["saved_model_dir"]))
    size = 1 if facts.is_ragged else BATCH
    for start in range(0, len(test), size):
        rows = range(start, min(start + size, len(test)))
        examples = np.stack([pixels(test, row, facts) for row in rows])
        yield from serving(tf.constant(examples)).numpy().argmax(axis=1).tolist()


if __name__ == "__main__":
    *inputs, out = map(Path, sys.argv[1:])
    write_outcomes(_measure(*inputs), out)
