"""What a model brings to the registry."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel

from components.base.files import read_json
from components.tasks.measured import Measures

FILE, SCHEMA = "manifest.json", "schema.json"


class Manifest(BaseModel):
    """What is known of a model, without anything of when or where it was found out."""

    model: str
    """SHA-256 of the trained model's files; its MLflow run has it as a tag."""
    version: str
    """SHA-256 of what a version in the registry is made of."""
    dataset: str
    """Fingerprint of the dataset that it was trained and measured on."""
    test: str
    """Fingerprint of the test examples and their labels."""
    measures: Measures
    compressed: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    """What validation found: kind, policy and count."""
    learned: dict[str, Any]
    """Learning curves, and which epoch is kept."""
    refused: str | None
    """Why the gate does not let it into the registry."""

    def latency_ms(self, measured: Path) -> dict[str, float]:
        """Of each compressed model on this machine, one thread; empty where it was not measured.

        Args:
            measured: The pipeline's folder of measurements, which may be those of another model.
        """
        path = measured / "compress.json"
        kept = read_json(path) if path.exists() else {}
        return dict(kept["latency_ms"]) if kept.get("model") == self.model else {}
