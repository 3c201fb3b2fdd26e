"""The `validate` section of a pipeline file."""

from pydantic import PositiveInt

from components.section import Fraction, Section


class Config(Section):
    """Limits on what a dataset may contain."""

    max_duplicate_fraction: Fraction = 0.0
    """Largest share of examples, over all splits, that may repeat an earlier one exactly."""
    max_constant_fraction: Fraction = 0.0
    """Largest share of examples that may be of one value throughout: a deleted photo."""
    min_examples_per_class: PositiveInt = 2
    """Fewest examples that a class may have in the train split."""
