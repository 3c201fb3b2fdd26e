"""What is named with its arguments, and whole numbers."""

import pytest
from pydantic import TypeAdapter, ValidationError

from components.config.section import NonNegativeInt
from tests.fitting.made import pipeline


def test_an_argument_that_has_no_default_has_to_be_given():
    with pytest.raises(ValidationError, match="Rescaling needs scale"):
        pipeline(preprocess=["Rescaling"])


def test_a_whole_number_is_one_that_every_library_takes():
    whole = TypeAdapter(NonNegativeInt)

    assert [whole.validate_python(one) for one in (0, 10**9)] == [0, 10**9]
    for wrong in (-1, 10**9 + 1, 1.0, True, "1"):
        with pytest.raises(ValidationError):
            whole.validate_python(wrong)
