"""What every task knows of its metrics."""

import pytest

from components.tasks.classification import Classification


@pytest.mark.parametrize(
    ("column", "better"),
    [("loss", "lower"), ("val_loss", "lower"), ("accuracy", "higher"), ("val_accuracy", "higher")],
)
def test_a_column_of_the_learning_curves_knows_which_way_it_is_better(column, better):
    assert Classification().curve(column).better == better
    assert column in Classification().monitors
