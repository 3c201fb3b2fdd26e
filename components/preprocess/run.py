"""The preprocess stage, from paths to paths."""

from pathlib import Path
from tempfile import TemporaryDirectory

from components.base.files import replacing
from components.base.workers import Workers
from components.config.building import build_all
from components.data import dataset
from components.layers.checks import check_preprocessing
from components.models import keras_files
from components.preprocess.stage import Source, as_model, copy, prepare
from components.run.command import Run


def run(run: Run) -> None:
    """Writes `out`, the model-ready dataset, and in it the fitted layers."""
    facts = dataset.read_facts(run.dataset)
    dropped = dataset.read_dropped(run.verdict)
    left = {name: count - len(dropped[name]) for name, count in facts.counts.items()}
    run.check(facts.with_counts(left), is_raw=True)
    layers = build_all(run.pipeline.preprocess, ("preprocess",), dtype="float32")
    check_preprocessing(layers)
    run.check_code()
    sources = [one for name in facts.counts for one in Source.of(run.dataset, name, dropped[name])]
    if not facts.schema.columns[facts.schema.inputs[0]].is_array:
        with replacing(run.out) as folder:
            folder.mkdir()
            ready = copy(sources, folder)
        run.conclude(f"{sum(ready.counts.values())} examples, as they are")
        run.measure({})
        return
    with Workers(run.params.dask) as workers, replacing(run.out) as folder:
        folder.mkdir()
        # Beside the dataset, where every worker sees it.
        with TemporaryDirectory(dir=folder) as scratch:
            ready, values = prepare(layers, sources, folder, Path(scratch), workers, run.modules)
        keras_files.save(as_model(layers, facts.schema), folder / "preprocessing.keras")
    mean, deviation = values["mean"], values["standard_deviation"]
    shape = "x".join(map(str, ready.schema.input.shape))
    run.conclude(f"{shape} float32, mean {mean:.3g}, standard deviation {deviation:.3g}")
    run.measure(values)
