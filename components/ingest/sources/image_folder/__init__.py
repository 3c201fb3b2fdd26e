"""A folder of images."""

import re
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import model_validator

from components.config.ingest import File, Inside, Source
from components.config.section import Kind, kind, mistake


class ImageFolder(Source):
    """Images: one folder for each class, or a mask for each image."""

    source: Literal["image_folder"]
    """`path/CLASS/image.jpg`, or `path/{train,validation,test}/CLASS/image.jpg`."""
    masks: Inside | None = None
    """The folder of the masks: each image below `path` has one of its name, whatever the ending.
    What is learned is the mask then, and not the name of a folder."""
    mask: Kind | None = None
    """The kind of the masks, such as `Mask: {classes: [sky, road]}`."""
    path: Inside = "."
    """The folder that holds them, in `sources/NAME/`, or in the archive."""
    archive: File | None = None
    """A tar or zip file that has the folder."""

    @model_validator(mode="after")
    def _expression(self) -> Self:
        if self.split.group is not None:
            try:
                groups = re.compile(self.split.group).groups
            except re.error as error:
                what = f"is not a regular expression: {error}"
                raise mistake(what, "split", "group") from None
            if groups < 1:
                what = "needs a group in brackets, such as (patient\\d+)"
                raise mistake(what, "split", "group")
        return self

    @model_validator(mode="after")
    def _has_masks(self) -> Self:
        if (self.masks is None) != (self.mask is None):
            raise ValueError("masks: their folder, and mask: their kind, go together")
        return self

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """Images, and their labels or masks."""
        learned = {"mask": self.mask} if self.mask else {"label": kind("ClassLabel")}
        return {"image": kind("Image"), **learned}

    @property
    def learned(self) -> tuple[str, ...]:
        """The labels, or the masks."""
        return tuple(self.kinds)[1:]
