"""Check a dataset; exit 1, saying why, where it must not be trained on."""

from components import dataset, pictures
from components.command import stage
from components.errors import Stop
from components.files import write_json
from components.validate.stage import validate

with stage(__doc__, "dataset", "out", "picture") as run:
    facts = dataset.read_facts(run.dataset)
    splits = {name: dataset.open_split(run.dataset, name) for name in facts.counts}
    report = validate(splits, facts, run.pipeline.validation)
    pictures.examples(splits["train"], facts, run.picture)
    write_json(report.model_dump(), run.out)
    found = ("duplicates", "conflicting", "leaked", "constant", "problems")
    run.measure({name: len(getattr(report, name)) for name in found})
    if report.problems:
        raise Stop(
            "\n".join([f"{run.name}: the dataset must not be trained on:", *report.problems])
        )
