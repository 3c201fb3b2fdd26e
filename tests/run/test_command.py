"""What a stage leaves besides its output."""

import json
from pathlib import Path

import pytest

from components.run.command import Run, stage


def test_what_was_measured_lies_apart_from_what_follows_from_the_inputs(tmp_path, capsys):
    run = Run(
        stage="train",
        pipeline_path=Path("pipelines/pets.yaml"),
        metrics=tmp_path / "metrics.json",
        measured=tmp_path / "measured.json",
    )

    run.conclude("4 epochs")
    run.measure({"loss": 0.5}, latency_ms=2.0)

    assert capsys.readouterr().out == "pets: 4 epochs\n"
    assert json.loads(run.metrics.read_text()) == {"loss": 0.5}
    measured = json.loads(run.measured.read_text())
    assert measured.pop("seconds") > 0
    assert measured == {"finding": "4 epochs", "latency_ms": 2.0}


@pytest.mark.parametrize(("part", "program"), [("run", "tune"), ("trial", "tune.trial")])
def test_a_stage_is_called_by_its_module(monkeypatch, capsys, part, program):
    monkeypatch.setattr("sys.argv", ["stage"])

    with pytest.raises(SystemExit):
        stage("tune", "", part=part)

    assert capsys.readouterr().err.startswith(f"usage: python -m components.{program} [-h]")
