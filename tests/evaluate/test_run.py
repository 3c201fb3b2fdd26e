"""Measuring a trained model, from paths to paths."""

import io

import numpy as np
import pytest
import yaml
from own_learner import Fitted
from PIL import Image as Pillow
from stages import run_stage

from components.base.errors import Stop
from components.base.files import read_json, write_json
from components.data import shards
from components.data.dataset import Split, open_split, read_facts
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.tasks.measured import read
from components.tasks.outcomes import read_outcomes
from tests.fitting.made import SECTIONS

SCHEMA = Schema({"photo": Image(), "kind": ClassLabel(("cat", "dog"))}, ("kind",))
LABELS = np.array([0, 1, 1, 0, 1, 1, 1, 1])


def photo(number):
    """A file of a size and a colour of its own."""
    buffer = io.BytesIO()
    Pillow.new("RGB", (6 + number, 9), (number, 20, 30)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def evaluated(tmp_path):
    """Runs the stage on photos of which the first was dropped, and gives the run.

    The model says of each that it is a dog, rather surely.
    """
    files = [photo(number) for number in range(len(LABELS))]
    names = [f"{number}.png" for number in range(len(LABELS))]
    split = Split(SCHEMA, {"photo": files, "kind": LABELS}, names)
    shards.save({"test": split}, tmp_path / "raw")
    write_json({"dropped": {"test": [0]}}, tmp_path / "verdict.json")
    (tmp_path / "trained").mkdir()
    Fitted([0.25, 0.75], {}).save(tmp_path / "trained")

    def run(history, best=0, epochs=1):
        learned = {"epochs": epochs, "best": best, "history": history}
        write_json(learned, tmp_path / "trained" / "history.json")
        (tmp_path / "pets.yaml").write_text(yaml.safe_dump(SECTIONS))
        return run_stage(
            "evaluate",
            tmp_path / "pets.yaml",
            tmp_path,
            dataset=tmp_path / "raw",
            verdict=tmp_path / "verdict.json",
            trained=tmp_path / "trained",
            out=tmp_path / "evaluation",
            plots=tmp_path / "plots",
            report=tmp_path / "report.html",
        )

    return run


def test_a_model_that_answers_with_no_number_is_no_model(evaluated, tmp_path):
    Fitted([0.25, np.nan], {}).save(tmp_path / "trained")

    with pytest.raises(Stop) as caught:
        evaluated({"loss": [0.6]})

    what = "answers 7 of 7 test examples with NaN or infinity"
    assert str(caught.value) == f"evaluate: the model {what}"
    assert not (tmp_path / "evaluation").exists()


def test_what_was_measured_is_written_and_said(evaluated, tmp_path):
    run = evaluated({"loss": [0.6]})

    measures = read(read_json(tmp_path / "evaluation" / "measures.json"))
    assert (measures.examples, measures.metrics["accuracy"].value) == (7, 6 / 7)
    metrics = read_json(tmp_path / "evaluate.metrics.json")
    assert metrics == measures.scalars
    assert run.finding == (
        f"test accuracy 0.8571 (95 % interval {metrics['accuracy_low']:.4f} to "
        f"{metrics['accuracy_high']:.4f}, 7 examples), macro F1 {metrics['macro_f1']:.4f}"
    )


def test_what_the_model_said_of_each_example_is_kept_with_it(evaluated, tmp_path):
    evaluated({"loss": [0.6]})

    found = read_outcomes(tmp_path / "evaluation" / "outcomes.csv")
    assert sorted(found.truth["label"]) == ["cat"] + ["dog"] * 6
    assert set(found.answers["label"]) == {"dog"}
    head, *rows = (tmp_path / "evaluation" / "predictions.csv").read_text().splitlines()
    assert head == "row,name,label,predicted,cat,dog"
    assert rows[0] == "1,1.png,dog,dog,0.25,0.75"
    assert rows[2] == "3,3.png,cat,dog,0.25,0.75"


def test_the_first_raw_examples_go_with_the_model(evaluated, tmp_path):
    evaluated({"loss": [0.6]})

    folder = tmp_path / "evaluation" / "examples"
    few = open_split(folder, "test")
    assert read_facts(folder).counts == {"test": 5}
    assert few["photo"][:] == [photo(number) for number in range(1, 6)]
    assert few["kind"][:].tolist() == LABELS[1:6].tolist()


def test_without_epochs_there_are_no_curves(evaluated, tmp_path, capsys):
    evaluated({"loss": [0.6]})

    said, _ = capsys.readouterr().out.splitlines()
    assert said == "pets: nothing was learned step by step"
    assert {path.name for path in (tmp_path / "plots").iterdir()} == {
        "confusion_matrix.png",
        "reliability.png",
        "mistakes.png",
    }
    assert (tmp_path / "report.html").read_text().count("data:image/png;base64,") == 3


def test_learning_curves_come_first_and_are_said_in_words(evaluated, tmp_path, capsys):
    history = {name: [0.5, None, 0.99] for name in ("loss", "accuracy", "val_loss", "val_accuracy")}

    evaluated(history, best=2, epochs=3)

    said, _ = capsys.readouterr().out.splitlines()
    assert said == "pets: epoch 3 of 3 is kept"
    page = (tmp_path / "report.html").read_text()
    assert page.index("<h2>Learning curves") < page.index("<h2>Confusion matrix")
    assert (tmp_path / "plots" / "learning_curves.png").exists()


def test_what_the_curves_tell_is_said_and_stands_in_the_report(evaluated, tmp_path, capsys):
    loss = [2.0, 1.2, 0.8, 0.5]

    evaluated({"loss": loss, "val_loss": loss}, best=3, epochs=4)

    said, _ = capsys.readouterr().out.splitlines()
    assert said.startswith("pets: epoch 4 of 4 is kept; still improving: in the last ")
    page = (tmp_path / "report.html").read_text()
    assert "<h2>Training</h2>" in page
    assert "<td>to try</td><td>more epochs</td>" in page
