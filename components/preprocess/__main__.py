"""Fit the preprocessing layers on the train split and apply them to every split."""

from pathlib import Path
from tempfile import TemporaryDirectory

from components import dataset, keras_files
from components.command import stage
from components.files import replacing
from components.preprocess.stage import Source, as_model, fit, transform
from components.section import build_all

with stage(__doc__, "dataset", "validation", "out", workers=True) as run:
    facts = dataset.read_facts(run.dataset)
    dropped = dataset.read_dropped(run.validation)
    left = {name: count - len(dropped[name]) for name, count in facts.counts.items()}
    run.check(facts.with_counts(left))
    layers = build_all(run.pipeline.preprocess, ("preprocess",), dtype="float32")
    sources = {name: Source.of(run.dataset, name, dropped[name]) for name in facts.counts}
    with run.workers() as workers, replacing(run.out) as folder:
        folder.mkdir()
        # Beside the dataset, where every worker sees it.
        with TemporaryDirectory(dir=folder) as scratch:
            fit(layers, sources["train"], Path(scratch), workers)
            every = [one for part in sources.values() for one in part]
            ready, values = transform(layers, every, folder, Path(scratch), workers)
        keras_files.save(as_model(layers, facts), folder / "preprocessing.keras")
    run.measure(values)
