"""A data set of the Hugging Face Hub."""

from typing import Annotated, Literal

from pydantic import Field

from components.config.ingest import Tabular
from components.config.section import Kind, kind

IMAGES = {"image": kind("Image"), "label": kind("ClassLabel")}


class HuggingFace(Tabular):
    """A data set from the Hugging Face Hub, by its name."""

    source: Literal["huggingface"]
    """Read by the `datasets` library; no code from the Hub is run."""
    dataset: Annotated[str, Field(pattern=r"^[\w.-]+(/[\w.-]+)?$")]
    """Its name: `ylecun/mnist`."""
    revision: str = "main"
    """A commit of it; with a branch, DVC does not see that the data has changed."""
    name: str | None = None
    """Which of its configurations."""
    columns: dict[str, Kind] = Field(IMAGES, min_length=1)
    """The columns that are read, by name, each with its kind."""
