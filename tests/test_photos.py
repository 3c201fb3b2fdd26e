"""The whole line on a folder of photos that nobody has looked at, every stage in this process."""

import csv

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from PIL import Image
from stages import run_line

from components.data import dataset


def rows(project, path):
    with (project.root / path).open(newline="") as file:
        return list(csv.DictReader(file))


def raw(project, name):
    return dataset.open_split(project.root / "data/photos/raw", name)


def ready(project, name):
    return dataset.open_split(project.root / "data/photos/ready", name)


def runs(client, stage):
    experiment = client.get_experiment_by_name("photos").experiment_id
    return client.search_runs([experiment], f"tags.`dvc.stage` = '{stage}@photos'")


def test_what_is_broken_is_found_and_left_out(photo_line):
    report = photo_line.read("data/photos/validation.json")

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
    dropped = photo_line.read("data/photos/verdict.json")["dropped"]
    assert sum(map(len, dropped.values())) == 5
    assert photo_line.read("reports/photos/validate.json")["dropped"] == 5


def test_every_stage_goes_on_with_what_is_left(photo_line):
    left = photo_line.read("data/photos/validation.json")["counts"]
    totals = {name: sum(classes.values()) for name, classes in left.items()}

    assert sum(totals.values()) == 60
    assert photo_line.read("data/photos/ready/dataset.json")["counts"] == totals
    assert len(rows(photo_line, "data/photos/evaluation/predictions.csv")) == totals["test"]
    copies = photo_line.read("data/photos/augmented/dataset.json")["counts"]
    assert copies == {"train": totals["train"]}


def test_every_label_is_that_of_the_folder_from_beginning_to_end(photo_line):
    dropped = photo_line.read("data/photos/verdict.json")["dropped"]

    for name in dataset.SPLITS:
        left = dataset.open_split(photo_line.root / "data/photos/raw", name, dropped[name])
        folders = [left.name(place).partition("/")[0] for place in range(len(left))]
        assert [left.text("label", place) for place in range(len(left))] == folders
        made = ready(photo_line, name)
        assert np.array_equal(made.target, left.target)
        means = _plain(made).mean((1, 2)).argmax(axis=1)
        strongest = [("red", "green", "blue")[channel] for channel in means]
        assert strongest == folders


def _plain(made):
    """Images with the same mean in each channel over the whole split."""
    images = made.input[:]
    return images - images.mean((0, 1, 2))


def test_a_row_is_that_of_ingest_wherever_one_is_named(photo_line):
    test = raw(photo_line, "test")

    said = rows(photo_line, "data/photos/evaluation/predictions.csv")
    for one in said:
        assert test.name(int(one["row"])) == one["name"]
        assert one["name"].startswith(f"{one['label']}/")
        shares = [float(one[name]) for name in ("blue", "green", "red")]
        assert sum(shares) == pytest.approx(1, abs=1e-5)
        assert one["predicted"] == ("blue", "green", "red")[int(np.argmax(shares))]
    for one in rows(photo_line, "data/photos/evaluation/label_issues.csv"):
        assert test.name(int(one["row"])) == one["name"]


def test_the_model_of_photos_of_several_sizes_is_good(photo_line):
    found = photo_line.read("reports/photos/evaluate.json")
    said = rows(photo_line, "data/photos/evaluation/predictions.csv")

    assert found["accuracy"] >= 0.8
    right = [one["label"] == one["predicted"] for one in said]
    assert found["accuracy"] == pytest.approx(np.mean(right))
    assert found["accuracy_low"] < found["accuracy"] <= found["accuracy_high"] <= 1


def test_the_kept_epoch_is_the_best_one(photo_line):
    history = photo_line.read("data/photos/trained/history.json")
    curves = rows(photo_line, "reports/photos/learning_curves.csv")
    losses = [one for one in curves if (one["split"], one["metric"]) == ("validation", "loss")]
    best = int(np.argmin(history["history"]["val_loss"]))

    assert history["best"] == best
    assert {(one["split"], one["metric"]) for one in curves} == {
        *((split, one) for split in ("train", "validation") for one in ("loss", "accuracy")),
        ("train", "learning_rate"),
    }
    assert [int(one["epoch"]) for one in losses] == list(range(1, len(losses) + 1))
    assert [float(one["value"]) for one in losses] == history["history"]["val_loss"]
    metrics = photo_line.read("reports/photos/train.json")
    assert metrics["best_epoch"] == best + 1
    assert metrics["val_loss"] == history["history"]["val_loss"][best]


