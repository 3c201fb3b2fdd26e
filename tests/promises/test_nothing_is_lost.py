"""Promise 3: nothing is lost, whatever is killed at whatever moment."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from mlflow import MlflowClient
from project import ROOT

from tests.conftest import KILLED, one_backend


@one_backend
@pytest.mark.parametrize("stage", KILLED)
def test_what_a_kill_leaves_is_whole(line, survivor, stage):
    """Every file is that of a run that was not killed, or is not there."""
    whole, left = line.outputs(), survivor.left[stage]

    assert left.items() <= whole.items()
    assert "data/code/digits/train.json" in left


@one_backend
def test_a_kill_costs_no_earlier_stage(line, survivor):
    """What was made before the stage that was killed is still there."""
    for stage, made in {
        "train": "data/digits/ready/dataset.json",
        "compress": "data/digits/trained/model.keras",
        "register": "packages/digits/manifest.json",
    }.items():
        assert made in survivor.left[stage]


@one_backend
def test_the_next_run_registers_once_and_leaves_nothing_behind(line, survivor):
    client = MlflowClient(survivor.tracking_uri())
    experiments = [one.experiment_id for one in client.search_experiments()]

    versions = client.search_model_versions("name = 'digits'")
    assert [int(one.version) for one in versions] == [1]
    assert int(client.get_model_version_by_alias("digits", "champion").version) == 1
    assert "digits version 1 is the champion" in survivor.output
    runs = client.search_runs(experiments)
    assert {run.info.status for run in runs} <= {"FINISHED", "KILLED", "FAILED"}
    assert "FINISHED" in {run.info.status for run in runs}
    assert not [path for path in survivor.root.rglob("*.partial") if ".dvc" not in path.parts]
    assert survivor.run("git", "status", "--porcelain") == "?? dvc.lock\n"


WRITER = """
import sys
from pathlib import Path
from components.base.files import replacing
target, name = Path(sys.argv[1]), sys.argv[2]
print("on", flush=True)
for turn in range(10**6):
    with replacing(target) as folder:
        folder.mkdir()
        for number in range(20):
            (folder / f"{number}.txt").write_text(f"{name} {turn}")
"""


def test_of_many_writers_that_are_killed_a_reader_sees_only_whole_folders(tmp_path):
    """Folders that are written at once, by processes that are killed at any moment."""
    draw, target = random.Random(0), tmp_path / "out"  # noqa: S311
    running, seen = [], set()
    for number in range(24):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(target), str(number)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        process.stdout.readline()
        running.append(process)
        until = time.monotonic() + draw.uniform(0, 0.1)
        while not seen or time.monotonic() < until:
            seen |= {_whole(target, is_first=not seen)} - {None}
        if len(running) > 2:
            killed = running.pop(draw.randrange(len(running)))
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            killed.stdout.close()
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()

    assert _whole(target)
    assert len(seen) > 20
    subprocess.run(
        [sys.executable, "-c", WRITER.replace("10**6", "1"), str(target), "last"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # what they have left is gone
    assert _whole(target) == "last 0"


def _whole(target, is_first=False):
    """What is written in all twenty files of a folder, opened as one."""
    try:
        folder = os.open(target, os.O_RDONLY)
    except FileNotFoundError:
        assert is_first, "there is nothing"
        return None
    try:
        texts = []
        for number in range(20):
            with open(os.open(f"{number}.txt", os.O_RDONLY, dir_fd=folder)) as file:
                texts.append(file.read())
    except FileNotFoundError:
        return None  # it has been replaced, and is being removed
    finally:
        os.close(folder)
    assert len(set(texts)) == 1
    return texts[0]
