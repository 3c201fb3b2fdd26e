"""How often the diagnosis of learning curves is right: trainings made ill, and healthy ones.

    python benchmarks/diagnosis.py train FOLDER SET [SEED ...]
    python benchmarks/diagnosis.py [judge [SET ...]]

`train` makes each illness with each seed (0 to 9), on `mnist` or `fashion-mnist` (FOLDER has their
four files), or on a table, `ETTh1` or `ETTh2` (FOLDER has their CSV files, of which the temperature
of the oil is learned from the loads and the time), and keeps the learning curves in
measured/diagnosis. `judge` reads them, and prints by illness how often it is named, how often a
healthy training is called ill, and of how many something is noted while they run.
"""

import csv
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from common import ROOT, mnist, pipeline

KEPT = ROOT / "measured" / "diagnosis"
RATE = 1e-3
COSINE = {"cosine": {"initial": RATE}}
STAND_IN = ("iris", "diabetes")  # a source of the same kind, which is not read
SETS = ("mnist", "fashion-mnist", "ETTh2", "ETTh1")
TABLES = SETS[2:]
SGD = {"SGD": {"momentum": 0.9}}
# The highest that ends no network.
HIGH = {"mnist": 0.1, "fashion-mnist": 0.1, "ETTh1": 0.01, "ETTh2": 0.01}
SMALL = {"mnist": [3], "fashion-mnist": [2], "ETTh1": [1], "ETTh2": [1]}  # too few units for each

ILLNESSES: dict[str, dict[str, Any]] = {
    "healthy": {"learning_rate": COSINE},
    "healthy with warm-up": {"learning_rate": {"cosine": {"initial": 2e-3, "warmup": 1}}},
    "healthy in steps": {
        "learning_rate": {"step": {"initial": RATE, "boundaries": [6, 9], "factor": 0.2}}
    },
    "rate too high": {"learning_rate": {"constant": {"initial": 0.1}}},
    "rate too low": {"learning_rate": {"constant": {"initial": 5e-6}}},
    "decay too early": {
        "learning_rate": {"step": {"initial": RATE, "boundaries": [1], "factor": 0.01}}
    },
    # Of the tables at no rate: by Adam, at 0.01 the loss still falls after 60 epochs, and at 0.03
    # most units die.
    "plateau": {"learning_rate": HIGH, "optimizer": SGD, "epochs": 20, "of": SETS[:2]},
    "overfitting": {"learning_rate": RATE, "examples": 500, "dropout": 0.0, "epochs": 40},
    "underfitting": {"learning_rate": COSINE, "units": SMALL, "dropout": 0.0},
    "bad initialization": {
        "learning_rate": HIGH, "optimizer": SGD, "units": [64] * 6, "activation": "sigmoid",
        "dropout": 0.0
    },
    "still improving": {"learning_rate": {"constant": {"initial": 1e-4}}, "epochs": 4},
}  # fmt: skip


def examples(folder: Path, name: str) -> tuple[Any, Any]:
    """All examples, `(n, features)` float32, and their targets."""
    if name in TABLES:
        with (folder / f"{name}.csv").open() as file:
            rows = np.array([row[1:] for row in list(csv.reader(file))[1:]], np.float32)
        hours = 2 * np.pi * np.arange(len(rows)) / 24
        turns = [wave(hours / period) for period in (1, 91, 365) for wave in (np.sin, np.cos)]
        x = np.concatenate([rows[:, :6], np.stack(turns, axis=1)], axis=1).astype(np.float32)
        return (x - x.mean(axis=0)) / x.std(axis=0), rows[:, 6]
    x, y = mnist(folder, "train")
    return x.reshape(-1, 784).astype(np.float32) / 255, y.astype(np.int64)


