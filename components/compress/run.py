"""The compress stage, from paths to paths."""

from pathlib import Path
from typing import Any

from components.base.files import digest, replacing, write_json
from components.compress.stage import compress, sentences
from components.config.compress import Method
from components.config.extension import home
from components.data import dataset
from components.data.dataset import Split
from components.fitting import predictor
from components.models import keras_files
from components.run.command import Run
from components.show import pictures
from components.tasks.outcomes import read_outcomes


def run(run: Run) -> None:
    """Writes `out`: the smaller models, and what each is worth in `models.json`."""
    keras_files.know(run.modules)
    config, task = run.pipeline.compress, run.pipeline.task
    dropped = dataset.read_dropped(run.verdict)
    train, test = (
        dataset.open_split(run.dataset, name, dropped[name]) for name in ("train", "test")
    )
    reference = read_outcomes(run.evaluation / "outcomes.csv")
    with replacing(run.out) as folder:
        folder.mkdir()
        made = _made(run, train, folder)
        measured, latency_ms = compress(
            made, config, task, test, reference, folder, run.pipeline.train.exported
        )
        rows = [one.model_dump() for one in measured]
        write_json(rows, folder / "models.json")
    figure = pictures.tradeoff(rows, config.gate.max_drop, task.metrics[0].title)
    pictures.save(figure, run.picture)
    run.conclude("; ".join(sentences(measured)) or "nothing to do")
    metrics = {row.pop("method"): row for row in rows}
    run.measure(metrics, latency_ms=latency_ms, model=digest(run.trained))


def _made(run: Run, train: Split, folder: Path) -> dict[str, Any]:
    """By method the predictor that it makes, or why there is none."""
    trained = predictor.load(run.trained)
    made: dict[str, Any] = {}
    for method in run.pipeline.compressors:
        name = home(Method).name(method)
        try:
            made[name] = method.compress(trained, train, run.seed, folder / _stem(name))
        except (MemoryError, OSError):  # of the machine, and may be otherwise another time
            raise
        except Exception as error:  # whatever a converter raises about an operation that it lacks
            made[name] = error
    return made


def _stem(name: str) -> str:
    """What the file of a method is called, without its end; one's own has dots and a colon."""
    return name.replace(":", "-").replace(".", "-")
