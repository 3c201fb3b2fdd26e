"""A table of any columns."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from components.config.ingest import File, Inside, Remote, Tabular
from components.config.section import Kind, kind

IMAGES = {"image": kind("Image"), "label": kind("ClassLabel")}


class Table(Tabular):
    """CSV, Parquet or JSON lines, with a line for each example."""

    source: Literal["table"]
    """A table."""
    file: File
    """The table: `.csv`, `.parquet` or `.jsonl`; a pattern such as `part-*.csv` reads several."""
    columns: dict[str, Kind] = Field(IMAGES, min_length=1)
    """The columns that are read, by name, each with its kind. Images are paths, or the bytes of
    their files; labels are text or whole numbers, in a CSV as they are written, so that `01` and
    `1` are two classes, and `NA` is one."""
    folder: Inside = "."
    """What paths of files start from, in `sources/NAME/`, or in the archive."""
    archive: File | None = None
    """A tar or zip file that has the files."""
    split_column: str | None = None
    """With `split: {by: given}`: the column that says train, validation or test."""

    @field_validator("file")
    @classmethod
    def _is_table(cls, value: str | Remote) -> str | Remote:
        name = value if isinstance(value, str) else value.url
        if not name.lower().endswith((".csv", ".parquet", ".jsonl")):
            raise ValueError(f"{name} is neither .csv, .parquet nor .jsonl")
        return value

    @model_validator(mode="after")
    def _given(self) -> Self:
        if (self.split.by == "given") != (self.split_column is not None):
            raise ValueError("split: {by: given} and split_column go together")
        return self
