"""The `validate` section of a pipeline file."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.section import Fraction, PositiveInt, Section

Policy = Literal["error", "drop", "warn"]
"""`error` stops the line, `drop` leaves the examples out of it, `warn` only reports them."""
Unusable = Literal["error", "drop"]
"""As a policy; examples that nothing can be made of cannot stay."""
Level = Literal["error", "warn"]
"""As a policy; what is found in no single example cannot be dropped."""


class Config(Section):
    """What is looked for in a dataset, and what happens where it is found.

    In this order: what is dropped for one thing counts for none of the following ones.
    """

    corrupt: Unusable = "error"
    """Images that cannot be decoded, and empty files."""
    foreign: Unusable = "error"
    """Files that are no images, in their name neither."""
    truncated: Policy = "error"
    """Images that are cut off; kept, what is missing of them is grey or black."""
    missing: Policy = "error"
    """Values that are not there, in a column whose kind does not say that they may be missing."""
    outside: Policy = "error"
    """Labels, and values of masks, that are none of the classes."""
    empty: Policy = "error"
    """Texts without a word, and masks of which all is to be ignored."""
    unequal_size: Policy = "error"
    """Images whose mask is of another size."""
    constant: Policy = "error"
    """Images of one colour, such as the placeholders of deleted photos; vectors of one value."""
    not_finite: Policy = "error"
    """Examples that hold NaN or infinity."""
    odd_size: Policy = "warn"
    """Images whose area is more than ten times the median, or less than a tenth."""
    odd_aspect: Policy = "warn"
    """Images more than three times as wide as the median, for their height, or a third."""
    odd_mode: Policy = "warn"
    """Images of another mode than most, such as grey among colour or 16 bits among 8, where fewer
    than 5 % have it."""
    odd_format: Policy = "warn"
    """Images of another file format than most, where fewer than 5 % have it."""
    conflicting: Policy = "error"
    """Equal examples with different targets; all of them are dropped."""
    leaked: Policy = "error"
    """Equal examples in different splits; those of the test split, else of the validation split,
    are kept."""
    duplicates: Policy = "error"
    """Equal examples, their targets too, in one split; the first is kept."""
    max_duplicate_fraction: Fraction = 0.0
    """Largest share of examples that may be `duplicates`, `leaked` or `conflicting` and are only
    reported where those say `error`."""
    near_duplicates: Policy = "warn"
    """Images that look the same, such as one scaled or compressed again: perceptual hashes that
    differ in two bits or fewer, about the same colour, and thumbnails that correlate by 0.99; the
    first is kept. In different splits they count as `near_leaked`."""
    near_leaked: Policy = "warn"
    """Images that look the same in different splits; the copy is kept that `leaked` keeps."""
    repeated_target: Level = "error"
    """Columns to learn from that hold what is to be learned, in every example."""
    constant_target: Level = "error"
    """Numbers to be learned that are one and the same in every training example."""
    similar_classes: Level = "error"
    """Classes whose names differ in case, blanks or the form of Unicode alone."""
    missing_class: Level = "error"
    """Classes that a split has no example of."""
    min_examples_per_class: PositiveInt = 2
    """Fewest examples that a class may have in the train split; fewer stop the line. None at all
    is a `missing_class`."""
    imbalance: Level = "warn"
    """Largest class of the train split more than `max_imbalance` times the smallest."""
    max_imbalance: Annotated[float, Field(strict=True, ge=1)] = 10.0
    """Ratio that passes."""
    drift: Level = "warn"
    """Splits that differ from the train split, or a train split that differs from the accepted
    version: in classes and categories, in numbers, in the mean or contrast of a channel."""
    max_drift: Fraction = 0.1
    """Jensen-Shannon distance that passes; a larger one counts where a chi-squared test gives it
    p < 0.001, divided by the number of distributions that are compared."""
    max_dropped_fraction: Fraction = 0.05
    """Largest share of examples that may be dropped; more stop the line."""
