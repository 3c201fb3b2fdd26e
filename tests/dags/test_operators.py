"""A run, task by task, over a real repository: what is run and what is left."""

from dataclasses import replace

import pytest
import yaml
from driven import Driven

from dags import branch, operators, workspace
from dags.building import dag
from dags.operators import Close, Open
from dags.repro import GateError, MistakeError, TemporaryError
from dags.settings import settings


def test_a_run_is_what_dvc_repro_would_have_made(small):
    driven = Driven(small, "one")

    states = driven.whole()

    assert set(states.values()) == {"success"}
    assert sorted(small.ran) == ["draw", "join", "left", "right"]
    assert driven.joined() == "1 left\n1 right\n"
    assert small.git("status", "--porcelain") == ""
    assert not workspace.folder_of(settings(small.root), driven.run).exists()


def test_what_two_killed_tasks_have_left_is_published_by_the_last_task(small):
    """Each of them killed between DVC and git, in a clone of its own, and not tried again."""
    driven = Driven(small, "one")
    driven.task("open")
    driven.task("draw")
    here = settings(small.root)
    with (
        workspace.taken(here, driven.run, small.root) as one,
        workspace.taken(here, driven.run, small.root) as other,
    ):
        small.run("dvc", "repro", "-q", "small/dvc.yaml:left", folder=one)
        small.run("dvc", "repro", "-q", "small/dvc.yaml:right", folder=other)

    driven.task("close")

    lock = small.git("show", f"{driven.run.branch}:small/dvc.lock")
    assert sorted(yaml.safe_load(lock)["stages"]) == ["draw", "left", "right"]
    assert not workspace.folder_of(here, driven.run).exists()


def test_what_is_saved_or_committed_while_a_run_goes_on_is_none_of_its_business(small):
    """False provenance: a value changed in the file while the stage ran."""
    driven = Driven(small, "one")
    driven.task("open")
    driven.task("draw")
    small.write("small/seed.txt", "2\n")
    (small.root / "small" / "dvc.yaml").write_text("stages: [")

    for name in ("left", "right", "join", "close"):
        driven.task(name)

    assert driven.joined() == "1 left\n1 right\n"


def test_two_runs_of_one_line_at_once_do_not_meet(small):
    one, two = Driven(small, "one"), None
    one.task("open")
    small.write("small/seed.txt", "2\n")
    two = Driven(small, "two")
    two.task("open")

    for name in ("draw", "left", "right", "join"):
        one.task(name)
        two.task(name)

    assert one.joined() == "1 left\n1 right\n"
    assert two.joined() == "2 left\n2 right\n"


def test_a_stage_of_a_users_own_that_fails_may_be_tried_again_and_what_came_before_it_stays(small):
    graph = (small.root / "small" / "dvc.yaml").read_text()
    small.write("small/dvc.yaml", graph.replace("cmd: cat", "cmd: echo no model; exit 1; cat"))
    driven = Driven(small, "one")
    for name in ("open", "draw", "left", "right"):
        driven.task(name)

    with pytest.raises(TemporaryError, match="no model"):
        driven.task("join")
    with pytest.raises(GateError, match=r"^join failed$"):
        driven.task("close")

    assert workspace.folder_of(settings(small.root), driven.run).exists()
    small.write("small/dvc.yaml", graph)
    again = Driven(small, "two")
    again.whole()
    assert again.joined() == "1 left\n1 right\n"
    assert small.ran == ["draw", "left", "right", "join"]  # what the failed run has made is used


