"""The whole line on a folder of photos that nobody has looked at, in a real repository."""

import csv
import json

import mlflow
import numpy as np
import pytest
from PIL import Image
from project import Project

from components import dataset

COLOURS = {"blue": (20, 40, 200), "green": (30, 190, 40), "red": (200, 30, 30)}


def write_photos(folder):
    """Sixty photos of a colour with grain, of three sizes, and one of each kind of trouble."""
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for number in range(20):
            height, width = ((40, 50), (64, 48), (30, 30))[number % 3]
            image = np.clip(random.normal(colour, 30, (height, width, 3)), 0, 255)
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.jpg")
    whole = (folder / "red" / "0.jpg").read_bytes()
    (folder / "blue" / "zero.jpg").touch()
    (folder / "green" / "notes.txt").write_text("taken in May")
    (folder / "red" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "red" / "again.jpg").write_bytes(whole)
    Image.new("RGB", (50, 40), (128, 128, 128)).save(folder / "blue" / "deleted.png")


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A project in which `dvc repro` has run."""
    project = Project(tmp_path_factory.mktemp("photos"))
    write_photos(project.root / "sources" / "photos")
    project.edit("params.yaml", ("pipelines: [digits]", "pipelines: [photos]"))
    project.edit(
        "pipelines/photos.yaml",
        ("height: 128, width: 128", "height: 32, width: 32"),
        ("  architecture: resnet\n  stem: 7x7 ", "  architecture: cnn\n  filters: [8, 16] "),
        ("  blocks: [2, 2, 2, 2]\n", ""),
        ("epochs: 40", "epochs: 8"),
        ("batch_size: 32", "batch_size: 8"),
        ("max_accuracy_drop: 0.02", "max_accuracy_drop: 1.0"),
        ("min: 0.8", "min: 0.5"),
        ("near_leaked: drop", "near_leaked: drop\n  max_dropped_fraction: 0.1"),
    )
    project.dvc("repro")
    return project


def read(project, path):
    return json.loads((project.root / path).read_text())


def test_what_is_broken_is_found_and_left_out(line):
    report = read(line, "data/photos/validation.json")

    found = {
        one["kind"]: sorted(example["name"] for example in one["examples"])
        for one in report["findings"]
        if one["policy"] == "drop"
    }
    assert found.pop("duplicates") in (["red/0.jpg"], ["red/again.jpg"])
    assert found == {
        "corrupt": ["blue/zero.jpg"],
        "foreign": ["green/notes.txt"],
        "truncated": ["red/cut.jpg"],
        "constant": ["blue/deleted.png"],
    }
    dropped = read(line, "data/photos/verdict.json")["dropped"]
    assert sum(map(len, dropped.values())) == 5


def test_every_stage_goes_on_with_what_is_left(line):
    left = read(line, "data/photos/validation.json")["counts"]
    totals = {name: sum(classes.values()) for name, classes in left.items()}

    assert sum(totals.values()) == 60
    assert read(line, "data/photos/ready/dataset.json")["counts"] == totals
    with (line.root / "data/photos/evaluation/predictions.csv").open() as file:
        assert len(list(csv.reader(file))) == 1 + totals["test"]


def test_the_model_of_photos_of_several_sizes_is_good(line):
    assert read(line, "reports/photos/evaluate.json")["accuracy"] >= 0.8


def test_the_findings_are_a_table_of_the_run(line):
    mlflow.set_tracking_uri(line.tracking_uri())

    client = mlflow.MlflowClient()
    (run,) = client.search_runs([client.get_experiment_by_name("photos").experiment_id])

    assert run.data.metrics["validation/corrupt/count"] == 1
    table = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/validation.json")
    assert table["columns"] == ["kind", "policy", "count"]
    assert ["corrupt", "drop", 1] in table["data"]


def test_a_new_photo_runs_the_line_again_and_keeps_the_splits(line):
    def homes():
        rows = {}
        for name in ("train", "validation", "test"):
            part = dataset.open_split(line.root / "data/photos/raw", name)
            rows |= {part.name(row): name for row in range(len(part))}
        return rows

    before = homes()
    noise = np.random.default_rng(9).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(line.root / "sources/photos/green/new.jpg")

    output = line.dvc("repro", "validate@photos")

    assert "66 examples of 3 classes" in output
    assert "65 files are as they were, and not read again" in output
    after = homes()
    assert after.pop("green/new.jpg")
    assert after == before
