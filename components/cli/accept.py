"""Accepting a dataset: later versions are compared with it."""

from pathlib import Path

from components.base.errors import Stop
from components.base.files import read_json, write_json


def accept(name: str, root: Path) -> Path:
    """Keeps the statistics of the last validation that passed, in a file to be committed.

    Args:
        name: Of the pipeline.
        root: The project.

    Returns:
        The file, `accepted/NAME/statistics.json`.

    Raises:
        Stop: There is no validation, or it has found reasons to stop.
    """
    validation = root / "data" / name / "validation.json"
    if not validation.exists():
        raise Stop(f"{validation}: no such file; run: millrace run {name}")
    report = read_json(validation)
    if report["problems"]:
        raise Stop("\n".join([f"{validation}: not to be accepted:", *report["problems"]]))
    path = root / "accepted" / name / "statistics.json"
    write_json(report["statistics"], path)
    return path
