"""What in a pipeline file, and in the data, does not agree with a regression."""

import keras
import pytest

from components.base.errors import Invalid
from components.config.pipeline import load
from components.config.rules import fact_problems
from components.data.dataset import Facts
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.regression import LOSSES
from tests.tasks.regression.made import TEXT, regression

COUNTS = {"train": 6, "validation": 2, "test": 2}


@pytest.fixture
def changed(tmp_path, monkeypatch):
    """Writes the file with a change, and gives its name."""
    monkeypatch.chdir(tmp_path)

    def write(old="", new=""):
        assert old in TEXT
        (tmp_path / "prices.yaml").write_text(TEXT.replace(old, new))
        return tmp_path / "prices.yaml"

    return write


def test_a_regression_is_right(changed):
    file = load(changed())

    assert file.task.metric("rmse").better == "lower"
    assert file.task.standardize_target


CLASSES = (
    "is no loss of a number; a regression takes MeanSquaredError, MeanAbsoluteError, "
    "MeanAbsolutePercentageError, MeanSquaredLogarithmicError, Huber, LogCosh, Poisson"
)
TRAIN = "train: {epochs: 2, batch_size: 16}"
REGISTER = "register: {name: prices}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "batch_size: 16}",
            "batch_size: 16, loss: SparseCategoricalCrossentropy}",
            f"11: train.loss: SparseCategoricalCrossentropy {CLASSES}",
            id="a loss of labels",
        ),
        pytest.param(
            "batch_size: 16}",
            "batch_size: 16, loss: {Hinge: {}}}",
            f"11: train.loss: Hinge {CLASSES}",
            id="a loss of margins",
        ),
        pytest.param(
            "batch_size: 16}",
            "batch_size: 16, loss: CosineSimilarity}",
            f"11: train.loss: CosineSimilarity {CLASSES}",
            id="a loss of directions",
        ),
        pytest.param(
            "    target: Value\n",
            "    target: {Value: {dtype: string}}\n",
            "9: ingest.columns.target: a regression learns a number; column 'target' holds "
            "categories",
            id="a target of categories",
        ),
        pytest.param(
            "    target: Value\n",
            "    target: ClassLabel\n",
            "4: ingest.targets: regression learns a Value; column 'target' is a ClassLabel",
            id="a target of classes",
        ),
        pytest.param(
            "task: regression",
            "task: {regression: {standardise_target: false}}",
            "3: task.regression.standardise_target: unknown key; did you mean "
            "'standardize_target'?",
            id="a setting",
        ),
        pytest.param(
            REGISTER,
            "register: {name: prices, gate: {min: 60}}",
            "12: register.gate.min: rmse is better the lower; the limit is 'max'",
            id="a limit on the wrong side",
        ),
        pytest.param(
            REGISTER,
            "register: {name: prices, gate: {metric: r2, min: 60}}",
            "12: register.gate.min: must be less than or equal to 1, is 60",
            id="R² in percent",
        ),
        pytest.param(
            REGISTER,
            "register: {name: prices, gate: {metric: accuracy, min: 0.6}}",
            "12: register.gate.metric: no metric 'accuracy'; there are rmse, mae, r2",
            id="a metric of another task",
        ),
        pytest.param(
            TRAIN,
            TRAIN + "\ntune: {trials: 1, epochs: 1, monitor: val_rmse, space: {train.batch_size: "
            "{CategoricalDistribution: {choices: [8, 16]}}}}",
            "12: tune.monitor: no learning curve 'val_rmse'; did you mean 'val_mae'?",
            id="a learning curve that there is not",
        ),
    ],
)
def test_what_does_not_agree_with_the_file_is_named(changed, old, new, message):
    path = changed(old, new)

    with pytest.raises(Invalid) as caught:
        load(path)

    assert str(caught.value) == f"{path}:{message}"


def test_each_loss_of_keras_is_one_of_a_number_or_of_something_else():
    every = {
        name
        for name, one in vars(keras.losses).items()
        if isinstance(one, type) and one is not keras.losses.Loss
    }
    others = {
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "CTC",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "CategoricalGeneralizedCrossEntropy",
        "CategoricalHinge",
        "Circle",
        "CosineSimilarity",
        "Dice",
        "Hinge",
        "KLDivergence",
        "SparseCategoricalCrossentropy",
        "SquaredHinge",
        "Tversky",
    }

    assert every == others | set(LOSSES)


def test_a_loss_of_ones_own_is_taken(changed, tmp_path, monkeypatch):
    (tmp_path / "loss_of_prices.py").write_text(
        "from keras.losses import Loss\n\n\nclass Relative(Loss):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    file = load(changed("batch_size: 16}", "batch_size: 16, loss: 'loss_of_prices:Relative'}"))

    assert file.train.loss.name == "loss_of_prices:Relative"


@pytest.mark.parametrize(
    ("shape", "messages"),
    [((), []), ((3,), ["a regression learns one number; 'target' has several"])],
)
def test_a_target_of_several_numbers_is_found_in_the_data(shape, messages):
    schema = Schema(
        {"bmi": Value(), "sex": Value("string"), "target": Value("float32", shape)}, ("target",)
    )

    found = fact_problems(regression(), Facts(schema, COUNTS))

    assert [one.message for one in found if one.location == ("ingest", "source")] == messages


@pytest.mark.parametrize(
    ("test", "messages"),
    [
        (
            1,
            [
                "the test split would have 1 example; regression needs 2, or its metrics have no "
                "interval"
            ],
        ),
        (2, []),
    ],
)
def test_a_single_example_to_measure_by_is_found_before_anything_is_learned(test, messages):
    schema = Schema({"bmi": Value(), "sex": Value("string"), "target": Value()}, ("target",))

    found = fact_problems(regression(), Facts(schema, {**COUNTS, "test": test}))

    assert [one.message for one in found if one.location == ("ingest", "split")] == messages
