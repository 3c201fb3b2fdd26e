"""The data sets that come with scikit-learn: no download."""

from collections.abc import Mapping
from typing import Literal

from components.config.ingest import Tabular
from components.config.section import Kind, kind

IMAGES = frozenset({"sklearn.datasets.load_digits"})
NUMBERS = frozenset({"sklearn.datasets.load_diabetes"})
"""Whose target is a number, not a class."""


class Bundled(Tabular):
    """A data set that comes with scikit-learn.

    Without `columns`, an example is an image or a vector of all its features.
    """

    source: Literal[
        "sklearn.datasets.load_breast_cancer",
        "sklearn.datasets.load_diabetes",
        "sklearn.datasets.load_digits",
        "sklearn.datasets.load_iris",
        "sklearn.datasets.load_wine",
    ]
    """Which one."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """As declared; else one input, and the target."""
        if self.columns:
            return self.columns
        target = ("target", "Value") if self.source in NUMBERS else ("label", "ClassLabel")
        example = ("image", "Image") if self.source in IMAGES else ("features", "Value")
        return {name: kind(named) for name, named in (example, target)}
