"""The ingest stage, from paths to paths."""

from components.base.files import replacing
from components.base.workers import Workers
from components.ingest.listed import listed
from components.ingest.stage import known, recalled, split, write
from components.run.command import Run


def run(run: Run) -> None:
    """Reads `source`, and writes the dataset `out`."""
    config = run.pipeline.ingest
    found = recalled(listed(config, run.source))
    with Workers(run.params.dask) as workers, replacing(run.out) as folder:
        rows = split(config, found, run.seed, workers)
        facts = write(found, rows, folder, workers)
        run.check(facts, is_raw=True)
    if found.passed_over:
        shown = ", ".join(found.passed_over[:5]) + (", ..." if len(found.passed_over) > 5 else "")
        run.say(f"{len(found.passed_over)} files are in no class's folder: {shown}")
    counts = ", ".join(f"{count} {name}" for name, count in facts.counts.items())
    before = known(found)
    unread = f"; {before} files are as they were, and not read again" if before else ""
    classes = [name for one in facts.schema.targets for name in facts.schema.columns[one].names]
    of = f" of {len(classes)} classes" if classes else ""
    run.conclude(f"{len(found)} examples{of}: {counts}{unread}")
    learned = {"classes": len(classes)} if classes else {}
    run.measure({**learned, **facts.counts, "passed_over": len(found.passed_over)})
