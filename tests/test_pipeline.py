"""Mistakes of a pipeline file: every one, with its line, in the words of the YAML."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from project import ROOT

from components.base.errors import Invalid
from components.cli import docs, schema
from components.config import extension
from components.config.compress import Method
from components.config.document import Document
from components.config.ingest import Config as Ingest
from components.config.models import Config as Model
from components.config.overrides import apply
from components.config.pipeline import Pipeline, load
from components.config.rules import fact_problems
from components.config.task import Config as Task
from components.config.train import Config as Train
from components.data.dataset import SPLITS, Facts
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema

FILES = sorted((ROOT / "pipelines").glob("*.yaml"))


@pytest.fixture(scope="module")
def written():
    """The schema of pipeline files."""
    return schema.schema()


@pytest.fixture(scope="module")
def validator(written):
    """What editors do with it."""
    kind = jsonschema.validators.validator_for(written)
    kind.check_schema(written)
    return kind(written)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_pipeline_of_the_project_is_right(path):
    assert load(path).registration.name == path.stem


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_pipeline_fits_the_schema_and_names_it(validator, path):
    text = path.read_text()

    validator.validate(yaml.safe_load(text))

    assert text.startswith("# yaml-language-server: $schema=../docs/pipeline.schema.json\n")


def test_the_written_schema_is_in_step(written):
    assert json.loads((ROOT / "docs" / "pipeline.schema.json").read_text()) == written


def test_the_written_reference_is_in_step():
    written = {path.stem: path.read_text() for path in (ROOT / "docs/reference").glob("*.md")}

    assert written == docs.pages()


HOMES = {"task": Task, "ingest": Ingest, "model": Model, "train": Train, "compress": Method}


@pytest.mark.parametrize("page", HOMES)
def test_the_reference_has_a_table_of_every_section_that_is_found_by_its_name(page):
    where = extension.home(HOMES[page])
    text = docs.pages()[page]

    for name in where.names():
        section = where.find(name if name != "sklearn" else "sklearn.datasets.load_iris")
        title = section.__name__ if where.key else name
        _, _, described = text.partition(f"\n## {title}\n")
        described = described.partition("\n## ")[0]

        for key in section.model_fields:
            assert f"| `{key}` | " in described
        assert " ".join(section.__doc__.split()) in " ".join(described.split())
    assert f"`{where.base.__module__}.{where.base.__name__}`" in text or where.own


def test_the_reference_links_to_sections_that_there_are():
    for name, text in docs.pages().items():
        titles = {line[3:].lower() for line in text.splitlines() if line.startswith("## ")}

        assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= titles, name


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"task": "classification"}, id="a task by its name"),
        pytest.param({"task": {"classification": None}}, id="a task without settings"),
        pytest.param({"task": {"own.tasks:Mine": {"a": 1}}}, id="a task of one's own"),
        pytest.param({"ingest": {"source": "own.data:Mine", "a": 1}}, id="a source of one's own"),
        pytest.param({"ingest": {"source": "sklearn.datasets.load_iris"}}, id="a set of sklearn's"),
        pytest.param({"ingest": {"source": "table", "file": "a.csv"}}, id="a table"),
        pytest.param({"model": {"architecture": "own.nets:net"}}, id="a network of one's own"),
        pytest.param({"train": {"learner": "supervised", "epochs": 1}}, id="a learner by its name"),
        pytest.param({"train": {"learner": "own.fit:Mine", "a": 1}}, id="a learner of one's own"),
        pytest.param({"compress": {"methods": [{"int8": None}, "own:M"]}}, id="methods"),
    ],
)
def test_the_schema_accepts_what_is_right(validator, change):
    data = Document(ROOT / "pipelines" / "digits.yaml").data

    validator.validate({**data, **change})


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": 2}, id="another version"),
        pytest.param({"task": "clasification"}, id="a misspelt task"),
        pytest.param({"task": {"classification": {"bins": 3}}}, id="a setting that no task has"),
        pytest.param({"task": {"classification": {}, "own:Mine": {}}}, id="two tasks"),
        pytest.param({"ingest": {"source": "sklearn"}}, id="a package for a source"),
        pytest.param({"ingest": {"source": "table"}}, id="a table without its file"),
        pytest.param({"model": {"architecture": "mlp", "blocks": [2]}}, id="a key of another one"),
        pytest.param({"model": {"architecture": "resnt"}}, id="a misspelt architecture"),
        pytest.param({"train": {"learner": "supervisd", "epochs": 1}}, id="a misspelt learner"),
        pytest.param({"compress": {"methods": [{"int8": {"bits": 4}}]}}, id="a wrong setting"),
    ],
)
def test_the_schema_refuses_what_is_wrong(validator, change):
    data = Document(ROOT / "pipelines" / "digits.yaml").data

    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**data, **change})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "epochs: 40",
            "epoch: 40",
            "24: train.epochs: missing\n{path}:25: train.epoch: unknown key; "
            "did you mean 'epochs'?",
            id="a misspelt key",
        ),
        pytest.param(
            "register:",
            "registr:",
            "1: register: missing\n{path}:34: registr: unknown key; did you mean 'register'?",
            id="a misspelt stage",
        ),
        pytest.param(
            "RandomRotation",
            "RandomRotaton",
            "20: augment.layers.1: no layer 'RandomRotaton' in components.layers or keras.layers; "
            "did you mean 'RandomRotation'?",
            id="a layer that Keras does not have",
        ),
        pytest.param(
            "factor: 0.04",
            "facto: 0.04",
            "20: augment.layers.1.RandomRotation.facto: RandomRotation has no argument 'facto'; "
            "did you mean 'factor'?",
            id="a misspelt argument",
        ),
        pytest.param(
            "{factor: 0.04}",
            "{}",
            "20: augment.layers.1: RandomRotation needs factor",
            id="a missing argument",
        ),
        pytest.param(
            "AdamW: {",
            "AdamW: {learning_rate: 1, ",
            "28: train.optimizer.AdamW.learning_rate: learning_rate is set elsewhere in the file, "
            "not here",
            id="an argument that is set elsewhere",
        ),
        pytest.param(
            "test: 0.15",
            "test: 0.25",
            "9: ingest.split: train, validation and test must sum to 1; they sum to 1.1",
            id="a split that does not sum to one",
        ),
        pytest.param(
            "load_digits\n",
            "load_faces\n",
            "8: ingest.source: no source 'sklearn.datasets.load_faces'; "
            "did you mean 'sklearn.datasets.load_diabetes'?",
            id="a source that there is not",
        ),
        pytest.param(
            "source: sklearn.datasets.load_digits",
            "source: image_folder\n  pth: photos",
            "9: ingest.pth: unknown key; did you mean 'path'?",
            id="a key that the source has not",
        ),
        pytest.param(
            "source: sklearn.datasets.load_digits",
            "source: image_folder\n  path: ../photos",
            "9: ingest.path: ../photos leaves the pipeline's folder of sources/, which DVC "
            "watches; move the files there, or make that folder itself a link to them",
            id="a path that DVC does not watch",
        ),
        pytest.param(
            "split: {train: 0.7, validation: 0.15, test: 0.15}",
            "split: {by: group}",
            "9: ingest.split: by: group and group: what names it, go together",
            id="a split by no group",
        ),
        pytest.param(
            "max_duplicate_fraction: 0.01",
            "corrupt: warn",
            "11: validate.corrupt: must be 'error' or 'drop', is 'warn'",
            id="a policy that cannot be",
        ),
        pytest.param(
            "max_duplicate_fraction: 0.01",
            "max_duplicate_fraction: 2",
            "11: validate.max_duplicate_fraction: must be less than or equal to 1, is 2",
            id="a number out of range",
        ),
        pytest.param(
            "architecture: resnet",
            "architecture: resnt",
            "22: model.architecture: no architecture 'resnt'; did you mean 'resnet'?",
            id="an architecture that there is not",
        ),
        pytest.param(
            "architecture: resnet",
            "architecture: nowhere.models:net",
            "22: model.architecture: no module 'nowhere.models'\n"
            "{path}:23: model.blocks: unknown key; there are architecture, arguments",
            id="a module that there is not",
        ),
        pytest.param(
            "RandomRotation: {factor: 0.04}",
            "RandomFlip: {mode: horizontal}",
            "20: augment.layers.1.RandomFlip.mode: a horizontal flip changes the label: "
            "task.classification.label_preserving_flips is none",
            id="a flip where left and right matter",
        ),
        pytest.param(
            "RandomRotation: {factor: 0.04}",
            "RandomFlip",
            "20: augment.layers.1.mode: a horizontal and vertical flip changes the label: "
            "task.classification.label_preserving_flips is none",
            id="a flip that does not say which",
        ),
        pytest.param(
            "RandomRotation: {factor: 0.04}",
            "RandomRotation",
            "20: augment.layers.1: RandomRotation needs factor",
            id="an argument that a layer cannot be without",
        ),
        pytest.param(
            "scale: 0.0625",
            "scale: .nan",
            "13: preprocess.0.Rescaling.scale: must be finite, is .nan",
            id="a number that is none",
        ),
        pytest.param(
            "weight_decay: 1.0e-4",
            "weight_decay: [.inf]",
            "28: train.optimizer.AdamW.weight_decay: must be finite, is [.inf]",
            id="a number without end",
        ),
        pytest.param(
            "max_duplicate_fraction: 0.01",
            "max_drift: .nan",
            "11: validate.max_drift: must be a finite number, is .nan",
            id="a limit that is no number",
        ),
        pytest.param(
            "train:\n",
            "tune: {space: {train.batch_size: {IntDistribution: {low: 16, high: 2000000000}}}}\n"
            "train:\n",
            "24: tune.space.train.batch_size: with the value 2000000000: "
            "must be less than or equal to 1000000000, is 2000000000",
            id="a search too high",
        ),
        pytest.param(
            "train:\n",
            "tune: {space: {train.batch_size: {IntDistribution: {low: 0, high: 16}}}}\ntrain:\n",
            "24: tune.space.train.batch_size: with the value 0: must be greater than 0, is 0",
            id="a search too low",
        ),
        pytest.param(
            "none}",
            "none, head_activation: sigmoid}",
            "24: train.loss: SparseCategoricalCrossentropy needs a softmax head; "
            "task.classification.head_activation is sigmoid",
            id="a loss against the head",
        ),
        pytest.param(
            "GlobalContrastNormalization: {epsilon: 1.0e-8}",
            "RandomRotation: {factor: 0.1}",
            "14: preprocess.1: RandomRotation draws at random; it belongs under augment.layers",
            id="chance in the preprocessing",
        ),
        pytest.param(
            "train:\n",
            "tune: {space: {train.batch_siz: {IntDistribution: {low: 1, high: 1}}}}\ntrain:\n",
            "24: tune.space.train.batch_siz: with the value 1: unknown key; "
            "did you mean 'batch_size'?",
            id="a search for what there is not",
        ),
        pytest.param(
            "epochs: 40",
            "epochs: 40\n  epochs: 41",
            '26: not valid YAML: found duplicate key "epochs" with value "41" '
            '(original value: "40")',
            id="a key twice",
        ),
        pytest.param(
            "methods: [float16, int8]",
            "methods: [float16, int8",
            "33: not valid YAML: expected ',' or ']', but got ':'",
            id="a syntax error",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(edited, old, new, message):
    path = edited((old, new))

    with pytest.raises(Invalid) as caught:
        load(path)

    assert str(caught.value) == f"{path}:{message}".replace("{path}", str(path))


STEP = "{{step: {{initial: 0.1, warmup: {warmup}, boundaries: {boundaries}}}}}"


@pytest.mark.parametrize(
    ("warmup", "boundaries", "message"),
    [
        (2, "[2.5, 39]", None),
        (0, "[0.5]", None),
        (2, "[2, 39]", "boundaries: 2 lies in the warm-up"),
        (2, "[3, 40]", "boundaries: 40 is after the end; train.epochs is 40"),
        (2, "[3, 3]", "boundaries: must ascend, are 3, 3"),
        (39, "[39.5]", None),
        (40, "[39]", "warmup: a warm-up of 40 epochs; train.epochs is 40"),
    ],
)
def test_the_boundaries_of_a_schedule_lie_between_warm_up_and_end(
    edited, warmup, boundaries, message
):
    step = STEP.format(warmup=warmup, boundaries=boundaries)
    path = edited(("{cosine: {initial: 2.0e-3, warmup: 2}}", step))

    if message is None:
        load(path)
        return
    with pytest.raises(Invalid) as caught:
        load(path)

    assert f"train.learning_rate.step.{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("counts", "batch_size", "messages"),
    [
        pytest.param((70, 20, 20), 70, [], id="at every limit"),
        pytest.param(
            (70, 20, 20),
            71,
            ["a batch of 71 is larger than the train split, which has 70"],
            id="a batch too large",
        ),
        pytest.param(
            (70, 20, 9),
            70,
            ["0.1 of 99 examples is less than one for each of 10 classes"] * 2,
            id="too few for every class",
        ),
        pytest.param(
            (80, 30, 0),
            70,
            ["the test split would have no example; there are 110 in all"],
            id="an empty one",
        ),
    ],
)
def test_a_file_and_its_data_agree(counts, batch_size, messages):
    image, label = Image((8, 8, 1), is_file=False), ClassLabel("abcdefghij")
    schema = Schema({"image": image, "label": label}, ("label",))
    facts = Facts(schema, dict(zip(SPLITS, counts, strict=True)))
    data = dict(Document(ROOT / "pipelines" / "digits.yaml").data)
    data["ingest"] |= {"split": {"train": 0.8, "validation": 0.1, "test": 0.1}}
    data["train"] |= {"batch_size": batch_size}

    found = fact_problems(Pipeline.model_validate(data), facts)

    assert [one.message for one in found] == messages


def test_all_mistakes_come_at_once_in_the_order_of_the_file(edited):
    path = edited(("layers:", "layer:"), ("epochs: 40", "epochs: forty"), ("int8", "int4"))

    with pytest.raises(Invalid) as caught:
        load(path)

    lines = [int(row.split(":")[1]) for row in str(caught.value).splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 3


def test_a_value_has_a_line_and_what_is_not_there_that_of_what_it_would_be_in(edited):
    document = Document(edited())

    lines = document.path.read_text().splitlines()
    for key in ("name", "nothing"):
        assert (
            lines[document.line(("register", key)) - 1].strip().startswith(("name:", "register:"))
        )
    assert lines[document.line(("train", "epochs")) - 1] == "  epochs: 40"
    assert document.line(("nothing",)) == 1


def test_a_missing_file_is_named():
    with pytest.raises(Invalid, match=r"^nowhere\.yaml: no such file$"):
        load(Path("nowhere.yaml"))


def test_a_file_that_is_no_mapping_is_refused(tmp_path):
    (tmp_path / "list.yaml").write_text("- a\n")

    with pytest.raises(Invalid, match=r"list\.yaml:1: must be a mapping of sections"):
        load(tmp_path / "list.yaml")


def test_an_empty_section_needs_no_braces(edited):
    assert load(edited(("compress:\n", "evaluate:\ncompress:\n"))).evaluate.shown == 24


def test_what_has_a_default_may_be_left_out(tmp_path, written):
    data = Document(ROOT / "pipelines" / "digits.yaml").data
    needed = ("version", "description", "task", "ingest", "model", "train", "register")
    whole = {key: data[key] for key in needed}
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(whole))

    file = load(tmp_path / "short.yaml")

    assert set(written["required"]) == {*needed} - {"train"}
    assert (file.preprocess, file.augment.layers, file.compress.methods) == ((), (), ())
    assert not file.tune.is_declared
    assert file.validation.duplicates == "error"


def test_a_number_is_a_constant_learning_rate(edited):
    rate = "{cosine: {initial: 2.0e-3, warmup: 2}}"

    assert load(edited((rate, "1e-3"))).train.learning_rate.chosen[1].initial == 0.001


def test_hyperparameters_are_laid_over_the_file():
    sections = {"train": {"batch_size": 64}, "model": {}}

    laid = apply(sections, {"train.batch_size": 8, "train.learning_rate.cosine.initial": 0.1})

    assert laid["train"] == {"batch_size": 8, "learning_rate": {"cosine": {"initial": 0.1}}}
    assert sections["train"] == {"batch_size": 64}
