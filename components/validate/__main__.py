"""Check a dataset; exit 1, saying why, where it must not be trained on."""

from components import dataset, pictures
from components.command import stage
from components.errors import Stop
from components.files import write_json, write_text
from components.validate.drift import Statistics
from components.validate.inspection import Shard, inspect, together
from components.validate.report import render
from components.validate.stage import numbers, unusable, validate

PATHS = ("dataset", "accepted", "out", "picture", "report")

with stage(__doc__, *PATHS, workers=True) as run:
    facts = dataset.read_facts(run.dataset)
    splits = {name: dataset.open_split(run.dataset, name) for name in facts.counts}
    shards = [
        Shard(name, path.absolute(), facts)
        for name in splits
        for path in dataset.shard_paths(run.dataset, name)
    ]
    with run.workers() as workers:
        table = together(workers.map(inspect, shards, "looking"))
    before = run.accepted / "statistics.json"
    accepted = Statistics.model_validate_json(before.read_text()) if before.exists() else None
    report = validate(table, splits, facts, run.pipeline.validation, accepted)
    good = dataset.open_split(run.dataset, "train", unusable(table, "train"))
    figure = pictures.examples(good, facts)
    pictures.save(figure, run.picture)
    write_json(report.model_dump(), run.out)
    write_text(
        render(run.name, run.pipeline.description, report, splits, facts, figure), run.report
    )
    run.measure(numbers(report))
    for finding in report.findings:
        run.say(f"{finding.kind}: {finding.count} found, {finding.policy}")
    if report.problems:
        what = f"{run.name}: the dataset must not be trained on; see {run.report}"
        raise Stop("\n".join([what, *report.problems]))
