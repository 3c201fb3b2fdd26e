"""Segmentation: a class for every pixel."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from components.base.errors import Problem
from components.config.task import Metric, Task

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts
    from components.data.schema import Schema

CROPS = frozenset({"CenterCrop", "Cropping2D"})
PADDINGS = frozenset({"ZeroPadding2D"})
"""Layers of preprocessing after which a mask could not be laid over its image again."""


class Segmentation(Task):
    """A class for every pixel of an image."""

    metrics = (
        Metric("mean_iou", "higher", "mean IoU", highest=1),
        Metric("pixel_accuracy", "higher", "pixel accuracy", highest=1),
        Metric("mean_dice", "higher", "mean Dice", highest=1),
    )
    curves = (Metric("mean_iou", "higher", "mean IoU", highest=1),)
    takes = "map"
    targets = ("Mask",)

    def classes(self, schema: "Schema") -> Sequence[str]:
        """Of the pixels."""
        return schema.target.classes  # type: ignore[attr-defined,no-any-return]

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """Preprocessing that cuts off what is to be found, or moves it."""
        for place, layer in enumerate(file.preprocess):
            given = layer.arguments if layer.name == "Resizing" else {}
            if layer.name in CROPS or given.get("crop_to_aspect_ratio"):
                what = f"{layer.name} cuts off what is to be found; use Resizing without a crop"
                yield Problem(("preprocess", place), what)
            if layer.name in PADDINGS or given.get("pad_to_aspect_ratio"):
                what = "moves images and not their masks; use Resizing without a padding"
                yield Problem(("preprocess", place), f"{layer.name} {what}")

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """Images and masks that cannot be of one size."""
        is_ragged = facts.schema.target.is_ragged
        if is_ragged and not any(one.name == "Resizing" for one in file.preprocess):
            what = "the masks have several sizes; the first layer must be a Resizing"
            yield Problem(("preprocess",), what)
