"""A line of which the user has brought every part, in one module."""

import shutil

import pytest
import yaml
from project import ROOT, STAGES
from stages import run_line

from components.base.errors import Invalid
from components.base.files import read_json
from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse
from components.register.run import register

SECTIONS = {
    "version": 1,
    "description": "quarters of a square",
    "task": "own_line:Careful",
    "ingest": {"source": "own_line:Quarters", "points": 400},
    "preprocess": [{"own_line:Products": {"factor": 2.0}}],
    "model": {"architecture": "own_line:bent", "arguments": {"width": 8}},
    "train": {"learner": "own_line:LeastSquares", "ridge": 0.01},
    "compress": {"methods": [{"own_line:Rounded": {"digits": 2}}], "gate": {"max_drop": 0.5}},
    "register": {"name": "quarters", "gate": {"max": 0.2}},
}


def write(root, **sections):
    path = root / "pipelines" / "quarters.yaml"
    path.write_text(yaml.safe_dump({**SECTIONS, **sections}))
    return path


@pytest.fixture
def root(mlflow_store):
    """A project with the file, which is the working directory."""
    for folder in ("pipelines", "sources/quarters", "accepted/quarters"):
        (mlflow_store / folder).mkdir(parents=True)
    shutil.copy(ROOT / "dvc.yaml", mlflow_store)
    shutil.copy(ROOT / "params.yaml", mlflow_store)
    params = mlflow_store / "params.yaml"
    params.write_text(params.read_text().replace("[digits]", "[quarters]"))
    write(mlflow_store)
    return mlflow_store


def test_every_stage_runs_what_the_user_has_brought(root):
    runs = run_line(root, "quarters")

    assert runs["ingest"].finding.startswith("400 examples of 2 classes: 280 train")
    assert runs["evaluate"].finding.startswith("test error 0.0")
    found = read_json(root / "reports/quarters/evaluate.json")
    assert found["error"] == pytest.approx(1 - found["accuracy"])
    assert found["error_low"] == pytest.approx(1 - found["accuracy_high"])
    (rounded,) = read_json(root / "data/quarters/compressed/models.json")
    assert (rounded["method"], rounded["file"]) == ("own_line:Rounded", "own_line-Rounded.npy")
    assert rounded["value"] == pytest.approx(found["error"] + rounded["drop"])
    assert runs["package"].finding == "ready to be registered"
    assert dict(register(root))["quarters"].sentence.startswith(
        "quarters version 1 is the champion"
    )


def test_a_stage_depends_on_the_module_where_it_runs_something_of_it(root):
    run_line(root, "quarters", "ingest")

    depends = {
        stage: "own_line" in read_json(root / f"data/code/quarters/{stage}.json")["code"]
        for stage in STAGES
    }
    assert {stage for stage, is_said in depends.items() if not is_said} == {"validate", "augment"}


def test_check_tries_each(root):
    document = Document(root / "pipelines" / "quarters.yaml")

    estimate = examine(document, parse(document), root / "sources" / "quarters", 0)

    assert estimate.parameters is None


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("task", "own_line:Carful", "no task 'Carful' in own_line; did you mean 'Careful'?"),
        (
            "task",
            "own_line:Rounded",
            "own_line:Rounded is no task: no class derived from components.config.task.Task",
        ),
        (
            "preprocess",
            ["own_line:Product"],
            "no layer 'Product' in own_line; did you mean 'Products'?",
        ),
        (
            "model",
            {"architecture": "own_line:bend", "arguments": {"width": 8}},
            "no function 'bend' in own_line; did you mean 'bent'?",
        ),
        (
            "compress",
            {"methods": ["float16"]},
            "float16 is for keras models; this one is of lines",
        ),
        (
            "register",
            {"name": "quarters", "gate": {"min": 0.2}},
            "error is better the lower; the limit is 'max'",
        ),
    ],
)
def test_a_mistake_is_named(root, section, value, message):
    path = write(root, **{section: value})

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    assert str(caught.value).endswith(message)