def declared(name: str, illness: str) -> Any:
    """The pipeline file of an illness."""
    settings = {
        key: value[name] if isinstance(value, dict) and name in value else value
        for key, value in ILLNESSES[illness].items()
    }
    is_table = name in TABLES
    model = {
        "architecture": "mlp",
        "units": settings.get("units", [128, 64]),
        "dropout": 0.0 if is_table else settings.get("dropout", 0.2),
        "activation": settings.get("activation", "relu"),
    }
    train = {
        "epochs": settings.get("epochs", 12),
        "batch_size": 64,
        "learning_rate": settings["learning_rate"],
        "optimizer": settings.get("optimizer", "Adam"),
    }
    task = "regression" if is_table else "classification"
    source = f"sklearn.datasets.load_{STAND_IN[is_table]}"
    return pipeline(task=task, ingest={"source": source}, model=model, train=train)


def train(folder: Path, name: str, seeds: list[int]) -> None:
    """Makes every illness with every seed, and keeps the curves."""
    import keras

    from components.data.dataset import Split
    from components.data.features.class_label import ClassLabel
    from components.data.features.value import Value
    from components.data.schema import Schema
    from components.fitting.data import Data
    from components.fitting.watch import Watch

    x, y = examples(folder, name)
    target = Value() if name in TABLES else ClassLabel(tuple("0123456789"))
    schema = Schema({"x": Value("float32", x.shape[1:]), "y": target}, ("y",))
    still = keras.Sequential([keras.Input(x.shape[1:])])
    KEPT.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        rows = np.random.default_rng(seed).permutation(len(x))
        for illness, settings in ILLNESSES.items():
            if name not in settings.get("of", SETS):
                continue
            path = KEPT / f"{name} {illness} {seed}.json"
            if path.exists():
                continue
            file = declared(name, illness)
            parts = rows[: settings.get("examples", 10_000)], rows[-2000:]
            splits = [Split(schema, {"x": x[part], "y": y[part]}) for part in parts]
            keras.utils.clear_session()
            fitted = file.train.fit(file, Data(*splits, still, Path()), seed, Watch())
            kept = {"best": fitted.best, "history": fitted.history, **fitted.told}
            path.write_text(json.dumps(kept))
            print(path.stem, {k: round(v[-1], 4) for k, v in fitted.history.items()}, flush=True)


def judge(names: list[str]) -> None:
    """Prints how often each illness is named, and how often a healthy training is called ill."""
    from components.evaluate.diagnosis import Curves, illness

    for name in names:
        found: dict[str, Counter[str]] = {}
        noted = 0
        if not (kept_here := sorted(KEPT.glob(f"{name} *.json"))):
            print(f"{name:14} none yet: python benchmarks/diagnosis.py train FOLDER {name}")
            continue
        for path in kept_here:
            kept = json.loads(path.read_text())
            made = path.stem.removeprefix(f"{name} ").rpartition(" ")[0]
            noted += "healthy" in made and bool(kept["notes"])
            shares = [] if name in TABLES else ["accuracy"]
            said = illness(Curves.of(kept["history"], kept, shares))
            found.setdefault(made, Counter())[said[0] if said else "healthy"] += 1
        right = {made: counts[made.split(" ")[0] if "healthy" in made else made]
                 for made, counts in found.items()}  # fmt: skip
        for made, counts in found.items():
            others = ", ".join(f"{said} {count}" for said, count in counts.most_common())
            print(f"{name:14} {made:22} right {right[made]:2} of {counts.total():2}   {others}")
        ill = [made for made in found if "healthy" not in made]
        well = [made for made in found if "healthy" in made]
        for what, group in (("named", ill), ("left alone", well)):
            total = sum(found[made].total() for made in group)
            share = sum(right[made] for made in group) / max(1, total)
            print(f"{name:14} {what}: {share:.0%} of {total}")
        print(f"{name:14} healthy ones of which something is noted while they run: {noted}")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:] or ["judge"]
    if command == "train":
        train(Path(arguments[0]), arguments[1], [*map(int, arguments[2:])] or [*range(10)])
    else:
        judge(arguments or [*SETS])
