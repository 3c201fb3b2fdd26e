"""Measure the model on the test split."""

import numpy as np

from components import dataset, keras_files, tracking
from components.command import stage
from components.evaluate.figures import figures
from components.evaluate.report import render
from components.evaluate.stage import (
    confusion_rows,
    issue_rows,
    label_issues,
    predict,
    raw_batch,
)
from components.files import replacing, write_csv, write_json, write_text
from components.tasks.measures import measure

PATHS = ("dataset", "validation", "trained", "out", "confusion", "report")

with stage(__doc__, *PATHS) as run:
    record, config = tracking.Record.read(run.trained), run.pipeline.evaluate
    facts, dropped = dataset.read_facts(run.dataset), dataset.read_dropped(run.validation)
    test = dataset.open_split(run.dataset, "test", dropped["test"])
    with tracking.resume(record) as run_id:
        probabilities = predict(keras_files.load(run.trained / "serving.keras"), test, facts)
        measures = measure(test.labels, probabilities, facts.classes, config.calibration_bins)
        issues = label_issues(test.labels, probabilities)
        drawn = figures(measures, probabilities, test, facts, issues, config.mistakes)
        scalars = measures.model_dump(exclude={"per_class", "reliability", "confusion"})
        origin = {"MLflow run": run_id, **record.tags}
        text = render(run.name, run.pipeline.description, measures, drawn, origin)
        write_text(text, run.report)
        tracking.log_metrics({f"test_{name}": value for name, value in scalars.items()})
        tracking.log_file(run.report)
    predicted = probabilities.argmax(axis=1)
    rows = confusion_rows(test.labels, predicted, facts.classes)
    write_csv(["actual", "predicted"], rows, run.confusion)
    with replacing(run.out) as folder:
        folder.mkdir()
        write_json(measures.model_dump(), folder / "measures.json")
        np.save(folder / "examples.npy", raw_batch(test, facts))
        columns = ["label", "predicted", *facts.classes]
        table = zip(test.labels, predicted, *probabilities.T, strict=True)
        write_csv(columns, table, folder / "predictions.csv")
        columns = ["row", "name", "label", "perhaps", "probability"]
        suspects = issue_rows(issues, test, probabilities, facts)
        write_csv(columns, suspects, folder / "label_issues.csv")
    run.measure({**scalars, "label_issues": len(issues)})
