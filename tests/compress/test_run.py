"""The smaller models of a pipeline, and what is said of them."""

import pytest
import yaml
from stages import run_stage

from components.base.files import read_json, write_json
from components.compress.methods.int8 import export
from components.data import shards
from components.data.dataset import Split
from components.fitting.predictor import describe
from components.fitting.supervised.saving import HOME
from components.models import keras_files
from components.tasks.outcomes import write_outcomes
from tests.compress.made import SCHEMA, images, network, said
from tests.fitting.made import SECTIONS

INT8 = {"int8": {"calibration_examples": 30}}


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    """A folder in which a model was trained and measured."""
    folder, model = tmp_path_factory.mktemp("evaluated"), network()
    split = images(model, 100)
    for name in ("trained", "evaluation"):
        (folder / name).mkdir()
    shards.save({"train": split, "test": split}, folder / "raw")
    write_json({"dropped": {"train": [], "test": [0]}}, folder / "verdict.json")
    keras_files.save(model, folder / "trained" / "serving.keras")
    describe(HOME, folder / "trained")
    columns = {"image": split["image"][1:], "label": split["label"][1:]}
    test = Split(SCHEMA, columns)
    write_outcomes(said(test, test.target), folder / "evaluation" / "outcomes.csv")
    return folder


def compressed(evaluated, folder, *methods, **gate):
    """Runs the stage."""
    section = {"methods": [*methods], **({"gate": gate} if gate else {})}
    path = folder / "points.yaml"
    path.write_text(yaml.safe_dump({**SECTIONS, "compress": section}))
    return run_stage(
        "compress",
        path,
        folder,
        dataset=evaluated / "raw",
        verdict=evaluated / "verdict.json",
        trained=evaluated / "trained",
        evaluation=evaluated / "evaluation",
        out=folder / "compressed",
        picture=folder / "tradeoff.png",
    )


def test_the_model_as_it_is_comes_first_and_each_method_is_compared_with_it(evaluated, tmp_path):
    run = compressed(evaluated, tmp_path, "float16", max_drop=1.0)

    rows = read_json(tmp_path / "compressed" / "models.json")
    assert [row["method"] for row in rows] == ["float32", "float16"]
    # The model errs on every fourth example; the first of these was dropped by `validate`.
    assert [row["value"] for row in rows] == [pytest.approx(75 / 99)] * 2
    assert [row["drop"] for row in rows] == [pytest.approx(24 / 99)] * 2
    sizes = [row["size_bytes"] / 1000 for row in rows]
    assert run.finding == f"float32 {sizes[0]:.1f} kB 0.7576; float16 {sizes[1]:.1f} kB 0.7576"
    metrics = read_json(tmp_path / "compress.metrics.json")
    assert metrics == {row.pop("method"): row for row in rows}
    latencies = read_json(tmp_path / "compress.measured.json")["latency_ms"]
    assert latencies.keys() == {"float32", "float16"}
    assert (tmp_path / "tradeoff.png").exists()


def test_a_method_that_cannot_be_applied_is_left_out(evaluated, tmp_path, monkeypatch):
    def refusing(*_):
        raise ValueError("no int8 kernel for Frobnicate")

    monkeypatch.setattr(export, "compress", refusing)

    run = compressed(evaluated, tmp_path, INT8)

    (full, whole) = read_json(tmp_path / "compressed" / "models.json")
    assert (full["method"], full["file"]) == ("float32", "float32.tflite")
    assert (whole["file"], whole["size_bytes"]) == (None, None)
    assert whole["refused"] == "cannot be exported: no int8 kernel for Frobnicate"
    said = "int8 is left out: it cannot be exported: no int8 kernel for Frobnicate"
    assert run.finding.endswith(f"; {said}")
    assert [path.name for path in (tmp_path / "compressed").glob("*.tflite")] == ["float32.tflite"]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), MemoryError("not 3 GB")])
def test_a_machine_that_is_full_is_no_reason_to_leave_a_method_out(
    evaluated, tmp_path, monkeypatch, error
):
    def full(*_):
        raise error

    monkeypatch.setattr(export, "compress", full)

    with pytest.raises(type(error), match=str(error.args[-1])):
        compressed(evaluated, tmp_path, INT8)
    assert not (tmp_path / "compressed").exists()


def test_methods_of_one_module_have_a_file_each(evaluated, tmp_path):
    compressed(evaluated, tmp_path, "own_methods:Plain", "own_methods:Other", max_drop=1.0)

    rows = read_json(tmp_path / "compressed" / "models.json")
    files = ["float32.tflite", "own_methods-Plain.tflite", "own_methods-Other.tflite"]
    assert [row["file"] for row in rows] == files
    assert sorted(path.name for path in (tmp_path / "compressed").glob("*.tflite")) == sorted(files)


def test_without_methods_nothing_is_done(evaluated, tmp_path):
    run = compressed(evaluated, tmp_path)

    assert run.finding == "nothing to do"
    assert read_json(tmp_path / "compressed" / "models.json") == []
    assert read_json(tmp_path / "compress.metrics.json") == {}
