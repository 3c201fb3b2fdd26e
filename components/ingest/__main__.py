"""Read the raw source, split it and fingerprint it."""

from components import dataset
from components.command import stage
from components.files import replacing
from components.ingest.stage import read, split, take

with stage(__doc__, "source", "out", seed=True) as run:
    examples, facts = read(run.pipeline.ingest, run.source)
    rows = split(examples.labels, facts.classes, run.pipeline.ingest.split, run.seed)
    splits = {name: take(examples, members) for name, members in rows.items()}
    counts = {name: len(part) for name, part in splits.items()}
    run.check(facts.with_counts(counts))
    with replacing(run.out) as folder:
        dataset.save(splits, facts.shape, facts.classes, folder)
    run.measure({"classes": len(facts.classes), **counts})
