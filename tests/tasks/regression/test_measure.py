"""What a regression measures, and how two of its models compare."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from components.base.files import read_json, write_json
from components.data.dataset import Split
from components.data.features.value import Value
from components.data.schema import Schema
from components.tasks.measured import read
from components.tasks.outcomes import read_outcomes, write_outcomes
from components.tasks.regression import Regression

SCHEMA = Schema({"width": Value(), "price": Value("float64")}, ("price",))


def split(targets):
    return Split(SCHEMA, {"width": np.arange(len(targets), dtype=np.float32), "price": targets})


@pytest.fixture
def guesses():
    random = np.random.default_rng(0)
    targets = random.normal(200, 30, 40)
    return split(targets), (targets + random.normal(2, 5, 40)).astype(np.float32)


class Column:
    """A predictor as a network is: a column of numbers."""

    def predict(self, examples):
        return np.asarray(examples["width"], np.float64)[:, None]


def test_answers_are_one_number_an_example():
    found = Regression().answers(Column(), split(np.zeros(3)))

    assert found.tolist() == [0, 1, 2]
    assert found.dtype == np.float32


def test_the_measures_are_the_textbooks(guesses):
    examples, answers = guesses

    found = Regression().measure(answers, examples)

    targets, said = examples.target, answers.astype(np.float64)
    assert {name: one.value for name, one in found.metrics.items()} == pytest.approx(
        {
            "rmse": root_mean_squared_error(targets, said),
            "mae": mean_absolute_error(targets, said),
            "r2": r2_score(targets, said),
        }
    )
    assert found.examples == 40
    assert found.numbers == pytest.approx({"bias": np.mean(said - targets)})


def test_every_metric_of_the_task_is_measured_with_an_interval_around_it(guesses):
    examples, answers = guesses

    found = Regression().measure(answers, examples).metrics

    assert list(found) == [one.name for one in Regression.metrics]
    assert all(one.low < one.value < one.high for one in found.values())


def test_a_sentence_has_the_first_metric_with_its_interval():
    targets = 100 * np.arange(6.0)
    said = targets + np.array([90, -110, 100, 100, -90, 110])

    found = Regression().measure(said.astype(np.float32), split(targets))

    low, high = found.metrics["rmse"].low, found.metrics["rmse"].high
    assert found.sentence(Regression.metrics) == (
        f"test RMSE 100.3 (95 % interval {low:.2f} to {high:.1f}, 6 examples), MAE 100.0, R² 0.6549"
    )


def test_an_interval_that_is_everything_is_written_and_read(tmp_path):
    targets = np.arange(6.0)
    found = Regression().measure(np.array([0, 1, 2, 3, 4, 9], np.float32), split(targets))

    write_json(found.model_dump(), tmp_path / "measures.json")

    assert (found.metrics["rmse"].low, found.metrics["rmse"].high) == (0, np.inf)
    assert (found.metrics["r2"].low, found.metrics["r2"].high) == (-np.inf, 1)
    assert read(read_json(tmp_path / "measures.json")) == found


def test_outcomes_are_the_numbers_in_full(tmp_path):
    targets = np.array([0.1, 1 / 3, -2.0e-7])
    answers = np.array([0.1, 1e20, 3], np.float32)
    examples = split(targets)
    found = Regression().outcomes(answers, examples, SCHEMA)

    write_outcomes(found, tmp_path / "outcomes.csv")

    kept = read_outcomes(tmp_path / "outcomes.csv")
    pairs = zip(kept.truth["value"], kept.answers["value"], strict=True)
    assert sorted((float(truth), float(said)) for truth, said in pairs) == sorted(
        zip(targets.tolist(), answers.tolist(), strict=True)
    )
    assert kept.fingerprint == found.fingerprint


def test_a_metric_of_outcomes_is_that_of_the_measures(guesses):
    examples, answers = guesses
    task = Regression()

    found = task.outcomes(answers, examples, SCHEMA)

    for name, measured in task.measure(answers, examples).metrics.items():
        again = task.value(name, found)
        assert (again.value, again.low, again.high) == pytest.approx(
            (measured.value, measured.low, measured.high)
        )


def test_models_are_compared_on_the_same_examples_in_pairs(guesses):
    examples, answers = guesses
    task, worse = Regression(), answers + np.float32(20)
    ours, theirs = (task.outcomes(one, examples, SCHEMA) for one in (answers, worse))

    found = {one.name: task.difference(one.name, ours, theirs) for one in task.metrics}

    measured = task.measure(answers, examples).metrics, task.measure(worse, examples).metrics
    assert {name: one.value for name, one in found.items()} == pytest.approx(
        {name: measured[0][name].value - measured[1][name].value for name in found}
    )
    assert found["rmse"].high < 0
    assert found["mae"].high < 0
    assert found["r2"].low > 0
