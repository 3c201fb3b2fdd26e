"""The ingest stage, from paths to paths."""

from components.base.files import replacing
from components.base.workers import Workers
from components.ingest.known import Known
from components.ingest.stage import listing, recalled, split, write
from components.run.command import Run


def run(run: Run) -> None:
    """Reads `source`, and writes the dataset `out`."""
    config = run.pipeline.ingest
    found = recalled(listing(config, run.source))
    with Workers(run.params.dask) as workers, replacing(run.out) as folder:
        rows = split(config, found, run.seed, workers)
        facts = write(found, rows, folder, workers)
        run.check(facts)
    if found.passed_over:
        shown = ", ".join(found.passed_over[:5]) + (", ..." if len(found.passed_over) > 5 else "")
        run.say(f"{len(found.passed_over)} files are in no class's folder: {shown}")
    counts = ", ".join(f"{count} {name}" for name, count in facts.counts.items())
    known = _known(found.inputs)
    unread = f"; {known} files are as they were, and not read again" if known else ""
    run.conclude(f"{len(found.labels)} examples of {len(facts.classes)} classes: {counts}{unread}")
    run.measure(
        {"classes": len(facts.classes), **facts.counts, "passed_over": len(found.passed_over)}
    )


def _known(inputs: object) -> int:
    """How many files were read by an earlier run."""
    return sum(one is not None for one in inputs.shards) if isinstance(inputs, Known) else 0
