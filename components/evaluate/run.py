"""The evaluate stage, from paths to paths."""

import numpy as np

from components.base.files import read_json, replacing, write_csv, write_json, write_text
from components.data import dataset
from components.evaluate.diagnosis import diagnose
from components.evaluate.figures import figures
from components.evaluate.report import render
from components.evaluate.stage import (
    confusion_rows,
    issue_rows,
    label_issues,
    predict,
    prediction_rows,
    raw_batch,
)
from components.models import keras_files
from components.run.command import Run
from components.show import pictures
from components.tasks.measures import measure
from components.tasks.outcomes import outcomes, write_outcomes


def run(run: Run) -> None:
    """Measures `trained` on the test split of `dataset`, the raw one."""
    keras_files.know(run.modules)
    config = run.pipeline.evaluate
    facts, dropped = dataset.read_facts(run.dataset), dataset.read_dropped(run.verdict)
    test = dataset.open_split(run.dataset, "test", dropped["test"])
    probabilities = predict(keras_files.load(run.trained / "serving.keras"), test, facts)
    predicted = probabilities.argmax(axis=1)
    measures = measure(test.labels, probabilities, facts.classes, config.calibration_bins)
    issues = label_issues(test.labels, probabilities)
    drawn = figures(measures, probabilities, test, facts, issues, config.mistakes)
    learned = read_json(run.trained / "history.json")
    # Where JSON has null, training saw NaN.
    history = {
        name: np.array(values, float).tolist() for name, values in learned["history"].items()
    }
    words = diagnose(history, learned["best"], learned["epochs"])
    curves = pictures.learning_curves(history, learned["best"], words)
    pictures.save(curves, run.curves)
    write_text(render(run.name, measures, {"Learning curves": curves, **drawn}), run.report)
    rows = confusion_rows(test.labels, predicted, facts.classes)
    write_csv(["actual", "predicted"], rows, run.confusion)
    with replacing(run.out) as folder:
        folder.mkdir()
        write_json(measures.model_dump(), folder / "measures.json")
        write_outcomes(
            outcomes(test, facts, [facts.classes[guess] for guess in predicted]),
            folder / "outcomes.csv",
        )
        np.save(folder / "examples.npy", raw_batch(test, facts))
        columns = ["row", "name", "label", "predicted", *facts.classes]
        write_csv(columns, prediction_rows(test, probabilities, facts), folder / "predictions.csv")
        columns = ["row", "name", "label", "perhaps", "probability"]
        suspects = issue_rows(issues, test, probabilities, facts)
        write_csv(columns, suspects, folder / "label_issues.csv")
    run.say(words)
    run.conclude(measures.sentence)
    scalars = measures.model_dump(exclude={"per_class", "reliability", "confusion"})
    run.measure({**scalars, "label_issues": len(issues)})
