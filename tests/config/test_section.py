"""What is named with its arguments."""

import pytest
from pydantic import ValidationError

from tests.fitting.made import pipeline


def test_an_argument_that_has_no_default_has_to_be_given():
    with pytest.raises(ValidationError, match="Rescaling needs scale"):
        pipeline(preprocess=["Rescaling"])
