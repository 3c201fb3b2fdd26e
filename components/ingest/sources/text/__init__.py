"""Text files: each line or sentence an example."""

from collections.abc import Mapping
from typing import Literal

from components.config.ingest import File, Source, Split
from components.config.section import Kind, kind


class TextFiles(Source):
    """Text files, UTF-8: each line, or each sentence, is an example; nothing else is learned."""

    source: Literal["text"]
    """Text."""
    file: File
    """The file; a pattern such as `*.txt` reads several, in the order of their names."""
    archive: File | None = None
    """A tar or zip file that has them."""
    unit: Literal["line", "sentence"] = "line"
    """`sentence`: paragraphs are parted by empty lines, sentences by `.`, `!` or `?` before a
    capital. Empty lines are passed over."""
    split: Split = Split(by="content")
    """Left out, by content: a sentence that is there twice is in one split alone."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """One column."""
        return {"text": kind("Text")}
