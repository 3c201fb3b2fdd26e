"""A small text, and the project that it is a source of."""

from pathlib import Path

from photo_line import PhotoLine
from project import Project

from tests.fitting.counts.made import sentences

CHANGES = (
    ('"*.txt"', '"*/*.txt"'),
    ("order: 3", "order: 3\n  least_count: 1"),
    ("max: 300", "max: 30"),
)


def write_prose(folder: Path) -> None:
    """Six hundred sentences in paragraphs of two files, some of which occur again."""
    for name, seed in (("north", 3), ("south", 4)):
        (folder / name).mkdir()
        said = sentences(300, seed)
        paragraphs = ["\n".join(said[at : at + 5]) for at in range(0, len(said), 5)]
        (folder / name / "book.txt").write_text("A title\n\n" + "\n\n".join(paragraphs))


class ProseLine(PhotoLine):
    """A checkout whose pipeline is `prose`, on a small text.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        Project.__init__(self, root)
        write_prose(root / "sources" / "prose")
        self.edit("params.yaml", ("pipelines: [digits]", "pipelines: [prose]"))
        self.edit("pipelines/prose.yaml", *CHANGES)
