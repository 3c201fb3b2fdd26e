"""The stage as a process."""

import subprocess
import sys

import numpy as np
import pytest
from project import ROOT

from components.dataset import read_dropped
from components.files import read_json, write_json
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
        splits, facts = arrays(
            classes="0123456789", **{name: (images[one], labels[one]) for name, one in cuts.items()}
        )
        save(splits, facts, tmp_path / "raw", shard=60)
        paths = {
            "dataset": tmp_path / "raw",
            "accepted": tmp_path / "accepted",
            "out": tmp_path / "validation.json",
            "picture": tmp_path / "examples.png",
            "report": tmp_path / "data.html",
            "metrics": tmp_path / "metrics.json",
            "params": "params.yaml",
        }
        given = [str(part) for name, path in paths.items() for part in (f"--{name}", path)]
        command = [sys.executable, "-m", "components.validate", "pipelines/digits.yaml", *given]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


def test_a_good_dataset_goes_on(tmp_path, validated):
    done = validated()

    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    written = read_json(tmp_path / "validation.json")
    assert written["findings"] == written["problems"] == []
    assert read_dropped(tmp_path / "validation.json") == {"train": [], "validation": [], "test": []}
    assert written["counts"]["train"] == {str(label): 10 for label in range(10)}
    assert "Nothing was found." in (tmp_path / "data.html").read_text()
    assert (tmp_path / "examples.png").read_bytes()[1:4] == b"PNG"
    assert read_json(tmp_path / "metrics.json").keys() == {"dropped", "problems", "seconds"}


def test_a_bad_dataset_stops_the_line(tmp_path, validated):
    accepted = {"classes": {"0": 100}, "edges": {}, "counts": {}}
    write_json(accepted, tmp_path / "accepted" / "statistics.json")

    done = validated(1, np.nan)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"digits: the dataset must not be trained on; see {tmp_path / 'data.html'}",
        "constant: 1 of 150 examples: train:0 (of one colour or value); "
        "remove them, or set validate.constant: drop or warn",
        "not_finite: 1 of 150 examples: train:1 (holds NaN or infinity); "
        "remove them, or set validate.not_finite: drop or warn",
    ]
    assert done.stdout.splitlines() == [
        "digits: constant: 1 found, error",
        "digits: not_finite: 1 found, error",
        "digits: drift: 1 found, warn",
    ]
    assert len(read_json(tmp_path / "validation.json")["problems"]) == 2
    assert "Why the line stops" in (tmp_path / "data.html").read_text()
