"""IDX files, the format of the MNIST family."""

from collections.abc import Mapping
from typing import Literal

from components.config.ingest import File, Source, Split
from components.config.section import Kind, Section, kind


class IdxPair(Section):
    """Images and labels of one split."""

    images: File
    """Of the IDX format, gzipped or not."""
    labels: File
    """As many labels, whole numbers from 0."""


class Idx(Source):
    """The format of the MNIST family."""

    source: Literal["idx"]
    """Files of the IDX format."""
    train: IdxPair
    """The train split."""
    test: IdxPair
    """The test split."""
    classes: tuple[str, ...] | None = None
    """Names of the classes, in the order of the labels; left out, the labels themselves."""
    split: Split = Split(by="given")
    """`by: given`, unless said otherwise: the validation split is taken from the train split."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Images and their labels."""
        return {"image": kind("Image"), "label": kind("ClassLabel")}

    @property
    def learned(self) -> tuple[str, ...]:
        """The labels."""
        return ("label",)
