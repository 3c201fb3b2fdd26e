"""What of the section does not go together, or not with the data."""

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from tests.fitting.made import SECTIONS, pipeline


@pytest.mark.parametrize(("size", "places"), [(16, []), (15, [("train", "batch_size")])])
def test_a_batch_that_the_train_split_cannot_fill_is_a_mistake(size, places):
    file = pipeline()
    facts = SimpleNamespace(counts={"train": size, "validation": 4})

    assert [one.location for one in file.train.data_problems(file, facts)] == places


@pytest.mark.parametrize("kind", ["cosine", "linear"])
def test_a_fall_of_the_rate_may_be_none_and_is_never_a_rise(kind):
    def schedule(final):
        rate = {kind: {"initial": 0.1, "final": final}}
        return pipeline(train={**SECTIONS["train"], "learning_rate": rate})

    assert schedule(0.1).train.learning_rate
    with pytest.raises(ValidationError, match=r"a fall from 0\.1 ends below it, not at 0\.2"):
        schedule(0.2)
