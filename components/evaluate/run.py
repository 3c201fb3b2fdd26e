"""The evaluate stage, from paths to paths."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from components.base.errors import Stop
from components.base.files import read_json, replacing, write_csv, write_json, write_text
from components.config.pipeline import Pipeline
from components.config.task import Task
from components.data import dataset, shards
from components.data.dataset import Split
from components.evaluate.diagnosis import Reading, read
from components.evaluate.report import render
from components.fitting import predictor
from components.models import keras_files
from components.run.command import Run
from components.show import pictures
from components.tasks.measured import Measures, strange
from components.tasks.outcomes import Outcomes, write_outcomes

PACKAGED = 5  # examples that go with the model


def run(run: Run) -> None:
    """Measures `trained` on the test split of `dataset`, the raw one."""
    keras_files.know(run.modules)
    task, dropped = run.pipeline.task, dataset.read_dropped(run.verdict)
    test = dataset.open_split(run.dataset, "test", dropped["test"])
    answers = task.answers(predictor.load(run.trained), test)
    if wrong := strange(answers):
        raise Stop(f"evaluate: the model {wrong}")
    measures = task.measure(answers, test)
    learned = read_json(run.trained / "history.json")
    curves, reading = _curves(learned, run.pipeline, run.name)
    shown = task.figures(measures, answers, test, run.pipeline.evaluate.shown)
    figures = {**curves, **shown, **run.pipeline.train.figures(learned)}
    with replacing(run.plots) as folder:
        folder.mkdir()
        for caption, figure in figures.items():
            pictures.save(figure, folder / f"{_slug(caption)}.png")
    said = task.outcomes(answers, test, test.schema)
    compared = _compared(run, task, test, measures, said)
    tables = {**compared, **task.summary(measures)}
    if reading.rows:
        tables = {"Training": (["", ""], list(reading.rows)), **tables}
    write_text(render(run.name, measures, task.metrics, tables, figures), run.report)
    with replacing(run.out) as folder:
        folder.mkdir()
        write_json(measures.model_dump(), folder / "measures.json")
        write_outcomes(said, folder / "outcomes.csv")
        few = test.take(np.arange(min(PACKAGED, len(test))))
        shards.save({"test": few.read()}, folder / "examples")
        for name, (columns, rows) in task.tables(measures, answers, test).items():
            write_csv(columns, rows, folder / f"{name}.csv")
    run.say(reading.text)
    run.conclude(measures.sentence(task.metrics))
    run.measure(measures.scalars)


def _compared(
    run: Run, task: Task, test: Split, measures: Measures, ours: Outcomes
) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
    """The baseline on the same examples, where there is one; its metrics are numbers too."""
    folder = run.trained / predictor.BASELINE
    if not folder.is_dir():
        return {}
    theirs = task.outcomes(task.answers(predictor.load(folder), test), test, test.schema)
    rows: list[tuple[object, ...]] = []
    for asked in task.metrics:
        metric = task.compared(asked.name, ours, theirs)
        other, gap = task.value(metric.name, theirs), task.difference(metric.name, ours, theirs)
        value = measures.metrics[metric.name].value
        rows.append((metric.title, value, other.value, gap.value, gap.low, gap.high))
        measures.numbers[f"baseline_{metric.name}"] = other.value
    columns = ["metric", "model", "baseline", "difference", "from", "to (95 %)"]
    return {"Compared with the baseline": (columns, rows)}


def _curves(
    learned: Mapping[str, Any], file: Pipeline, name: str
) -> tuple[dict[str, Figure], Reading]:
    """The learning curves, and what they say; none where nothing was learned step by step."""
    # Where JSON has null, training saw NaN.
    history = {
        name: np.array(values, float).tolist() for name, values in learned["history"].items()
    }
    if not history or max(map(len, history.values())) < 2:
        return {}, Reading("nothing was learned step by step")
    best, epochs = learned["best"], learned["epochs"]
    own = file.task.diagnose(history, best, epochs)
    known = read(learned, history, file.task.curves, f"pipelines/{name}.yaml")
    reading = known if own is None else Reading(own)
    highest = {one.name: one.highest for one in file.task.curves}
    drawn = pictures.learning_curves(history, best, reading.title, highest)
    return {"Learning curves": drawn}, reading


def _slug(caption: str) -> str:
    """A caption as the name of a file."""
    return re.sub(r"\W+", "_", caption.partition(",")[0].lower()).strip("_")
