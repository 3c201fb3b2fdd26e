"""DVC's lock of paths."""

import json
import os
import subprocess
import sys

import pytest

from components.base import rwlock
from components.base.rwlock import free_lock, readers


@pytest.fixture
def lock(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".dvc" / "tmp").mkdir(parents=True)
    return tmp_path / ".dvc" / "tmp" / "rwlock"


@pytest.mark.parametrize("half", ["", "{", '{"read": {"/a": [{"pid"'])
def test_half_a_file_goes_once_nobody_is_writing_it(lock, half):
    lock.write_text(half)

    free_lock(patience_s=0.2)

    assert not lock.exists()


@pytest.mark.parametrize("text", [None, "{}", '{"read": {}, "write": {}}'])
def test_a_whole_file_and_none_stay(lock, text):
    if text is not None:
        lock.write_text(text)

    free_lock()

    assert (lock.read_text() if lock.exists() else None) == text


def test_who_reads_is_who_lives_and_reads_from_the_folder(lock, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()

    def by(*pids):
        return [{"pid": str(pid), "cmd": "dvc repro"} for pid in pids]

    code = tmp_path / "data" / "code"
    read = {
        f"{code}/a/train.json": by(os.getpid(), dead.pid),
        f"{code}/a/ingest.json": by(os.getpid()),
        f"{code}/ab/train.json": by(1),
    }
    lock.write_text(json.dumps({"read": read, "write": {f"{tmp_path}/data/a": by(1)[0]}}))

    assert readers(code.relative_to(tmp_path) / "a") == [os.getpid()]
    assert readers(code / "b") == []


def test_dvc_says_who_reads_in_the_form_that_is_read_here(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, "-m", "dvc", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "data/code/a").mkdir(parents=True)
    (tmp_path / "data/code/a/x.json").touch()
    program = (
        "from pathlib import Path; from components.base.rwlock import readers; "
        "Path('out').write_text(str(len(readers(Path('data/code/a')))))"
    )
    (tmp_path / "stage.py").write_text(program)
    (tmp_path / "dvc.yaml").write_text(
        "stages: {s: {cmd: python stage.py, deps: [data/code/a/x.json], outs: [out]}}"
    )
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    root = os.path.dirname(os.path.dirname(os.path.dirname(rwlock.__file__)))
    env = {**os.environ, "PATH": path, "PYTHONPATH": root}
    command = [sys.executable, "-m", "dvc", "repro", "-q"]

    subprocess.run(command, cwd=tmp_path, env=env, check=True)

    assert (tmp_path / "out").read_text() == "1"
