"""What the task says of a model in words."""

from types import SimpleNamespace

import pytest

from components.tasks.classification import Classification
from tests.fitting.made import pipeline


def test_a_card_names_the_three_classes_that_a_model_knows_least():
    scores = {"rose": 0.9, "aster": 0.4, "tulip": 0.7, "lily": 0.8, "daisy": 0.5}
    details = {"per_class": [{"name": name, "f1": score} for name, score in scores.items()]}

    said = Classification().remarks(SimpleNamespace(details=details))

    assert said == "Weakest classes by F1: aster (0.400), daisy (0.500), tulip (0.700)."


@pytest.mark.parametrize(("total", "splits"), [(100, []), (66, ["test", "validation"])])
def test_a_split_that_has_no_example_of_some_class_is_a_mistake(total, splits):
    target = SimpleNamespace(names=[f"kind {number}" for number in range(10)])
    facts = SimpleNamespace(schema=SimpleNamespace(target=target), counts={"train": total})

    found = list(Classification().data_problems(pipeline(), facts))

    assert sorted(one.location[-1] for one in found) == splits
    said = f"0.15 of {total} examples is less than one for each of 10 classes"
    assert {one.message for one in found} <= {said}
