"""The augment stage, from paths to paths."""

import numpy as np
import pytest
import yaml
from stages import run_stage

from components.augment import run as augment
from components.augment.stage import SHOWN, VARIATIONS
from components.data import dataset, shards
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.text import Text
from components.data.features.value import Value
from components.data.schema import Schema
from tests.fitting.made import SECTIONS


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """Runs the stage on a train split, and gives how many were drawn as rows."""
    rows, as_row = [], augment.pictures.as_row
    monkeypatch.setattr(
        augment.pictures, "as_row", lambda value: rows.append(value) or as_row(value)
    )

    def run(kind, values):
        kinds = {"example": kind, "label": ClassLabel("ab")}
        columns = {"example": values, "label": np.arange(len(values)) % 2}
        schema = Schema(kinds, ("label",))
        shards.save({"train": Split(schema, columns)}, tmp_path / "ready")
        (tmp_path / "points.yaml").write_text(yaml.safe_dump(SECTIONS))
        paths = {"dataset": "ready", "picture": "variations.png", "out": "augmented"}
        run_stage(
            "augment",
            tmp_path / "points.yaml",
            tmp_path,
            **{name: tmp_path / path for name, path in paths.items()},
        )
        assert (tmp_path / "variations.png").stat().st_size > 0
        return len(rows)

    return run


def test_images_are_drawn_as_images(drawn):
    assert not drawn(Image((6, 6, 1), "float32", is_file=False), np.ones((10, 6, 6, 1), np.float32))


def test_what_has_no_drawing_is_drawn_as_a_row(drawn):
    assert drawn(Value("float32", (3,)), np.ones((10, 3), np.float32)) == SHOWN * (1 + VARIATIONS)


def test_of_texts_there_are_no_copies(drawn, tmp_path):
    assert not drawn(Text(), ["a sentence", "another"])

    assert dataset.read_facts(tmp_path / "augmented").counts == {"train": 0}
