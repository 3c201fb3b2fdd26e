"""Seconds and peak memory of every stage against the number of examples, for images and a table.

The examples are made up: photos of 96x72, and rows of ten numbers with a target; training is one
epoch. Each stage is run by `dvc repro`, whose own time and memory are in the figures. It prints the
seconds and the peaks at three sizes, each twice the one before; what each further 1,000 examples
take, by the line through them; and the ratio of the seconds of the last two sizes, which is 2 at
most where the work is linear.

    python benchmarks/sizes.py [smallest]
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import photos
import yaml
from larger_than_memory import GB, measure
from project import ALWAYS, STAGES, Project

COLUMNS = [f"x{number}" for number in range(10)]
TIMES = (1, 2, 4)
LIKE = {"photos": "photos", "table": "diabetes"}
CHANGES: dict[str, dict[str, Any]] = {
    "photos": {
        "preprocess": [
            {"Resizing": {"height": 32, "width": 32}},
            {"Rescaling": {"scale": 1 / 255}},
        ],
        "model": {"architecture": "cnn"},
    },
    "table": {
        "ingest": {
            "source": "table",
            "file": "rows.csv",
            "columns": dict.fromkeys([*COLUMNS, "target"], "Value"),
            "split": {"train": 0.7, "validation": 0.15, "test": 0.15},
        },
        "preprocess": [{"FeatureSpace": {"features": dict.fromkeys(COLUMNS, "float_normalized")}}],
    },
}


def made(name: str, count: int, folder: Path) -> Project:
    """A project with one pipeline, whose training is one epoch, and its examples."""
    project = Project(folder)
    like = yaml.safe_load((folder / f"pipelines/{LIKE[name]}.yaml").read_text())
    sections = {**like, **CHANGES[name]}
    sections["train"] = {"epochs": 1, "batch_size": 64}
    sections["register"] = {"name": name}
    (folder / f"pipelines/{name}.yaml").write_text(yaml.safe_dump(sections, sort_keys=False))
    project.edit("params.yaml", ("[digits]", f"[{name}]"))
    if name == "photos":
        photos.write(folder / "sources/photos", count, 96, 72)
    else:
        rows = np.random.default_rng(0).normal(size=(count, len(COLUMNS) + 1))
        rows[:, -1] += rows[:, :-1].sum(axis=1)
        (folder / "sources/table").mkdir(parents=True, exist_ok=True)
        header = ",".join([*COLUMNS, "target"])
        path = folder / "sources/table/rows.csv"
        np.savetxt(path, rows, "%.6f", ",", header=header, comments="")
    return project


def stages(name: str, count: int) -> Iterator[tuple[str, float, float]]:
    """Each stage, its seconds and its peak in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        project = made(name, count, Path(folder))
        for stage in ("fingerprint", *STAGES, "register"):
            target = stage if stage in ALWAYS else f"{stage}@{name}"
            command = [sys.executable, "-m", "dvc", "repro", "--single-item", target]
            yield stage, *measure(command, project.environment(), project.root)


def report(name: str, smallest: int) -> None:
    """Prints the lines of a table through three sizes."""
    counts = [smallest * times for times in TIMES]
    print(f"{name}, {', '.join(map(str, counts))} examples", flush=True)
    found = [list(stages(name, count)) for count in counts]
    for column in zip(*found, strict=True):
        seconds, peaks = ([one[place] for one in column] for place in (1, 2))
        time_s, memory = (np.polyfit(counts, values, 1)[0] * 1000 for values in (seconds, peaks))
        print(
            f"  {column[0][0]:12} {' '.join(f'{one:6.1f}' for one in seconds)} s"
            f"  {' '.join(f'{one / GB:5.2f}' for one in peaks)} GB;  each further 1,000:"
            f" {time_s:6.2f} s {memory / 1e6:7.2f} MB   ratio {seconds[-1] / seconds[-2]:.2f}",
            flush=True,
        )


if __name__ == "__main__":
    for given, usual in (("photos", 2_000), ("table", 25_000)):
        report(given, int(sys.argv[1]) if len(sys.argv) > 1 else usual)
