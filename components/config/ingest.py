"""The `ingest` section of a pipeline file."""

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, field_validator, model_validator

from components.config.section import Section, mistake

Share = Annotated[float, Field(strict=True, gt=0, lt=1)]


class Remote(Section):
    """A file on a server, or in the folder that MILLRACE_MIRROR names."""

    url: Annotated[str, Field(pattern=r"^https?://[^/]+/.*[^/]$")]
    """Its address; downloads are resumed, tried again, and kept for other pipelines."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of its content, without which nothing is read."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(
            f"{path} leaves the pipeline's folder of sources/, which DVC watches; "
            "move the files there, or make that folder itself a link to them"
        )
    return path


Inside = Annotated[str, AfterValidator(_inside)]
"""A path inside of `sources/NAME/`, or inside of an archive."""

File = Annotated[
    Annotated[Inside, Tag("path")] | Annotated[Remote, Tag("remote")],
    Discriminator(lambda value: "remote" if isinstance(value, dict | Remote) else "path"),
]
"""A path inside of `sources/NAME/`, or a file on a server."""


class Split(Section):
    """Which example goes to which split."""

    by: Literal["class", "group", "content", "given"] = "class"
    """`class`: every class is dealt out alike (stratified), drawn with the seed. `group`: no group
    is in two splits. `content`: by a hash of the example, so that a set that has grown keeps every
    example in its old split, and equal examples together. `given`: as the source says."""
    train: Share | None = None
    """Examples that the model learns from; 0.7 where no share is given."""
    validation: Share | None = None
    """Examples that choose the checkpoint and the hyperparameters; 0.15 where no share is given.
    With `by: given` the share of the train split that becomes it where the source has none."""
    test: Share | None = None
    """Examples that are looked at once, to measure; 0.15 where no share is given."""
    group: str | None = None
    """With `by: group`: the column that names the group, or for `image_folder` a regular
    expression whose first group, found in the path, names it."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.by == "given":
            if self.train is not None or self.test is not None:
                raise ValueError("by: given takes train and test as the source has them")
            return self
        given = [share for share in (self.train, self.validation, self.test) if share is not None]
        if given and (len(given) < 3 or abs(sum(given) - 1) > 1e-6):
            raise ValueError(
                f"train, validation and test must sum to 1; they sum to {sum(given):.6g}"
            )
        return self

    @model_validator(mode="after")
    def _group(self) -> Self:
        if (self.by == "group") != (self.group is not None):
            raise ValueError("by: group and group: what names it, go together")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """The share of each split."""
        return {
            "train": self.train or 0.7,
            "validation": self.validation or 0.15,
            "test": self.test or 0.15,
        }


class Source(Section):
    """What every source has: a split."""

    module: ClassVar[str]
    """In `components.ingest.sources`, what reads it."""

    split: Split = Split()
    """How the examples are dealt out; left out, every class alike, 70 : 15 : 15."""


class Bundled(Source):
    """A data set that comes with scikit-learn: no download."""

    module: ClassVar = "bundled"

    source: Literal[
        "sklearn.datasets.load_breast_cancer",
        "sklearn.datasets.load_digits",
        "sklearn.datasets.load_iris",
        "sklearn.datasets.load_wine",
    ]
    """Which one."""


class ImageFolder(Source):
    """Images, one folder for each class."""

    module: ClassVar = "image_folder"

    source: Literal["image_folder"]
    """`path/CLASS/image.jpg`, or `path/{train,validation,test}/CLASS/image.jpg`."""
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


class IdxPair(Section):
    """Images and labels of one split."""

    images: File
    """Of the IDX format, gzipped or not."""
    labels: File
    """As many labels, whole numbers from 0."""


class Idx(Source):
    """The format of the MNIST family."""

    module: ClassVar = "idx"

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


class Table(Source):
    """A CSV or Parquet file with one line for each image."""

    module: ClassVar = "table"

    source: Literal["table"]
    """A table of images and labels."""
    file: File
    """The table, `.csv` or `.parquet`; a pattern such as `part-*.parquet` reads several."""
    image: str = "image"
    """The column of images: their paths, or the bytes of their files."""
    label: str = "label"
    """The column of labels: text, or whole numbers; in a CSV as they are written, so that `01` and
    `1` are two classes, and `NA` is one."""
    folder: Inside = "."
    """What the paths start from, in `sources/NAME/`, or in the archive."""
    archive: File | None = None
    """A tar or zip file that has the images."""
    split_column: str | None = None
    """With `split: {by: given}`: the column that says train, validation or test."""

    @field_validator("file")
    @classmethod
    def _is_table(cls, value: str | Remote) -> str | Remote:
        name = value if isinstance(value, str) else value.url
        if not name.lower().endswith((".csv", ".parquet")):
            raise ValueError(f"{name} is neither .csv nor .parquet")
        return value

    @model_validator(mode="after")
    def _given(self) -> Self:
        if (self.split.by == "given") != (self.split_column is not None):
            raise ValueError("split: {by: given} and split_column go together")
        return self


class HuggingFace(Source):
    """A data set of images from the Hugging Face Hub, by its name."""

    module: ClassVar = "huggingface"

    source: Literal["huggingface"]
    """Read by the `datasets` library; no code from the Hub is run."""
    dataset: Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)?$")]
    """Its name: `ylecun/mnist`."""
    revision: str = "main"
    """A commit of it; with a branch, DVC does not see that the data has changed."""
    name: str | None = None
    """Which of its configurations."""
    image: str = "image"
    """The column of images."""
    label: str = "label"
    """The column of labels."""


Config = Annotated[Bundled | ImageFolder | Idx | Table | HuggingFace, Field(discriminator="source")]
"""Where the raw data comes from, and how it is split."""
