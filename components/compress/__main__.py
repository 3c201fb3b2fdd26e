"""Export smaller models, each with its size, accuracy and latency."""

from components import dataset, keras_files, pictures, tracking
from components.command import stage
from components.compress.stage import calibration, compress, fixed, refused
from components.errors import Stop
from components.examples import Examples
from components.files import read_json, replacing, write_json

PATHS = ("dataset", "validation", "trained", "evaluation", "out", "picture")

with stage(__doc__, *PATHS, seed=True) as run:
    config, facts = run.pipeline.compress, dataset.read_facts(run.dataset)
    dropped = dataset.read_dropped(run.validation)
    train, test = (
        dataset.open_split(run.dataset, name, dropped[name]) for name in ("train", "test")
    )
    reference = read_json(run.evaluation / "measures.json")["accuracy"]
    with tracking.resume(tracking.Record.read(run.trained)), replacing(run.out) as folder:
        model, before = fixed(keras_files.load(run.trained / "serving.keras"), facts)
        examples = calibration(train, facts, before, config.calibration_examples, run.seed)
        inputs = Examples(test, facts, before)
        folder.mkdir()
        measured = compress(model, config, examples, inputs, test.labels, reference, folder)
        rows = [one.model_dump() for one in measured]
        write_json(rows, folder / "models.json")
        pictures.save(pictures.tradeoff(rows), run.picture)
        tracking.log_rows(rows, "compressed", key="method")
        tracking.log_file(run.picture)
        if reasons := refused(measured, config):
            raise Stop("\n".join(reasons))
    run.measure({row.pop("method"): row for row in rows})
