"""What the task says of a model in words."""

from types import SimpleNamespace

from components.tasks.classification import Classification


def test_a_card_names_the_three_classes_that_a_model_knows_least():
    scores = {"rose": 0.9, "aster": 0.4, "tulip": 0.7, "lily": 0.8, "daisy": 0.5}
    details = {"per_class": [{"name": name, "f1": score} for name, score in scores.items()]}

    said = Classification().remarks(SimpleNamespace(details=details))

    assert said == "Weakest classes by F1: aster (0.400), daisy (0.500), tulip (0.700)."
