"""The whole line on a folder of photos with masks, every stage in this process."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from components.data import dataset
from components.data.examples import nearest
from components.tasks.outcomes import read_outcomes


def rows(project, path):
    with (project.root / path).open(newline="") as file:
        return list(csv.DictReader(file))


def split(project, stage, name, dropped=()):
    return dataset.open_split(project.root / "data/horses" / stage, name, dropped)


def left(project, name):
    """The raw examples that `validate` has not dropped."""
    dropped = project.read("data/horses/verdict.json")["dropped"][name]
    return split(project, "raw", name, dropped)


def test_what_is_wrong_with_a_mask_is_found_and_left_out(mask_line):
    report = mask_line.read("data/horses/validation.json")

    found = {
        one["kind"]: sorted(example["name"] for example in one["examples"])
        for one in report["findings"]
    }
    assert found == {"corrupt": ["broken.jpg", "colourful.jpg"], "unequal_size": ["small.jpg"]}
    dropped = mask_line.read("data/horses/verdict.json")["dropped"]
    assert sum(map(len, dropped.values())) == 2


def test_a_mask_is_that_of_its_photo_from_beginning_to_end(mask_line):
    for name in dataset.SPLITS:
        raw, ready = left(mask_line, name), split(mask_line, "ready", name)
        assert len(raw) == len(ready)
        for row in range(len(raw)):
            path = mask_line.root / "sources/horses/figure_ground" / raw.name(row)
            drawn = np.asarray(Image.open(path.with_suffix(".png"))) // 255
            assert np.array_equal(raw.decoded("mask", row), drawn)
            assert np.array_equal(ready["mask"][row], nearest(drawn, 32, 32))
            assert _is_brighter_where(ready["image"][row], ready["mask"][row])


def test_a_copy_has_a_mask_that_has_moved_with_its_image(mask_line):
    ready, copies = split(mask_line, "ready", "train"), split(mask_line, "augmented", "train")

    assert len(copies) == len(ready)
    images, masks = copies["image"][:], copies["mask"][:]
    assert all(map(_is_brighter_where, images, masks))
    moved = [not np.array_equal(*both) for both in zip(masks, ready["mask"][:], strict=True)]
    assert np.mean(moved) > 0.9
    assert set(np.unique(masks)) == {0, 1}


def _is_brighter_where(image, mask):
    """Whether the brighter pixels of an image are those of its mask, but for its edge."""
    grey = image.mean(axis=-1)
    middle = (grey[mask == 1].mean() + grey[mask == 0].mean()) / 2
    return ((grey > middle) == mask).mean() > 0.95


def test_what_is_measured_follows_from_the_kept_counts(mask_line):
    found = mask_line.read("reports/horses/evaluate.json")
    kept = read_outcomes(mask_line.root / "data/horses/evaluation/outcomes.csv")
    counts = np.array([one.split() for one in kept.answers["counts"]], int).reshape(-1, 2, 2)
    total = counts.sum(axis=0)

    right = np.diagonal(total)
    iou = right / (total.sum(axis=0) + total.sum(axis=1) - right)
    assert found["mean_iou"] == pytest.approx(iou.mean())
    assert found["mean_iou"] >= 0.6
    assert found["mean_iou_low"] < found["mean_iou"] < found["mean_iou_high"] <= 1
    assert found["pixel_accuracy"] == pytest.approx(right.sum() / total.sum())
    assert found["examples"] == len(kept) == len(left(mask_line, "test"))
    truth = [list(map(int, one.split()[:2])) for one in kept.truth["pixels"]]
    assert counts.sum(axis=2).tolist() == truth
    sizes = sorted(left(mask_line, "test").decoded("mask", row).size for row in range(len(kept)))
    assert sorted(map(sum, truth)) == sizes


def test_each_image_has_its_row(mask_line):
    test = split(mask_line, "raw", "test")

    found = rows(mask_line, "data/horses/evaluation/images.csv")

    assert [*found[0]] == ["row", "name", "ground", "disc"]
    assert len(found) == len(left(mask_line, "test"))
    for one in found:
        assert test.name(int(one["row"])) == one["name"]
        assert 0 <= float(one["disc"]) <= 1


def test_people_see_classes_curves_and_the_worst_images(mask_line):
    names = {path.stem for path in (mask_line.root / "reports/horses/evaluate").iterdir()}

    page = (mask_line.root / "reports/horses/report.html").read_text()

    training = {"learning_curves", "loss_of_steps", "outputs_of_layers", "gradients_of_layers"}
    assert names == {"iou_of_each_class", "worst_images", *training}
    assert "<td>disc</td>" in page
    curves = rows(mask_line, "reports/horses/learning_curves.csv")
    assert {one["metric"] for one in curves} == {"loss", "mean_iou", "learning_rate"}


def test_what_is_compressed_is_measured_against_what_was_evaluated(mask_line):
    models = mask_line.read("data/horses/compressed/models.json")

    mean_iou = mask_line.read("reports/horses/evaluate.json")["mean_iou"]
    assert [one["method"] for one in models] == ["float32", "float16", "int8"]
    assert models[0]["value"] == pytest.approx(mean_iou, abs=1e-3)
    for one in models:
        assert one["drop"] == pytest.approx(mean_iou - one["value"])
        assert one["drop_low"] <= one["drop"] <= one["drop_high"]


def test_it_is_registered_and_every_stage_says_what_it_found(mask_line):
    assert mask_line.standing.sentence == (
        "horses version 1 is the champion: there was no champion"
    )
    found = {name: run.finding for name, run in mask_line.runs.items()}
    assert found["ingest"].startswith("43 examples: ")
    assert found["preprocess"].startswith("32x32x3 float32, mean ")
    assert found["evaluate"].startswith("test mean IoU 0.")
    assert found["package"] == "ready to be registered"


SERVED = """
import json, sys
import mlflow, numpy as np
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/horses@champion")
photos = np.load(sys.argv[2])
said = {name: np.asarray(model.predict(photos[name][np.newaxis]))[0] for name in photos}
np.savez("said.npz", **said)
print("> " + json.dumps(sorted(name for name in sys.modules if name.startswith("components"))))
"""


def test_raw_photos_of_several_sizes_are_served_as_was_measured_without_our_code(
    mask_line, tmp_path
):
    test = left(mask_line, "test")
    photos = {test.name(row): test.decoded("image", row) for row in range(len(test))}
    np.savez(tmp_path / "photos.npz", **photos)

    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVED, mask_line.tracking_uri(), "photos.npz"],
        cwd=tmp_path,
        env=mask_line.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [json.loads(row[2:]) for row in done.stdout.splitlines() if row[:2] == "> "] == [[]]
    assert len({photo.shape for photo in photos.values()}) == 3
    said = np.load(tmp_path / "said.npz")
    measured = {
        one["name"]: [float(one["ground"]), float(one["disc"])]
        for one in rows(mask_line, "data/horses/evaluation/images.csv")
    }
    for row, name in enumerate(photos):
        assert said[name].shape == (32, 32, 2)
        assert said[name].sum(axis=-1) == pytest.approx(1, abs=1e-4)
        truth = test.decoded("mask", row)
        found = nearest(said[name].argmax(axis=-1), *truth.shape)
        both = [((found == one) & (truth == one)).sum() for one in (0, 1)]
        either = [((found == one) | (truth == one)).sum() for one in (0, 1)]
        assert np.divide(both, either) == pytest.approx(measured[name], abs=0.01)
