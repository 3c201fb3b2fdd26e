"""What a run begins with, and what it skips, over a real repository."""

import shutil
from contextlib import suppress

import pytest
from driven import Driven

from dags.repro import GateError, TemporaryError


def test_a_day_on_which_nothing_changed_skips_all_stages(settled):
    second = Driven(settled, "two")

    states = second.whole()

    assert states == {
        "open": "success",
        "draw": "skipped",
        "left": "skipped",
        "right": "skipped",
        "join": "skipped",
        "close": "success",
    }
    assert len(settled.ran) == 4
    assert second.joined() == "1 left\n1 right\n"


def test_what_changed_runs_and_what_comes_after_it(settled):
    graph = (settled.root / "small" / "dvc.yaml").read_text()
    settled.write("small/dvc.yaml", graph.replace("s/drawn/left/", "s/drawn/links/"))
    second = Driven(settled, "two")

    states = second.whole()

    assert {name for name, state in states.items() if state == "skipped"} == {"draw", "right"}
    assert settled.ran[4:] == ["left", "join"]
    assert second.joined() == "1 links\n1 right\n"


def test_a_change_that_makes_the_same_runs_nothing_behind_it(settled):
    graph = (settled.root / "small" / "dvc.yaml").read_text()
    settled.write("small/dvc.yaml", graph.replace("s/drawn/left/", "s/drawn/left/g"))
    second = Driven(settled, "two")

    states = second.whole()

    assert (states["left"], states["join"]) == ("success", "skipped")
    assert settled.ran[4:] == ["left"]


def test_data_that_are_lost_are_made_again_and_not_said_to_be_there(settled):
    """dvc.lock has them, but neither the cache nor a remote: a day without changes was green."""
    shutil.rmtree(settled.root / ".dvc" / "cache")
    second = Driven(settled, "two")

    second.whole()

    assert sorted(settled.ran[4:]) == ["draw", "join", "left", "right"]
    assert second.joined() == "1 left\n1 right\n"


def test_data_that_only_the_remote_has_are_not_made_again(small):
    remote = small.root.parent / "remote"
    remote.mkdir()
    small.run("dvc", "remote", "add", "-q", "-d", "shared", str(remote))
    small.commit("a remote")
    Driven(small, "one").whole()
    shutil.rmtree(small.root / ".dvc" / "cache")
    second = Driven(small, "two")

    second.whole()

    assert len(small.ran) == 4
    assert second.states["join"] == "skipped"


def test_a_file_of_raw_data_that_dvc_tracks_as_a_folder_is_compared(small):
    (small.root / "raw").mkdir()
    (small.root / "raw" / "a.txt").write_text("1\n")
    small.run("dvc", "add", "-q", "raw")
    small.write(
        "small/dvc.yaml",
        "stages: {draw: {cmd: cat ../raw/a.txt > out && echo draw >> $RAN, "
        "deps: [../raw/a.txt], outs: [out]}}",
    )
    Driven(small, "one").whole()
    assert Driven(small, "two").whole()["draw"] == "skipped"
    (small.root / "raw" / "a.txt").write_text("2\n")
    small.run("dvc", "add", "-q", "raw")
    small.commit("new raw data")

    assert Driven(small, "three").whole()["draw"] == "success"
    assert Driven(small, "four").whole()["draw"] == "skipped"
    assert small.ran == ["draw", "draw"]


def test_a_file_of_a_folder_that_a_stage_makes_is_compared(small):
    """The first stage ran anew, the second failed; the next run took it for unchanged."""
    text = (
        "stages:\n"
        "  draw: {cmd: mkdir d && cp seed.txt d/one.txt && echo draw >> $RAN, deps: [seed.txt], "
        "outs: [d]}\n"
        "  left: {cmd: CMDcp d/one.txt left.txt && echo left >> $RAN, deps: [d/one.txt], "
        "outs: [left.txt]}\n"
    )
    small.write("small/dvc.yaml", text.replace("CMD", ""))
    Driven(small, "one").whole()
    small.write("small/seed.txt", "2\n")
    small.write("small/dvc.yaml", text.replace("CMD", "exit 1; "))
    with suppress(TemporaryError):
        Driven(small, "two").whole()
    small.write("small/dvc.yaml", text.replace("CMD", ""))

    assert Driven(small, "three").whole()["left"] == "success"
    assert Driven(small, "four").whole()["left"] == "skipped"


def test_a_source_that_is_gone_is_said(settled):
    settled.git("rm", "-q", "small/seed.txt")
    settled.commit("gone")

    with pytest.raises(GateError, match=r"draw reads small/seed.txt, which is neither in git nor"):
        Driven(settled, "two").task("open")


def test_what_dvc_keeps_no_copy_of_is_on_the_branch_and_goes_on_from_run_to_run(small):
    small.write(
        "small/dvc.yaml",
        "stages: {draw: {cmd: cp seed.txt out && cp out m.json && echo draw >> $RAN, "
        "deps: [seed.txt], outs: [out], metrics: [m.json: {cache: false}]}}",
    )
    first, second = Driven(small, "one"), Driven(small, "two")

    first.whole()
    second.whole()

    assert second.states["draw"] == "skipped"
    for run in (first.run, second.run):
        assert small.git("show", f"{run.branch}:small/m.json") == "1"


def test_after_a_rollback_the_next_run_begins_with_what_the_last_one_made(small):
    first = small.git("rev-parse", "HEAD")
    small.write("small/seed.txt", "2\n")
    Driven(small, "newer").whole()
    small.git("reset", "-q", "--hard", first)
    Driven(small, "one").whole()

    states = Driven(small, "two").whole()

    assert {states[name] for name in ("draw", "left", "right", "join")} == {"skipped"}


def test_a_run_that_fails_does_not_take_the_place_of_one_that_has_closed_since(small):
    one, two = Driven(small, "one"), Driven(small, "two")
    two.task("open")
    one.whole()
    two.states["draw"] = "failed"
    with pytest.raises(GateError, match="draw failed"):
        two.task("close")

    assert Driven(small, "three").whole()["join"] == "skipped"


def test_what_a_run_of_an_older_commit_has_made_is_not_what_the_next_one_starts_from(small):
    old = Driven(small, "old")
    old.task("open")
    small.write("small/seed.txt", "2\n")
    Driven(small, "new").whole()
    for name in ("draw", "left", "right", "join", "close"):
        old.task(name)

    third = Driven(small, "third")
    third.whole()

    assert third.states["draw"] == third.states["join"] == "skipped"
