"""The project that learns to balance a pole, made small."""

from pathlib import Path

from photo_line import PhotoLine
from project import Project

CHANGES = (
    ("train: 1000, validation: 20, test: 100", "train: 30, validation: 3, test: 12"),
    ("units: [128, 128]", "units: [16]"),
    (
        "steps: 51200",
        "steps: 1024\n  starts: 64\n  replay: 500\n  environments: 4\n  train_every: 64\n"
        "  updates: 8\n  evaluate_every: 256\n  epsilon_steps: 512\n  learning_rate: 1.0e-2",
    ),
    ("min: 475", "min: 5"),
)


class PoleLine(PhotoLine):
    """A checkout whose pipeline is `cartpole`, made small.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        Project.__init__(self, root)
        self.edit("params.yaml", ("pipelines: [digits]", "pipelines: [cartpole]"))
        self.edit("pipelines/cartpole.yaml", *CHANGES)
