"""Read the raw source, split it and fingerprint it."""

from components.command import stage
from components.files import replacing
from components.ingest.known import Known
from components.ingest.stage import listing, recalled, split, write

with stage(__doc__, "source", "out", seed=True, workers=True) as run:
    config = run.pipeline.ingest
    found = recalled(listing(config, run.source))
    with run.workers() as workers, replacing(run.out) as folder:
        rows = split(config, found, run.seed, workers)
        facts = write(found, rows, folder, workers)
        run.check(facts)
    if found.passed_over:
        shown = ", ".join(found.passed_over[:5]) + (", ..." if len(found.passed_over) > 5 else "")
        run.say(f"{len(found.passed_over)} files are in no class's folder: {shown}")
    if isinstance(found.inputs, Known) and (
        known := sum(one is not None for one in found.inputs.shards)
    ):
        run.say(f"{known} of {len(found.labels)} files are as they were, and not read again")
    run.measure(
        {"classes": len(facts.classes), **facts.counts, "passed_over": len(found.passed_over)}
    )
