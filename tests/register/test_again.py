"""A champion that is measured on the test examples of today."""

import json

import numpy as np
import pytest
from project import ROOT

from components.data import shards
from components.data.dataset import Split
from components.data.examples import Examples
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from components.register import again

TODAY = ("Amsterdam", "Berlin", "Rome")


class ByPlace:
    """Says for each city the number that it has, as a graph is asked."""

    def predict(self, split):
        return np.asarray(Examples(split).array()["city"])


def schema(cities):
    city = Value("string", categories=cities)
    return Schema({"city": city, "size": Value(), "price": Value()}, ("price",))


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """What a model says that learned of some cities, of one example in each city of today."""

    def outcomes(cities):
        sizes = np.arange(3, dtype=np.float32)
        rows = {"city": Values(list(TODAY)), "size": sizes, "price": sizes}
        shards.save({"test": Split(schema(TODAY), rows)}, tmp_path / "raw")
        (tmp_path / "verdict.json").write_text('{"dropped": {"test": []}}')
        (tmp_path / again.SCHEMA).write_text(json.dumps(schema(cities).to_json()))
        monkeypatch.setattr(again.predictor, "open_registered", lambda folder: ByPlace())
        pipeline = ROOT / "pipelines/diabetes.yaml"
        found = again._measure(tmp_path, pipeline, tmp_path / "raw", tmp_path / "verdict.json")
        (said,), (truth,) = found.answers.values(), found.truth.values()
        return dict(zip(map(float, truth), map(float, said), strict=True))

    return outcomes


def test_a_category_has_the_number_that_the_model_learned(measured):
    found = measured(("Berlin", "Rome"))

    assert np.isnan(found[0])  # Amsterdam, which it does not know
    assert (found[1], found[2]) == (0, 1)


def test_the_categories_of_today_are_those_of_a_model_of_today(measured):
    assert measured(TODAY) == {0: 0, 1: 1, 2: 2}
