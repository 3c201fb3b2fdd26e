"""The package stage, from paths to paths."""

import shutil

import numpy as np

from components.base.files import digest, read_json, replacing, write_json
from components.models import keras_files
from components.package.model import save_model
from components.package.stage import refused
from components.run.command import Run
from components.run.manifest import FILE, Manifest
from components.tasks.outcomes import read_outcomes


def run(run: Run) -> None:
    """Writes `out`, all that the registry and the run are told, and nothing of this moment."""
    keras_files.know(run.modules)
    measures = read_json(run.evaluation / "measures.json")
    reason = refused(measures, run.pipeline.registration.gate)
    with replacing(run.out) as folder:
        serving = keras_files.load(run.trained / "serving.keras")
        save_model(serving, np.load(run.evaluation / "examples.npy"), folder / "model")
        outcomes = read_outcomes(run.evaluation / "outcomes.csv")
        shutil.copy(run.evaluation / "outcomes.csv", folder / "model")
        write_json(
            [one["name"] for one in measures["per_class"]], folder / "model" / "classes.json"
        )
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
    gate = run.pipeline.registration.gate.metric
    run.measure({gate: measures[gate], "passes_gate": reason is None, "reason": reason or ""})