def test_a_kill_between_two_branches_of_a_run_loses_neither_the_old_one_nor_its_values(
    small, monkeypatch
):
    driven = Driven(small, "one", version=True)
    monkeypatch.setattr(operators, "values_of", lambda *_: {"k": 2})
    driven.task("open")
    small.write("small/seed.txt", "2\n")
    monkeypatch.setattr(operators, "values_of", lambda *_: {})
    again = Driven(small, "one", version=True)
    with monkeypatch.context() as patch:
        patch.setattr(branch, "_replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            again.task("open")

    assert again.task("open") == "success"

    assert again.results["open"]["values"] == {"k": 2}
    assert small.git("rev-parse", f"{again.run.branch}@1")


def test_a_value_that_there_is_not_is_no_run_of_the_file_as_it_is(small):
    driven = Driven(small, "one", values={"train.epochs": 4, "train.epoch": 3, "note": "x"})
    driven.line = replace(driven.line, params={"train.epochs": {"type": "integer", "default": 4}})
    driven.dag = dag(driven.line, small.root)

    with pytest.raises(MistakeError) as said:
        driven.task("open")

    assert str(said.value) == (
        "note: no such value\ntrain.epoch: no such value; did you mean 'train.epochs'?\n"
        "trigger another run, whose conf has none of these"
    )


def marked(driven, *skipped):
    """Somebody has marked the run; what `close` says of it."""
    driven.states |= dict.fromkeys(skipped, "skipped")
    with pytest.raises(GateError) as said:
        driven.task("close")
    return str(said.value)


MARKED = "did not run, as somebody has marked the run: clear it to go on"


def test_a_run_that_is_marked_before_it_begins_is_not_whole(small):
    assert marked(Driven(small, "one"), "open", "draw", "left", "right", "join") == (
        f"open, join {MARKED}"
    )


def test_a_run_that_is_marked_between_two_stages_is_not_whole_and_loses_nothing(small):
    driven = Driven(small, "one")
    for name in ("open", "draw", "left"):
        driven.task(name)

    assert marked(driven, "right", "join") == f"join {MARKED}"
    again = Driven(small, "two")
    again.whole()
    assert small.ran == ["draw", "left", "right", "join"]


def test_a_run_of_which_a_stage_is_restored_is_whole(settled):
    driven = Driven(settled, "two")
    driven.task("open")

    assert [driven.task(name) for name in ("join", "close")] == ["skipped", "success"]


def test_a_run_that_has_nothing_to_do_is_whole(settled):
    states = Driven(settled, "two").whole()

    assert (states["join"], states["close"]) == ("skipped", "success")


def test_a_stage_in_the_middle_that_somebody_skips_is_made_up_for(small):
    driven = Driven(small, "one")
    driven.task("open")
    driven.states |= dict.fromkeys(("draw", "left"), "skipped")

    assert [driven.task(name) for name in ("right", "join", "close")] == ["success"] * 3
    assert driven.joined() == "1 left\n1 right\n"


def test_a_run_that_is_cleared_on_a_newer_commit_begins_anew(small):
    driven = Driven(small, "one", version=True)
    driven.whole()
    before = small.git("rev-parse", driven.run.branch)
    small.write("small/seed.txt", "2\n")
    again = Driven(small, "one", version=True)

    again.whole()

    assert again.joined() == "2 left\n2 right\n"
    assert small.git("rev-parse", f"{driven.run.branch}@1") == before


def test_a_task_that_is_cleared_alone_on_a_newer_commit_says_so(small):
    driven = Driven(small, "one", version=True)
    driven.task("open")
    driven.task("draw")
    small.write("small/seed.txt", "2\n")
    again = Driven(small, "one", version=True)

    with pytest.raises(GateError, match="`open`, too, or trigger another run"):
        again.task("left")

    assert small.ran == ["draw"]


def test_a_stage_whose_host_is_lost_goes_on_at_another(small, monkeypatch, tmp_path):
    driven = Driven(small, "one")
    for name in ("open", "draw", "left"):
        driven.task(name)

    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "elsewhere"))
    for name in ("right", "join", "close"):
        driven.task(name)

    assert sorted(small.ran) == ["draw", "join", "left", "right"]
    assert driven.joined() == "1 left\n1 right\n"


def test_a_task_that_is_run_again_finds_its_work_done(small):
    driven = Driven(small, "one")
    driven.task("open")
    driven.task("draw")

    assert driven.task("draw", try_number=2) == "success"
    assert small.ran == ["draw"]


def test_opening_a_run_again_changes_nothing(small):
    driven = Driven(small, "one")
    driven.task("open")
    driven.task("draw")
    tip = small.git("rev-parse", driven.run.branch)

    driven.task("open", try_number=2)

    assert small.git("rev-parse", driven.run.branch) == tip


def test_a_stage_sees_none_of_airflows_secrets(small, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "hush-hush")
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "hush-hush")
    monkeypatch.setenv("AIRFLOW_CONN_GIT", "https://user:hush-hush@example.com")
    monkeypatch.setenv("AIRFLOW_VAR_TOKEN", "hush-hush")
    seen = small.root.parent / "seen.txt"
    graph = (small.root / "small" / "dvc.yaml").read_text()
    small.write("small/dvc.yaml", graph.replace("cmd: echo", f"cmd: env > {seen}; echo", 1))
    driven = Driven(small, "one")
    driven.task("open")

    driven.task("draw")

    assert "hush-hush" not in seen.read_text()
    assert "AIRFLOW_CTX_DAG_RUN_ID=one" in seen.read_text()


def test_a_stage_does_not_see_the_address_that_failures_are_told_to(small, monkeypatch):
    monkeypatch.setenv("HOOK", "https://hooks.example.com/hush-hush")
    seen = small.root.parent / "seen.txt"
    graph = (small.root / "small" / "dvc.yaml").read_text()
    small.write("small/dvc.yaml", graph.replace("cmd: echo", f"cmd: env > {seen}; echo", 1))
    driven = Driven(small, "one")
    driven.dag = dag(replace(driven.line, airflow={"webhook": {"on_failure": "HOOK"}}), small.root)
    driven.task("open")

    driven.task("draw")

    assert "PATH=" in seen.read_text()
    assert "hush-hush" not in seen.read_text()


def test_values_are_never_templates():
    assert Open.template_fields == Close.template_fields == ()
