"""A folder of photos that nobody has looked at, and the project that it is a source of."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pytest
from PIL import Image
from project import Project

from components.run import code

COLOURS = {"blue": (20, 40, 200), "green": (30, 190, 40), "red": (200, 30, 30)}
CHANGES = (
    ("height: 128, width: 128", "height: 32, width: 32"),
    ("augment:\n  layers:", "augment:\n  copies: 1\n  layers:"),
    ("  architecture: resnet\n  stem: 7x7 ", "  architecture: cnn\n  filters: [8, 16] "),
    ("  blocks: [2, 2, 2, 2]\n", ""),
    ("epochs: 40", "epochs: 8"),
    (
        "\ntrain:\n",
        "\ntune:\n  space: {train.batch_size: {CategoricalDistribution: {choices: [8, 16]}}}\n"
        "  sampler: {GridSampler: {search_space: {train.batch_size: [8, 16]}}}\n"
        "  trials: 2\n  epochs: 2\ntrain:\n",
    ),
    ("max_drop: 0.02", "max_drop: 1.0"),
    ("min: 0.8", "min: 0.5"),
    ("near_leaked: drop", "near_leaked: drop\n  max_dropped_fraction: 0.1"),
)


def write_photos(folder: Path) -> None:
    """Sixty photos of a colour with grain, of three sizes, and one of each kind of trouble."""
    random = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir()
        for number in range(20):
            height, width = ((40, 50), (64, 48), (30, 30))[number % 3]
            image = np.clip(random.normal(colour, 30, (height, width, 3)), 0, 255)
            Image.fromarray(image.astype(np.uint8)).save(folder / name / f"{number}.jpg")
    whole = (folder / "red" / "0.jpg").read_bytes()
    (folder / "blue" / "zero.jpg").touch()
    (folder / "green" / "notes.txt").write_text("taken in May")
    (folder / "red" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "red" / "again.jpg").write_bytes(whole)
    Image.new("RGB", (50, 40), (128, 128, 128)).save(folder / "blue" / "deleted.png")


class PhotoLine(Project):
    """A checkout whose pipeline is `photos`, made small.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        write_photos(root / "sources" / "photos")
        self.edit("params.yaml", ("pipelines: [digits]", "pipelines: [photos]"))
        self.edit("pipelines/photos.yaml", *CHANGES)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """It is the working directory, and its store is MLflow's."""
        before = mlflow.get_tracking_uri()
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.root)
            mlflow.set_tracking_uri(self.tracking_uri())
            code.is_followed.cache_clear()
            try:
                yield
            finally:
                mlflow.set_tracking_uri(before)
                code.is_followed.cache_clear()
