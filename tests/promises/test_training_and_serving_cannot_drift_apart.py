"""Promise 6: the registered model takes what the source gives, and says what was measured."""

import csv
import json
import subprocess
import sys

import keras
import mlflow
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from components.data import dataset
from components.data.codecs import decode

SERVED = """
import json, sys
import mlflow, numpy as np
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/digits@champion")
print("> " + json.dumps(np.asarray(model.predict(np.load(sys.argv[2]))).tolist()))
print("> " + json.dumps(sorted(name for name in sys.modules if name.startswith("components"))))
"""


def predictions(project, name):
    with (project.root / f"data/{name}/evaluation/predictions.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_served_is_what_was_measured_without_our_code(line, tmp_path):
    """In an empty folder, where nothing of the project can be imported."""
    images = load_digits().images.astype(np.uint8)[..., np.newaxis]
    test = dataset.open_split(line.root / "data/digits/raw", "test")
    np.save(tmp_path / "images.npy", test.input[:])

    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVED, line.tracking_uri(), "images.npy"],
        cwd=tmp_path,
        env=line.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    served, ours = (json.loads(row[2:]) for row in done.stdout.splitlines() if row[:2] == "> ")
    assert ours == []
    said = predictions(line, "digits")
    measured = [[float(row[str(label)]) for label in range(10)] for row in said]
    assert np.allclose(served, measured, atol=2e-4)
    assert [str(np.argmax(one)) for one in served] == [row["predicted"] for row in said]
    raw = {image.tobytes() for image in images}
    assert all(image.tobytes() in raw for image in test.input[:])  # as the source gives them


def test_photos_are_served_in_the_size_in_which_they_come(photo_line):
    with photo_line.entered():
        model = mlflow.pyfunc.load_model("models:/photos@champion")
    sizes = set()
    for row in predictions(photo_line, "photos"):
        pixels = np.asarray(Image.open(photo_line.root / "sources/photos" / row["name"]))
        sizes.add(pixels.shape)

        (served,) = np.asarray(model.predict(pixels[np.newaxis]))

        assert served == pytest.approx(
            [float(row[name]) for name in ("blue", "green", "red")], abs=2e-3
        )
    assert len(sizes) == 3


def test_what_is_read_for_training_is_what_a_user_would_read(photo_line):
    test = dataset.open_split(photo_line.root / "data/photos/raw", "test")
    verdict = photo_line.read("data/photos/verdict.json")["dropped"]["test"]

    for row in set(range(len(test))) - set(verdict):
        ours = decode(test.input[row], 3, "uint8")
        theirs = np.asarray(Image.open(photo_line.root / "sources/photos" / test.name(row)))
        assert np.array_equal(ours, theirs)


@pytest.mark.parametrize("method", ["float32", "float16", "int8"])
def test_what_is_compressed_says_what_was_measured_of_it(photo_line, method):
    """Its input is a photo after the resizing, as its documentation says."""
    from ai_edge_litert.interpreter import Interpreter

    models = photo_line.read("data/photos/compressed/models.json")
    (kept,) = [one for one in models if one["method"] == method]
    path = photo_line.root / f"data/photos/compressed/{method}.tflite"
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    resize = keras.layers.Resizing(32, 32, crop_to_aspect_ratio=True)
    right = []
    for row in predictions(photo_line, "photos"):
        pixels = np.asarray(Image.open(photo_line.root / "sources/photos" / row["name"]))
        values = np.asarray(resize(pixels.astype(np.float32)))[np.newaxis]
        if taken["dtype"] == np.int8:
            scale, zero = taken["quantization"]
            values = np.clip(np.round(values / scale + zero), -128, 127)
        interpreter.set_tensor(taken["index"], values.astype(taken["dtype"]))
        interpreter.invoke()
        guess = interpreter.get_tensor(given["index"])[0].argmax()
        right.append(("blue", "green", "red")[guess] == row["label"])

    assert np.mean(right) == pytest.approx(kept["value"], abs=1.5 / len(right))
