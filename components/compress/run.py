"""The compress stage, from paths to paths."""

import csv

import numpy as np

from components.base.files import digest, replacing, write_json
from components.compress.stage import calibration, compress, sentences
from components.data import dataset
from components.data.examples import Examples, fixed
from components.models import keras_files
from components.run.command import Run
from components.show import pictures


def run(run: Run) -> None:
    """Writes `out`: the `.tflite` files, and what each is worth in `models.json`."""
    keras_files.know(run.modules)
    config, facts = run.pipeline.compress, dataset.read_facts(run.dataset)
    dropped = dataset.read_dropped(run.verdict)
    train, test = (
        dataset.open_split(run.dataset, name, dropped[name]) for name in ("train", "test")
    )
    with (run.evaluation / "predictions.csv").open(newline="", encoding="utf-8") as file:
        said = [facts.classes.index(row["predicted"]) for row in csv.DictReader(file)]
    model, before = fixed(keras_files.load(run.trained / "serving.keras"), facts)
    examples = calibration(train, facts, before, config.calibration_examples, run.seed)
    inputs = Examples(test, facts, before)
    with replacing(run.out) as folder:
        folder.mkdir()
        measured, latency_ms = compress(
            model, config, examples, inputs, test.labels, np.array(said), folder
        )
        rows = [one.model_dump() for one in measured]
        write_json(rows, folder / "models.json")
    pictures.save(pictures.tradeoff(rows, config.gate.max_accuracy_drop), run.picture)
    run.conclude("; ".join(sentences(measured)))
    metrics = {row.pop("method"): row for row in rows}
    run.measure(metrics, latency_ms=latency_ms, model=digest(run.trained))
