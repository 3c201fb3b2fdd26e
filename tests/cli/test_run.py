"""What `millrace run` says of DVC's output."""

import pytest

from components.cli import run

BUSY = "ERROR: failed to reproduce 'fingerprint': 'data/code' is busy, it is being blocked by:"


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        pytest.param(
            f"{BUSY}\n\n  (PID 7): dvc repro\n", f"{BUSY}\n  (PID 7): dvc repro", id="none"
        ),
        pytest.param(
            "Running stage 'ingest@a':\n> python\n\nRunning stage 'train@a':\n> python\nno\n",
            "no",
            id="the last one",
        ),
    ],
)
def test_a_failed_run_shows_all_that_was_said_since_the_last_stage_began(
    tmp_path, monkeypatch, log, shown
):
    monkeypatch.setattr(run, "LOG", tmp_path / "run.log")
    run.LOG.write_text(log)

    assert run._tail() == shown
