"""A folder of photos with masks, and the project that it is a source of."""

from pathlib import Path

from photo_line import PhotoLine
from PIL import Image
from project import Project

from tests.tasks.segmentation.made import disc, png

CHANGES = (
    ("classes: [background, horse]", "classes: [ground, disc]"),
    ("height: 128, width: 128", "height: 32, width: 32"),
    ("augment:\n  layers:", "augment:\n  copies: 1\n  layers:"),
    ("filters: [16, 32, 64, 128, 128]\n  dropout: 0.3", "filters: [8, 16]"),
    ("epochs: 16\n  batch_size: 8", "epochs: 6\n  batch_size: 4"),
    ("conflicting: drop ", "max_dropped_fraction: 0.1\n  corrupt: drop\n  conflicting: drop "),
    ("warmup: 1.6", "warmup: 0.5"),
    ("initial: 2.0e-3", "initial: 1.0e-2"),
    ("max_drop: 0.02", "max_drop: 1.0"),
    ("min: 0.8", "min: 0.6"),
)
SIZES = ((40, 50), (64, 48), (36, 36))


def write_masked(folder: Path) -> None:
    """Forty photos of discs, of three sizes, with masks, and one of each kind of trouble."""
    photos, masks = folder / "rgb", folder / "figure_ground"
    for one in (photos, masks):
        one.mkdir()
    for number in range(40):
        height, width = SIZES[number % 3]
        photo, is_disc = disc(number, height, width)
        Image.fromarray(photo).save(photos / f"{number}.jpg", quality=95)
        (masks / f"{number}.png").write_bytes(png(255 * is_disc))
    for seed, name in enumerate(("small", "broken", "colourful"), start=40):
        photo, is_disc = disc(seed, 40, 50)
        Image.fromarray(photo).save(photos / f"{name}.jpg", quality=95)
        (masks / f"{name}.png").write_bytes(b"no mask" if name == "broken" else png(photo))
        if name == "small":
            (masks / "small.png").write_bytes(png(255 * is_disc[::2, ::2]))


class MaskLine(PhotoLine):
    """A checkout whose pipeline is `horses`, made small.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        Project.__init__(self, root)
        write_masked(root / "sources" / "horses")
        self.edit("params.yaml", ("pipelines: [digits]", "pipelines: [horses]"))
        self.edit("pipelines/horses.yaml", *CHANGES)
