"""The best of a fit, and a fit that came to nothing."""

import pytest

from components.fitting.diverged import Diverged, best_value
from components.tasks.classification import Classification


def best(history, monitor):
    return best_value(history, monitor, Classification().curve(monitor))


def test_accuracy_is_best_high_and_loss_low():
    nan = float("nan")
    history = {"val_accuracy": [nan, 0.1, 0.9, 0.8], "val_loss": [3.0, nan, 2.0, 1.0]}

    assert best(history, "val_accuracy") == 0.9
    assert best(history, "val_loss") == 1.0


def test_a_column_without_a_number_has_no_best_value():
    with pytest.raises(Diverged, match=r"^train: val_loss is not a number in any epoch$"):
        best({"val_loss": [float("nan")] * 2}, "val_loss")
