"""Measures what `millrace suggest` tells: `found_by` runs `main`.

It writes what it found out as JSON, and pictures to measured/NAME/suggest.
"""

from dataclasses import asdict, replace
from pathlib import Path

from components.base.errors import Mistakes, Stop
from components.base.files import replacing, write_json
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import Pipeline, parse
from components.config.rules import fact_problems
from components.fitting.data import Data
from components.fitting.suggestion import Suggestion
from components.models import keras_files
from components.run.names import USES, modules
from components.show import pictures


def measure(document: Document, file: Pipeline, params: Params) -> Suggestion:
    """Opens what `train` would fit to, and lets the learner measure.

    Raises:
        Stop: There is nothing to fit to yet, or nothing that the learner chooses by measuring.
        Invalid: The file does not go with the data.
    """
    name = document.path.stem
    ready, augmented = (Path("data", name, one) for one in ("ready", "augmented"))
    if not (ready / "dataset.json").exists() or not augmented.is_dir():
        raise Stop(f"{name} has no examples to measure with yet: dvc repro augment@{name}")
    uses = USES["train"]
    keras_files.know(modules(file, document.data, uses.names, uses.parts))
    data = Data.load(ready, augmented, params.dask)
    try:
        if problems := fact_problems(file, data.facts):
            raise Mistakes(problems)
        found: Suggestion | None = file.train.suggest(file, data, params.seed)
    except Mistakes as error:
        raise document.locate(error.problems) from None
    if found is None:
        what = "has nothing that is better chosen by measuring"
        raise Stop(f"{document.path}: learner {file.train.learner} {what}")
    choices = [
        replace(one, suggested=one.now, why="tune searches it") if one.key in file.tune.space
        else one
        for one in found.choices
    ]  # fmt: skip
    return replace(found, choices=choices)


def main(path: Path, out: Path) -> None:
    """Measures for one file."""
    document = Document(path)
    file = parse(document)
    found = measure(document, file, Params.load(Path("params.yaml")))
    with replacing(Path("measured", path.stem, "suggest")) as folder:
        folder.mkdir()
        for number, figure in enumerate(file.train.figures(found.told).values()):
            pictures.save(figure, folder / f"{number}.png")
    write_json(asdict(found), out)
