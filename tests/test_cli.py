"""`python -m components`."""

import json
import subprocess
import sys

import pytest
from project import ROOT, Project

from components.check import check
from components.document import Document
from components.errors import Invalid
from components.pipeline import parse


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_a_right_file_has_no_mistakes(project):
    output = project.components("check", "pipelines/digits.yaml")

    assert output.startswith("pipelines/digits.yaml: no mistakes\n")


def deep(path):
    document = Document(path)
    with pytest.raises(Invalid) as caught:
        check(document, parse(document), ROOT / "sources/digits", seed=0)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "batch_size: 64",
            "batch_size: 4096",
            "27: train.batch_size: a batch of 4096 is larger than the train split, which has 1259",
            id="a batch larger than the set",
        ),
        pytest.param(
            "load_digits",
            "load_wine",
            "22: model.architecture: resnet needs images; the examples are vectors of 13 features",
            id="images are wanted",
        ),
        pytest.param(
            "factor: 0.04",
            "factor: [1, 2, 3]",
            "20: augment.layers.1.RandomRotation: ",
            id="what only Keras can judge",
        ),
        pytest.param(
            "weight_decay: 1.0e-4",
            "clipnorm: 1, clipvalue: 1",
            "29: train.optimizer: ",
            id="arguments that exclude each other",
        ),
        pytest.param(
            "tune: {}",
            "tune: {space: {train.batch_size: {IntDistribution: {low: 32, high: 8}}}}",
            "24: tune.space.train.batch_size: ",
            id="an empty distribution",
        ),
    ],
)
def test_what_the_yaml_cannot_show_is_found_before_anything_is_spent(edited, old, new, message):
    assert deep(edited((old, new))).startswith(message)


def test_a_new_pipeline_is_active_and_right(project):
    output = project.components("new", "letters", "--from", "digits")

    assert output.startswith("pipelines/letters.yaml is active now; edit it, then: ")
    assert "  name: letters\n" in (project.root / "pipelines/letters.yaml").read_text()
    params = (project.root / "params.yaml").read_text()
    assert "pipelines: [digits, letters]" in params
    assert "# of the split" in params
    assert "train@letters" in project.dvc("stage", "list")


@pytest.mark.parametrize(
    ("name", "origin", "message"),
    [
        ("digits", "digits", "pipelines/digits.yaml is there already\n"),
        ("new", "digts", "no pipeline 'digts'; there are digits, fashion-mnist, mnist, photos\n"),
        ("a b", "digits", "'a b' is no name: small letters, digits, '_' and '-' make one\n"),
    ],
)
def test_a_pipeline_that_cannot_be_made_says_why(project, name, origin, message):
    assert project.components("new", name, "--from", origin, status=2) == message


def test_before_a_run_the_plan_is_everything(project):
    rows = project.components("plan", "digits").splitlines()[1:]

    starts = [row for row in rows if "@digits  " in row and " runs " in row]
    assert len(starts) == 9
    assert "it has not run yet" in rows[0]


def test_before_a_run_there_is_no_summary(project):
    message = "digits has not run to its end yet: dvc repro\n"

    assert project.components("summary", status=1) == message


@pytest.mark.parametrize("stage", ["ingest", "validate", "tune"])
def test_a_stage_that_needs_no_framework_loads_none(stage):
    code = (
        f"import sys, runpy; sys.argv = ['{stage}', '--help']\n"
        f"try: runpy.run_module('components.{stage}', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print('>', sorted({'tensorflow', 'keras', 'jax', 'mlflow'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.partition("> ")[2] == "[]\n"


def test_the_schema_command_writes_it(project):
    (project.root / "pipelines/pipeline.schema.json").unlink()

    project.components("schema")

    assert json.loads((project.root / "pipelines/pipeline.schema.json").read_text())["title"]


def test_a_column_that_there_is_not_is_named_with_its_line(edited, tmp_path):
    path = edited(
        (
            "source: sklearn.datasets.load_digits",
            "source: table\n  file: labels.csv\n  label: lable",
        )
    )
    (tmp_path / "labels.csv").write_text("image,label\na.png,a\n")
    document = Document(path)

    with pytest.raises(Invalid) as caught:
        check(document, parse(document), tmp_path, seed=0)

    assert str(caught.value) == (
        f"{path}:9: ingest.label: no column 'lable' in labels.csv; did you mean 'label'?"
    )


def write_validation(project, problems):
    folder = project.root / "data" / "digits"
    folder.mkdir(parents=True)
    report = {"problems": problems, "statistics": {"classes": {"0": 3}}}
    (folder / "validation.json").write_text(json.dumps(report))


def test_an_accepted_dataset_is_what_later_ones_are_compared_with(project):
    write_validation(project, [])

    output = project.components("accept", "digits")

    kept = project.root / "accepted" / "digits" / "statistics.json"
    assert json.loads(kept.read_text()) == {"classes": {"0": 3}}
    assert output == (
        "accepted/digits/statistics.json: later versions of the data are compared with this one\n"
    )


def test_a_dataset_with_problems_is_not_accepted(project):
    write_validation(project, ["corrupt: 1 of 9 examples"])

    assert project.components("accept", "digits", status=1) == (
        "data/digits/validation.json: not to be accepted:\ncorrupt: 1 of 9 examples\n"
    )


def test_what_was_not_validated_is_not_accepted(project):
    assert project.components("accept", "digits", status=1) == (
        "data/digits/validation.json: no such file; run: dvc repro validate@digits\n"
    )
