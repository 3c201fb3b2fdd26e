"""Fit the preprocessing layers on the train split and apply them to every split."""

from components import dataset, keras_files
from components.command import stage
from components.files import replacing
from components.preprocess.stage import as_model, fit, transform
from components.section import build_all

with stage(__doc__, "dataset", "out") as run:
    facts = dataset.read_facts(run.dataset)
    splits = {name: dataset.open_split(run.dataset, name) for name in facts.counts}
    run.check(facts)
    layers = build_all(run.pipeline.preprocess, ("preprocess",), dtype="float32")
    fit(layers, splits["train"], facts)
    ready = {name: transform(layers, split, facts) for name, split in splits.items()}
    with replacing(run.out) as folder:
        dataset.save(ready, ready["train"].array.shape[1:], facts.classes, folder)
        keras_files.save(as_model(layers, facts), folder / "preprocessing.keras")
    values = ready["train"].array
    run.measure({"mean": float(values.mean()), "standard_deviation": float(values.std())})
