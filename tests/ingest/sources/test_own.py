"""A source of one's own, by package.module:Class."""

import numpy as np
import pytest
from own_sources import Rings
from stages import run_stage

from components.base.errors import Invalid
from components.config.document import Document
from components.config.pipeline import parse
from components.data.dataset import SPLITS, open_split, read_facts
from components.run.names import stage_modules

DIGITS = (
    ("source: sklearn.datasets.load_digits", "source: own_sources:Rings"),
    ("  architecture: resnet\n  blocks: [2, 2]", "  architecture: mlp"),
)


def ingested(path, folder):
    return run_stage("ingest", path, folder, source=folder / "none", out=folder / "raw")


def test_a_class_of_ones_own_is_a_source_with_its_settings_and_a_split(edited):
    path = edited(*DIGITS, ("own_sources:Rings", "own_sources:Rings\n  points: 90"))

    config = parse(Document(path)).ingest

    assert config == Rings(
        source="own_sources:Rings",
        points=90,
        split={"train": 0.7, "validation": 0.15, "test": 0.15},
    )


def test_what_it_lists_is_ingested(edited, tmp_path):
    run = ingested(edited(*DIGITS), tmp_path)

    assert run.finding == "200 examples of 2 classes: 140 train, 30 validation, 30 test"
    assert read_facts(tmp_path / "raw").schema.target.names == ("inner", "outer")
    for name in SPLITS:
        part = open_split(tmp_path / "raw", name)
        radius = np.linalg.norm(part.input[:], axis=1)
        assert np.allclose(radius, 1 + part.target[:])


def test_it_may_be_split_by_what_it_knows(edited, tmp_path):
    split = ("split: {train: 0.7, validation: 0.15, test: 0.15}", "split: {by: time, time: drawn}")
    ingested(edited(*DIGITS, split), tmp_path)

    last = open_split(tmp_path / "raw", "test")
    angles = np.arange(30, dtype=np.float32)  # its times run backwards
    assert np.allclose(last.input[:, 0], (1 + np.arange(30) % 2) * np.cos(angles))


def test_a_stage_depends_on_its_module(edited):
    document = Document(edited(*DIGITS))

    assert "own_sources" in stage_modules(parse(document), document.data, "ingest")
    assert "own_sources" not in stage_modules(parse(document), document.data, "train")


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (
            ("own_sources:Rings", "own_sources:Rings\n  point: 90"),
            "9: ingest.point",
            "unknown key; did you mean 'points'?",
        ),
        (
            ("own_sources:Rings", "own_sources:Rings\n  points: 0"),
            "9: ingest.points",
            "must be greater than 0, is 0",
        ),
        (
            ("own_sources:Rings", "own_sources:Ring"),
            "8: ingest.source",
            "no source 'Ring' in own_sources; did you mean 'Rings'?",
        ),
        (
            ("own_sources:Rings", "own_source:Rings"),
            "8: ingest.source",
            "no module 'own_source'",
        ),
    ],
)
def test_a_mistake_has_its_place(edited, change, place, message):
    path = edited(*DIGITS, change)

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    assert str(caught.value) == f"{path}:{place}: {message}"
