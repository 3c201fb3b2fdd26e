"""Packages made by hand, whose model is no model: the registry does not look into it."""

import hashlib
import shutil
from pathlib import Path

import yaml
from project import ROOT

from components.base.files import digest, write_json
from components.config.document import Document
from components.config.pipeline import Pipeline, parse
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.register.stage import Place, Standing, reconcile
from components.run import tracking
from components.run.manifest import FILE, SCHEMA, Manifest
from components.tasks.classification import Classification
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes, write_outcomes

CLASSES = ("cat", "dog")
EXAMPLES = 200
TASK = Classification()


def pipeline(root: Path, **gate: object) -> tuple[Pipeline, Document]:
    """The bundled file with another gate."""
    data = yaml.safe_load((ROOT / "pipelines" / "digits.yaml").read_text())
    data["register"] = {"name": "pets", "gate": {"must_beat": "champion", **gate}}
    path = root / "pets.yaml"
    path.write_text(yaml.safe_dump(data))
    document = Document(path)
    return parse(document), document


def outcomes(wrong: int, of: str = "today", start: int = 0) -> Outcomes:
    """Of a model that errs on `wrong` of the examples, from one on."""
    keys = [hashlib.sha256(f"{of} {row}".encode()).hexdigest() for row in range(EXAMPLES)]
    labels = [CLASSES[row % 2] for row in range(EXAMPLES)]
    said = [CLASSES[(row + (start <= row < start + wrong)) % 2] for row in range(EXAMPLES)]
    rows = sorted(zip(keys, labels, said, strict=True))
    keys, truth, answers = (list(column) for column in zip(*rows, strict=True))
    return Outcomes(keys, {"label": truth}, {"label": answers})


def package(folder: Path, model: str, found: Outcomes, refused: str | None = None) -> Path:
    """What the stage `package` would write of a model.

    Args:
        folder: Takes the place of what was there.
        model: Tells models apart.
        found: What it says of the test examples.
        refused: What the gate says.
    """
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "model" / "tf2model").mkdir(parents=True)
    (folder / "report").mkdir()
    (folder / "report" / "report.html").write_text(f"<p>{model}")
    (folder / "model" / "MLmodel").write_text(yaml.safe_dump({"flavors": {"tensorflow": {}}}))
    (folder / "model" / "tf2model" / "saved_model.pb").write_text(model)
    write_outcomes(found, folder / "model" / "outcomes.csv")
    schema = Schema({"image": Image(), "label": ClassLabel(CLASSES)}, ("label",))
    write_json(schema.to_json(), folder / "model" / SCHEMA)
    measures = Measures(
        metrics={one.name: TASK.value(one.name, found) for one in TASK.metrics},
        examples=EXAMPLES,
        numbers={"expected_calibration_error": 0.1},
        details={"per_class": [{"name": name, "f1": 0.5} for name in CLASSES]},
    )
    manifest = Manifest(
        model=_hash(model),
        version=digest(folder / "model"),
        dataset="d" * 64,
        test=found.fingerprint,
        measures=measures,
        compressed=[
            {"method": "float32", "size_bytes": 1000, "value": 0.9, "refused": None},
            {"method": "int8", "size_bytes": 400, "value": 0.5, "refused": "loses 0.4"},
        ],
        findings=[{"kind": "corrupt", "policy": "drop", "count": 3}],
        learned={"epochs": 2, "best": 1, "history": {"loss": [2.0, 1.0], "val_loss": [2.0, None]}},
        refused=refused,
    )
    write_json(manifest.model_dump(), folder / FILE)
    return folder


def trained(model: str) -> str:
    """The MLflow run that a training of a model would have left."""
    client = tracking.connect("pets")
    with tracking.start(client, "pets", {"train": {"epochs": 2}}, {}) as live:
        live.tag(tracking.MODEL, _hash(model))
    return live.run_id


def registered(root: Path, is_experiment: bool = False, **gate: object) -> Standing:
    """Brings the registry in line with the package that there is."""
    file, document = pipeline(root, **gate)
    verdict = root / "verdict.json"
    place = Place("pets", root / "package", document.path, root / "raw", verdict, root / "measured")
    client = tracking.connect("pets")
    return reconcile(client, place, file, document.data, is_experiment)


def measured(root: Path, model: str, latency_ms: float) -> None:
    """What `compress` would have measured of a model."""
    found = {"latency_ms": {"float32": latency_ms}, "model": _hash(model)}
    write_json(found, root / "measured" / "compress.json")


def _hash(model: str) -> str:
    return hashlib.sha256(model.encode()).hexdigest()
