"""A run, task by task, over a real repository: what is run, what is skipped, what is left."""

import shutil
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped
from airflow_line import Small

from dags import branch, operators, workspace
from dags.branch import Run
from dags.building import dag
from dags.graph import read
from dags.operators import Close, Open
from dags.repro import GateError, TemporaryError
from dags.settings import settings


@pytest.fixture
def small(tmp_path, monkeypatch):
    project = Small(tmp_path)
    for name, value in project.environment(tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    return project


class Events:
    """What Airflow gives a task for its outlets."""

    def __init__(self):
        self.added = []

    def add(self, asset, extra):
        self.added.append((asset.name, extra))


class Driven:
    """Runs the tasks of a DAG one after the other, as Airflow would, with the tasks' own states.

    Args:
        small: The project.
        run_id: Of the run.
        values: Of the form.
        version: Whether the bundle of the DAG file has versions, as git's has.
    """

    def __init__(self, small, run_id, values=None, version=False):
        self.small, self.run = small, Run("small", run_id)
        self.version = small.git("rev-parse", "HEAD") if version else None
        [self.line] = read(small.root)
        self.dag = dag(self.line, small.root)
        self.states, self.results, self.skipped = {}, {}, set()
        self.params = values or {}

    def task(self, name, try_number=1):
        """Runs one task; its state."""
        task = self.dag.get_task(name)
        instance = SimpleNamespace(
            task_id=name,
            dag_id="small",
            try_number=try_number,
            bundle_instance=SimpleNamespace(version=self.version),
            get_task_states=lambda **_: {self.run.id: dict(self.states)},
            xcom_pull=lambda **_: None,
        )
        context = {
            "run_id": self.run.id,
            "ti": instance,
            "params": self.params,
            "logical_date": None,
            "outlet_events": defaultdict(Events),
        }
        try:
            self.results[name] = type(task).execute.__wrapped__(task, context)
            self.states[name] = "success"
        except DownstreamTasksSkipped as skipped:
            self.skipped |= set(skipped.tasks)
            self.states[name] = "success"
        except AirflowSkipException:
            self.states[name] = "skipped"
        except Exception:
            self.states[name] = "failed"
            raise
        return self.states[name]

    def whole(self):
        """All tasks; those behind one that failed are not run, but the last is."""
        failed = False
        for task in self.dag.topological_sort():
            if task.task_id in self.skipped:
                self.states[task.task_id] = "skipped"
            elif failed and task.task_id != "close":
                self.states[task.task_id] = "upstream_failed"
            else:
                with suppress(GateError):
                    self.task(task.task_id)
                failed = failed or self.states[task.task_id] == "failed"
        return self.states

    def joined(self):
        """What the branch of the run has made, as a colleague gets it."""
        folder = self.small.root.parent / f"colleague {self.run.name}"
        self.small.git("clone", "-q", "-b", self.run.branch, str(self.small.root), str(folder))
        cache = str(self.small.root / ".dvc" / "cache")
        self.small.run("dvc", "cache", "dir", "--local", cache, folder=folder)
        self.small.run("dvc", "checkout", "-q", "small/dvc.yaml", folder=folder)
        return (folder / "small" / "joined.txt").read_text()


def test_a_run_is_what_dvc_repro_would_have_made(small):
    driven = Driven(small, "one")

    states = driven.whole()

    assert set(states.values()) == {"success"}
    assert sorted(small.ran) == ["draw", "join", "left", "right"]
    assert driven.joined() == "1 left\n1 right\n"
    assert small.git("status", "--porcelain") == ""
    assert not workspace.folder_of(settings(small.root), driven.run).exists()


def test_a_day_on_which_nothing_changed_skips_all_stages(small):
    Driven(small, "one").whole()
    second = Driven(small, "two")

    states = second.whole()

    assert states == {
        "open": "success",
        "draw": "skipped",
        "left": "skipped",
        "right": "skipped",
        "join": "skipped",
        "close": "success",
    }
    assert len(small.ran) == 4
    assert second.joined() == "1 left\n1 right\n"


def test_what_changed_runs_and_what_comes_after_it(small):
    Driven(small, "one").whole()
    graph = (small.root / "small" / "dvc.yaml").read_text()
    small.write("small/dvc.yaml", graph.replace("s/drawn/left/", "s/drawn/links/"))
    second = Driven(small, "two")

    states = second.whole()

    assert {name for name, state in states.items() if state == "skipped"} == {"draw", "right"}
    assert small.ran[4:] == ["left", "join"]
    assert second.joined() == "1 links\n1 right\n"


def test_a_change_that_makes_the_same_runs_nothing_behind_it(small):
    Driven(small, "one").whole()
    graph = (small.root / "small" / "dvc.yaml").read_text()
    small.write("small/dvc.yaml", graph.replace("s/drawn/left/", "s/drawn/left/g"))
    second = Driven(small, "two")

    states = second.whole()

    assert (states["left"], states["join"]) == ("success", "skipped")
    assert small.ran[4:] == ["left"]


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
    driven.task("close")

    assert driven.results["close"]["failed"] == ["join"]
    assert workspace.folder_of(settings(small.root), driven.run).exists()
    small.write("small/dvc.yaml", graph)
    again = Driven(small, "two")
    again.whole()
    assert again.joined() == "1 left\n1 right\n"
    assert small.ran == ["draw", "left", "right", "join"]  # what the failed run has made is used


def test_data_that_are_lost_are_made_again_and_not_said_to_be_there(small):
    """dvc.lock has them, but neither the cache nor a remote: a day without changes was green."""
    Driven(small, "one").whole()
    shutil.rmtree(small.root / ".dvc" / "cache")
    second = Driven(small, "two")

    second.whole()

    assert sorted(small.ran[4:]) == ["draw", "join", "left", "right"]
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


def graph_of(small, text):
    """Another graph; its stages write their names into the log."""
    small.write("small/dvc.yaml", text.replace("LOG", str(small.log)))


def test_a_file_of_raw_data_that_dvc_tracks_as_a_folder_is_compared(small):
    (small.root / "raw").mkdir()
    (small.root / "raw" / "a.txt").write_text("1\n")
    small.run("dvc", "add", "-q", "raw")
    graph_of(
        small,
        "stages: {draw: {cmd: cat ../raw/a.txt > out && echo draw >> LOG, "
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
        "  draw: {cmd: mkdir d && cp seed.txt d/one.txt && echo draw >> LOG, deps: [seed.txt], "
        "outs: [d]}\n"
        "  left: {cmd: CMDcp d/one.txt left.txt && echo left >> LOG, deps: [d/one.txt], "
        "outs: [left.txt]}\n"
    )
    graph_of(small, text.replace("CMD", ""))
    Driven(small, "one").whole()
    small.write("small/seed.txt", "2\n")
    graph_of(small, text.replace("CMD", "exit 1; "))
    with suppress(TemporaryError):
        Driven(small, "two").whole()
    graph_of(small, text.replace("CMD", ""))

    assert Driven(small, "three").whole()["left"] == "success"
    assert Driven(small, "four").whole()["left"] == "skipped"


def test_a_source_that_is_gone_is_said(small):
    Driven(small, "one").whole()
    small.git("rm", "-q", "small/seed.txt")
    small.commit("gone")

    with pytest.raises(GateError, match=r"draw reads small/seed.txt, which is neither in git nor"):
        Driven(small, "two").task("open")


def test_what_dvc_keeps_no_copy_of_is_on_the_branch_and_goes_on_from_run_to_run(small):
    graph_of(
        small,
        "stages: {draw: {cmd: cp seed.txt out && cp out m.json && echo draw >> LOG, "
        "deps: [seed.txt], outs: [out], metrics: [m.json: {cache: false}]}}",
    )
    first, second = Driven(small, "one"), Driven(small, "two")

    first.whole()
    second.whole()

    assert second.states["draw"] == "skipped"
    for run in (first.run, second.run):
        assert small.git("show", f"{run.branch}:small/m.json") == "1"


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
    two.task("close")

    assert Driven(small, "three").whole()["join"] == "skipped"


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
