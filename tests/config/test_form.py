"""What of a pipeline file can be tuned by hand."""

import json

import jsonschema
import pytest
from project import ROOT
from pydantic.fields import FieldInfo

from components.base.errors import Invalid
from components.config.form import _schema, changes, tunables
from components.config.pipeline import load
from components.config.text import laid

FILES = sorted((ROOT / "pipelines").glob("*.yaml"))
RATE = "{cosine: {initial: 2.0e-3, warmup: 2}}"


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def digits():
    return tunables(load(ROOT / "pipelines/digits.yaml"))


@pytest.fixture
def with_values(tmp_path):
    """The pipeline of a file with values laid over it."""

    def made(origin, values):
        target = tmp_path / origin.name
        target.write_text(laid(origin.read_text(), values))
        return load(target)

    return made


def other(tunable):
    """Another value of the same type."""
    schema, value = tunable.schema, tunable.value
    if "enum" in schema:
        return next(one for one in schema["enum"] if one != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [one * 2 for one in value]
    if value is None:
        return 0.5 if "number" in schema["type"] else value
    if isinstance(value, int | float):
        is_at_its_end = value == schema.get("maximum")
        halved = value / 2 if isinstance(value, float) else value // 2
        return halved if is_at_its_end or halved else value + 1
    return value


def test_the_values_of_a_file_laid_over_it_are_the_same_pipeline(path, with_values):
    pipeline = load(path)
    found = tunables(pipeline)

    again = with_values(path, {key: one.value for key, one in found.items()})

    assert len(found) > 10
    assert again == pipeline


def test_every_value_fits_its_own_schema_and_is_described(path):
    for one in tunables(load(path)).values():
        jsonschema.Draft202012Validator.check_schema(one.schema)
        jsonschema.validate(json.loads(json.dumps(one.value)), one.schema)
        assert one.description.endswith(".")


def test_each_value_alone_can_be_another(path, with_values):
    found = tunables(load(path))
    refused = []

    for key, one in found.items():
        value = other(one)
        jsonschema.validate(value, one.schema)
        try:
            pipeline = with_values(path, {key: value})
        except Invalid as error:
            refused.append(str(error))
        else:
            assert tunables(pipeline)[key].value == value
            assert {k: v.value for k, v in tunables(pipeline).items() if k != key} == {
                k: v.value for k, v in found.items() if k != key
            }

    assert len(refused) < len(found) / 3, refused


def test_a_form_has_types_bounds_and_what_the_reference_says(digits):
    epochs, factor = digits["train.epochs"], digits["augment.layers.1.RandomRotation.factor"]

    assert (epochs.value, epochs.section) == (40, "train")
    assert epochs.schema == {"type": "integer", "exclusiveMinimum": 0, "maximum": 1_000_000}
    assert epochs.description == "Passes over the train split, at most."
    assert (factor.value, factor.schema) == (0.04, {"type": "number"})
    assert factor.description == "Argument of the layer RandomRotation."
    assert digits["model.stem"].schema == {"type": "string", "enum": ["3x3", "7x7"]}
    assert digits["model.blocks"].value == [2, 2]
    assert digits["register.gate.max"].schema == {"type": ["number", "null"]}
    assert digits["register.gate.must_beat"].schema == {
        "type": ["string", "null"],
        "enum": ["champion", None],
    }
    assert digits["train.learning_rate.cosine.initial"].value == 0.002


def test_what_says_where_data_and_model_come_from_is_not_in_the_form(digits):
    assert {key.partition(".")[0] for key in digits} == {
        "augment",
        "model",
        "train",
        "compress",
        "evaluate",
        "validate",
        "register",
    }
    for key in ("model.architecture", "train.learner", "register.name", "validate.duplicates"):
        assert key not in digits


def test_a_list_is_in_the_form_where_it_is_of_numbers():
    assert _schema(FieldInfo.from_annotation(tuple[int, ...])) == {
        "type": "array",
        "items": {"type": "integer"},
    }
    assert _schema(FieldInfo.from_annotation(tuple[str, ...])) is None


def test_a_number_for_a_schedule_is_a_constant_one(edited, with_values):
    path = edited((RATE, "1.0e-3"))
    found = tunables(load(path))

    pipeline = with_values(path, {"train.learning_rate.constant.initial": 0.5})

    assert found["train.learning_rate.constant.initial"].value == 0.001
    assert pipeline.train.learning_rate.constant.initial == 0.5


def test_what_a_search_will_find_is_not_asked_for(edited):
    search = "tune: {space: {train.batch_size: {IntDistribution: {low: 16, high: 64}}}}\ntrain:\n"
    found = tunables(load(edited(("train:\n", search))))

    assert "train.batch_size" not in found
    assert "train.epochs" in found


def test_the_form_of_a_model_of_ones_own_has_the_arguments_of_the_file(edited):
    own = "architecture: own_models:own\n  arguments: {width: 16}"
    model = ("architecture: resnet\n  blocks: [2, 2]", own)

    found = tunables(load(edited(model)))

    assert found["model.arguments.width"].value == 16


def test_only_what_differs_is_laid_over_the_file(digits):
    given = {key: one.value for key, one in digits.items()}

    assert changes(digits, given) == {}
    assert changes(digits, {**given, "train.epochs": 3}) == {"train.epochs": 3}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("train.epoch", "no tunable 'train.epoch'; did you mean 'train.epochs'?"),
        ("ingest.source", "no tunable 'ingest.source'"),
        ("register.name", "no tunable 'register.name'; did you mean 'register.gate.min'?"),
        ("$(touch x)\n{{ a }}", "no tunable '$(touch x)\n{{ a }}'"),
    ],
)
def test_a_value_that_is_none_of_the_forms_is_refused(digits, key, message):
    with pytest.raises(Invalid) as caught:
        changes(digits, {key: 1})

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"train.epochs": -1}, "25: train.epochs: must be greater than 0, is -1"),
        ({"train.epochs": "{{ 1 }}"}, "25: train.epochs: must be a whole number, is '{{ 1 }}'"),
        (
            {"train.early_stopping.monitor": "$(touch x)"},
            "30: train.early_stopping.monitor: no learning curve '$(touch x)'; there are loss, "
            "accuracy, val_loss, val_accuracy",
        ),
        (
            {"train.optimizer.AdamW.weight_decay": "$(x)"},
            "28: train.optimizer.AdamW.weight_decay: must be a number, such as 0.004, is '$(x)'",
        ),
    ],
)
def test_a_value_that_the_file_could_not_have_is_a_mistake_with_its_line(
    with_values, tmp_path, values, message
):
    with pytest.raises(Invalid) as caught:
        with_values(ROOT / "pipelines/digits.yaml", values)

    assert str(caught.value) == f"{tmp_path}/digits.yaml:{message}"
