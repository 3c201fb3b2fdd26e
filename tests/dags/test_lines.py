"""What is known of a commit is read once, and nothing else is ever taken for it."""

import fcntl
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from checkout import lay, small

from dags.lines import AGAIN_S, KEPT, Line, Stage, decoded, encoded, lines

FULL = Line(
    "digits",
    (
        Stage("a", "a@digits", "Says.", True, ("x", "y")),
        Stage("b", "b", trials=(0, 1), trial=("p",)),
    ),
    (("a", "b"),),
    "pipelines/digits.yaml",
    "",
    "Digits.",
    "text: 1\n",
    {"retries": 2},
    ("other/dvc.yaml",),
    {"train.epochs": {"default": 3}},
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return small(tmp_path_factory.mktemp("kept"), one="stages:\n  a: {cmd: x}\n")


@pytest.fixture
def no_dvc(monkeypatch, tmp_path):
    """No process in which DVC could read can be started: Python is not where it was."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))


def commit_of(project):
    return project.run("git", "rev-parse", "HEAD").strip()


def test_what_is_written_is_what_is_read():
    assert decoded(encoded([FULL, Line("wrong", mistakes="it is")])) == [
        FULL,
        Line("wrong", mistakes="it is"),
    ]


def test_a_commit_is_read_by_dvc_once(project, tmp_path, monkeypatch):
    first = lines(project.root, tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))

    again = lines(project.root, tmp_path)

    assert [line.name for line in first] == ["digits", "one"]
    assert again == first
    assert [file.name for file in tmp_path.iterdir()] == [f"{commit_of(project)}.json"]


def test_without_what_is_kept_dvc_is_asked(project, tmp_path, no_dvc):
    with pytest.raises(FileNotFoundError, match="no-python"):
        lines(project.root, tmp_path)


def test_another_clone_of_the_commit_takes_what_is_known(project, tmp_path, monkeypatch):
    first = lines(project.root, tmp_path / "kept")
    clone = project.clone(tmp_path / "clone")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))

    assert lines(clone.root, tmp_path / "kept") == first


def test_a_dirty_tree_is_read_as_it_is_and_never_kept(project, tmp_path):
    clone = project.clone(tmp_path / "clone")
    lines(clone.root, tmp_path / "kept")
    clone.edit("one/dvc.yaml", ("a:", "changed:"))

    dirty = lines(clone.root, tmp_path / "kept")
    clone.run("git", "checkout", "-q", ".")
    clean = lines(clone.root, tmp_path / "kept")

    assert dirty[-1].stages[0].task == "changed"
    assert clean[-1].stages[0].task == "a"
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_new_commit_is_read_anew(project, tmp_path):
    clone = project.clone(tmp_path / "clone")
    lines(clone.root, tmp_path / "kept")
    lay(clone, "two", "stages:\n  b: {cmd: x}\n")
    clone.commit("two")

    assert [line.name for line in lines(clone.root, tmp_path / "kept")] == ["digits", "one", "two"]


@pytest.mark.parametrize("text", ["", '[{"name": "digits", "stag', '[{"unknown": 1}]'])
def test_what_is_half_written_is_read_anew(project, tmp_path, text):
    file = tmp_path / f"{commit_of(project)}.json"
    file.write_text(text)

    found = lines(project.root, tmp_path)

    assert [line.name for line in found] == ["digits", "one"]
    assert decoded(file.read_text()) == found


def test_a_process_that_was_killed_while_it_wrote_leaves_nothing_that_is_read(project, tmp_path):
    (tmp_path / "abc.partial").write_text("[")

    assert [line.name for line in lines(project.root, tmp_path)] == ["digits", "one"]


def test_two_processes_at_once_read_the_same(project, tmp_path):
    code = (
        "import sys; from pathlib import Path; from dags.lines import encoded, lines; "
        "print(encoded(lines(Path(sys.argv[1]), Path(sys.argv[2]))))"
    )
    command = [sys.executable, "-c", code, str(project.root), str(tmp_path)]

    both = [
        subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate()[0] for process in both]

    assert said[0] == said[1]
    assert [line.name for line in decoded(said[0])] == ["digits", "one"]
    assert [file.suffix for file in tmp_path.iterdir()] == [".json"]


def test_a_commit_that_another_process_reads_is_waited_for(project, tmp_path, no_dvc):
    opened = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)

    def ends():
        (tmp_path / f"{commit_of(project)}.json").write_text(encoded([Line("digits")]))
        os.close(opened)

    other = threading.Timer(1, ends)
    other.start()
    found = lines(project.root, tmp_path)
    other.join()

    assert found == [Line("digits")]


def test_the_oldest_commits_are_forgotten(project, tmp_path):
    for number in range(KEPT + 5):
        file = tmp_path / f"{number}.json"
        file.write_text("[]")
        os.utime(file, (number, number))

    lines(project.root, tmp_path)

    left = {file.stem for file in tmp_path.iterdir()}
    assert len(left) == KEPT
    assert commit_of(project) in left
    assert "0" not in left


def test_dvc_that_takes_too_long_is_a_line_that_says_what_to_do(project, tmp_path):
    (line,) = lines(project.root, tmp_path, limit_s=0.01)

    assert line.mistakes == (
        "DVC has not read its files in time; Airflow waits longer with a larger "
        "dagbag_import_timeout in [core]"
    )
    assert list(tmp_path.iterdir()) == []


def test_text_is_kept_in_any_script():
    line = Line("digits", description="Größe 数字 \u2028 {{ 1 }}")

    assert decoded(json.dumps(json.loads(encoded([line])))) == [line]


def test_mistakes_are_looked_for_again_after_a_while(project, tmp_path, no_dvc):
    """A package that was not installed is no mistake of the commit's for ever."""
    kept = tmp_path / f"{commit_of(project)}.json"
    kept.write_text(encoded([Line("digits", mistakes="no module named 'roses'")]))
    assert lines(project.root, tmp_path)[0].mistakes == "no module named 'roses'"
    old = time.time() - AGAIN_S - 1
    os.utime(kept, (old, old))

    with pytest.raises(FileNotFoundError):
        lines(project.root, tmp_path)

    kept.write_text(encoded([Line("digits")]))
    os.utime(kept, (old, old))
    assert lines(project.root, tmp_path) == [Line("digits")]