def test_what_is_compressed_is_measured_against_what_was_evaluated(photo_line):
    models = photo_line.read("data/photos/compressed/models.json")

    accuracy = photo_line.read("reports/photos/evaluate.json")["accuracy"]
    assert [one["method"] for one in models] == ["float32", "float16", "int8"]
    assert models[0]["value"] == pytest.approx(accuracy)
    for one in models:
        assert one["drop"] == pytest.approx(accuracy - one["value"])
        assert one["drop_low"] <= one["drop"] <= one["drop_high"]
        file = photo_line.root / f"data/photos/compressed/{one['method']}.tflite"
        assert one["size_bytes"] == file.stat().st_size
    assert set(photo_line.read("reports/photos/compress.json")) == {"float32", "float16", "int8"}


def test_it_is_registered_and_every_stage_says_what_it_found(photo_line):
    assert photo_line.standing.sentence == (
        "photos version 1 is the champion: there was no champion"
    )
    package = photo_line.read("reports/photos/package.json")
    assert package == {
        "accuracy": photo_line.read("reports/photos/evaluate.json")["accuracy"],
        "passes_gate": True,
        "reason": "",
    }
    found = {name: run.finding for name, run in photo_line.runs.items()}
    assert found["ingest"].startswith("65 examples of 3 classes: ")
    assert found["preprocess"].startswith("32x32x3 float32, mean ")
    assert found["package"] == "ready to be registered"
    for name, finding in found.items():
        assert photo_line.read(f"measured/photos/{name}.json")["finding"] == finding


def test_what_the_search_found_best_is_trained(photo_line):
    trials = photo_line.read("reports/photos/trials.json")
    best = min(trials, key=lambda trial: trial["value"])
    with photo_line.entered():
        client = MlflowClient()
        (search, *_), (train,) = (
            sorted(runs(client, stage), key=lambda run: run.info.start_time)
            for stage in ("tune", "train")
        )
        tried = client.search_runs(
            [search.info.experiment_id], f"tags.mlflow.parentRunId = '{search.info.run_id}'"
        )

    assert [trial["train.batch_size"] for trial in trials] in ([8, 16], [16, 8])
    assert photo_line.read("data/photos/hyperparameters.json") == {
        "train.batch_size": best["train.batch_size"]
    }
    assert train.data.params["train.batch_size"] == str(best["train.batch_size"])
    assert {run.data.params["train.batch_size"] for run in tried} == {"8", "16"}
    assert search.data.metrics["val_loss"] == pytest.approx(best["value"])
    assert photo_line.runs["tune"].finding == f"best: train.batch_size {best['train.batch_size']}"


def test_the_findings_are_a_table_of_the_run(photo_line):
    with photo_line.entered():
        client = MlflowClient()
        (run,) = runs(client, "train")

        assert run.data.metrics["validation/corrupt/count"] == 1
        assert run.data.tags["millrace.pipeline"] == "photos"
        table = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/validation.json")
    assert table["columns"] == ["kind", "policy", "count"]
    assert ["corrupt", "drop", 1] in table["data"]


def test_a_new_photo_is_read_alone_and_keeps_the_splits(photo_line):
    def homes():
        parts = {name: raw(photo_line, name) for name in dataset.SPLITS}
        return {part.name(row): name for name, part in parts.items() for row in range(len(part))}

    before = homes()
    new = photo_line.root / "sources/photos/green/new.jpg"
    noise = np.random.default_rng(9).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(noise).save(new)
    with photo_line.entered():
        try:
            finding = run_line(photo_line.root, "photos", "ingest")["ingest"].finding
            after = homes()
        finally:
            new.unlink()
            run_line(photo_line.root, "photos", "ingest")

    assert "66 examples of 3 classes" in finding
    assert "65 files are as they were, and not read again" in finding
    assert after.pop("green/new.jpg")
    assert after == before
