"""The package stage, from paths to paths."""

import shutil

from components.base.files import digest, read_json, replacing, write_json
from components.data import dataset
from components.fitting import predictor
from components.models import keras_files
from components.package.stage import refused
from components.run.command import Run
from components.run.manifest import FILE, SCHEMA, Manifest
from components.tasks import measured
from components.tasks.outcomes import read_outcomes


def run(run: Run) -> None:
    """Writes `out`, all that the registry and the run are told, and nothing of this moment."""
    keras_files.know(run.modules)
    task, gate = run.pipeline.task, run.pipeline.registration.gate
    metric = task.metric(gate.metric or task.metrics[0].name)
    measures = measured.read(read_json(run.evaluation / "measures.json"))
    reason = refused(measures, gate, metric)
    with replacing(run.out) as folder:
        folder.mkdir()
        examples = dataset.open_split(run.evaluation / "examples", "test")
        predictor.package(run.trained, examples, folder / "model")
        outcomes = read_outcomes(run.evaluation / "outcomes.csv")
        shutil.copy(run.evaluation / "outcomes.csv", folder / "model")
        write_json(examples.schema.to_json(), folder / "model" / SCHEMA)
        (folder / "report").mkdir()
        for path in (run.report, run.picture):
            shutil.copy(path, folder / "report")
        findings = read_json(run.validation)["findings"]
        manifest = Manifest(
            model=digest(run.trained),
            version=digest(folder / "model"),
            dataset=read_json(run.origin)["fingerprint"],
            test=outcomes.fingerprint,
            measures=measures,
            compressed=read_json(run.compressed / "models.json"),
            findings=[{key: one[key] for key in ("kind", "policy", "count")} for one in findings],
            learned=read_json(run.trained / "history.json"),
            refused=reason,
        )
        write_json(manifest.model_dump(), folder / FILE)
    run.conclude(f"not to be registered: {reason}" if reason else "ready to be registered")
    value = measures.metrics[metric.name].value
    run.measure({metric.name: value, "passes_gate": reason is None, "reason": reason or ""})
