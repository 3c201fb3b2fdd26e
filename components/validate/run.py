"""The validate stage, from paths to paths."""

from pydantic import ValidationError

from components.base.errors import Stop
from components.base.files import read_json, write_json, write_text
from components.base.workers import Workers
from components.data import dataset
from components.run.command import Run
from components.show import pictures
from components.validate.drift import Statistics
from components.validate.figure import overview
from components.validate.inspection import Shard
from components.validate.looking import look
from components.validate.report import render
from components.validate.stage import numbers, unusable, validate


def run(run: Run) -> None:
    """Looks at every example of `dataset`; `verdict` has what the next stages go by.

    Raises:
        Stop: The dataset must not be trained on.
    """
    facts = dataset.read_facts(run.dataset)
    splits = {name: dataset.open_split(run.dataset, name) for name in facts.counts}
    shards = [
        Shard(name, path.absolute(), facts.schema)
        for name in splits
        for path in dataset.shard_paths(run.dataset, name)
    ]
    with Workers(run.params.dask) as workers:
        table = look(shards, workers)
    report = validate(table, splits, run.pipeline.validation, _accepted(run))
    figure = overview(dataset.open_split(run.dataset, "train", unusable(table, "train")))
    pictures.save(figure, run.picture)
    write_json(report.model_dump(exclude={"dropped"}), run.out)
    write_text(render(run.name, report, splits, figure), run.report)
    found = ", ".join(f"{one.kind} {one.count} ({one.policy})" for one in report.findings)
    run.conclude(f"found: {found}" if found else "nothing wrong is found")
    run.measure(numbers(report))
    if report.problems:
        what = f"{run.name}: the dataset must not be trained on; see {run.report}"
        raise Stop("\n".join([what, *report.problems]))
    write_json({"dropped": report.dropped}, run.verdict)


def _accepted(run: Run) -> Statistics | None:
    """The train split of the last accepted version."""
    path = run.accepted / "statistics.json"
    if not path.exists():
        return None
    try:
        return Statistics.model_validate(read_json(path))
    except ValidationError:
        raise Stop(
            f"{path}: not what this version compares; remove it, or: millrace accept {run.name}"
        ) from None
