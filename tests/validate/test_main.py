"""The stage, from paths to paths."""

import numpy as np
import pytest
from project import ROOT
from stages import run_stage

from components.base.errors import Stop
from components.base.files import read_json, write_json
from components.data.dataset import read_dropped
from tests.validate.made import arrays, save


@pytest.fixture
def validated(tmp_path):
    """Runs the stage over a data set of images, whose train split begins with these rows."""

    def run(*first):
        rng = np.random.default_rng(0)
        images = rng.integers(0, 17, (150, 8, 8, 1)).astype(np.float32)
        images[: len(first)] = np.array(first, np.float32)[:, None, None, None]
        labels = np.arange(150) % 10
        cuts = {"train": slice(0, 100), "validation": slice(100, 120), "test": slice(120, 150)}
        splits = arrays(
            classes="0123456789", **{name: (images[one], labels[one]) for name, one in cuts.items()}
        )
        save(splits, tmp_path / "raw", shard=60)
        return run_stage(
            "validate",
            ROOT / "pipelines" / "digits.yaml",
            tmp_path,
            dataset=tmp_path / "raw",
            accepted=tmp_path / "accepted",
            verdict=tmp_path / "verdict.json",
            out=tmp_path / "validation.json",
            picture=tmp_path / "examples.png",
            report=tmp_path / "data.html",
        )

    return run


def test_a_good_dataset_goes_on(tmp_path, validated, capsys):
    validated()

    assert capsys.readouterr().out == "digits: nothing wrong is found\n"
    written = read_json(tmp_path / "validation.json")
    assert written["findings"] == written["problems"] == []
    assert read_dropped(tmp_path / "verdict.json") == {"train": [], "validation": [], "test": []}
    assert written["counts"]["train"] == {str(label): 10 for label in range(10)}
    assert "Nothing was found." in (tmp_path / "data.html").read_text()
    assert (tmp_path / "examples.png").read_bytes()[1:4] == b"PNG"
    assert read_json(tmp_path / "validate.metrics.json").keys() == {"dropped", "problems"}
    assert read_json(tmp_path / "validate.measured.json").keys() == {"seconds", "finding"}


def test_a_bad_dataset_stops_the_line(tmp_path, validated, capsys):
    accepted = {"categories": {"value label": {"0": 100}}, "edges": {}, "counts": {}}
    write_json(accepted, tmp_path / "accepted" / "statistics.json")

    with pytest.raises(Stop) as caught:
        validated(1, np.nan)

    assert caught.value.status == 1
    assert str(caught.value).splitlines() == [
        f"digits: the dataset must not be trained on; see {tmp_path / 'data.html'}",
        "constant: 1 of 150 examples: train:0 (of one colour or value); "
        "remove them, or set validate.constant: drop or warn",
        "not_finite: 1 of 150 examples: train:1 (holds NaN or infinity); "
        "remove them, or set validate.not_finite: drop or warn",
    ]
    assert capsys.readouterr().out == (
        "digits: found: constant 1 (error), not_finite 1 (error), drift 1 (warn)\n"
    )
    assert len(read_json(tmp_path / "validation.json")["problems"]) == 2
    assert "Why the line stops" in (tmp_path / "data.html").read_text()
    assert not (tmp_path / "verdict.json").exists()


def test_accepted_statistics_of_an_earlier_version_are_named(tmp_path, validated):
    before = {"classes": {"0": 100}, "edges": {}, "counts": {}}
    write_json(before, tmp_path / "accepted" / "statistics.json")

    with pytest.raises(Stop) as caught:
        validated()

    assert str(caught.value) == (
        f"{tmp_path / 'accepted' / 'statistics.json'}: not what this version compares; "
        "remove it, or: millrace accept digits"
    )
    assert not (tmp_path / "verdict.json").exists()
