"""The `ingest` section of a pipeline file."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from components.section import Section

Share = Annotated[float, Field(gt=0, lt=1)]

Source = Literal[
    "image_folder",
    "sklearn.datasets.load_breast_cancer",
    "sklearn.datasets.load_digits",
    "sklearn.datasets.load_iris",
    "sklearn.datasets.load_wine",
]


class Split(Section):
    """What share of every class goes to which split; the three sum to 1."""

    train: Share = 0.7
    """Examples that the model learns from."""
    validation: Share = 0.15
    """Examples that choose the checkpoint and the hyperparameters."""
    test: Share = 0.15
    """Examples that are looked at once, to measure."""

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.train + self.validation + self.test
        if abs(total - 1) > 1e-6:
            raise ValueError(f"train, validation and test must sum to 1; they sum to {total:.6g}")
        return self


class Config(Section):
    """Where the raw data comes from, and how it is split."""

    source: Source
    """A set bundled with scikit-learn, or `image_folder`: `path/CLASS/image.png`."""
    path: str | None = None
    """The folder of `image_folder`, relative to the project."""
    split: Split = Split()
    """The shares of the splits; every class is split alike (stratified)."""

    @model_validator(mode="after")
    def _path_goes_with_folder(self) -> Self:
        if self.source == "image_folder" and self.path is None:
            raise ValueError("source: image_folder needs path: the folder with one folder a class")
        if self.source != "image_folder" and self.path is not None:
            raise ValueError(f"path is read by source: image_folder, not by {self.source}")
        return self
