"""A clone for each run, and the branch that carries dvc.lock."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import yaml
from airflow_line import Small

from dags import branch, locks, workspace
from dags.branch import Run, Terms
from dags.settings import Settings


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)


def settings_of(small, home="home", **others):
    """Of a worker with a folder of its own."""
    home = small.root.parent / home
    known = {
        "repository": str(small.root),
        "home": home,
        "cache": small.root / ".dvc" / "cache",
        "sources": None,
        "tracking": "",
        "page": "",
    }
    return Settings(**{**known, **others})


def begun(small, run, settings=None, files=None):
    """A run whose branch is there; its first clone."""
    settings = settings or settings_of(small)
    with workspace.taken(settings, run, small.root) as folder:
        branch.opened(folder, run, terms_of(small, folder, run), files or {})
    return folder


def terms_of(small, folder, run):
    return Terms(small.git("rev-parse", "HEAD"), {}, branch.last(folder, run))


def lock(folder, **stages):
    """Writes entries as DVC would."""
    file = folder / "small" / "dvc.lock"
    there = yaml.safe_load(file.read_text()) if file.exists() else {"schema": "2.0", "stages": {}}
    for name, value in stages.items():
        there["stages"][name] = {"cmd": name, "outs": [{"path": f"{name}.txt", "md5": value}]}
    file.write_text(yaml.safe_dump(there))


def published(small, run):
    """By stage, the hash that the branch in the repository has."""
    text = small.git("show", f"{run.branch}:small/dvc.lock")
    return {name: entry["outs"][0]["md5"] for name, entry in yaml.safe_load(text)["stages"].items()}


@pytest.mark.parametrize(
    "run_id",
    [
        pytest.param("manual__2026-11-22T03:20:51.123456+00:00", id="as Airflow names them"),
        pytest.param("a..b", id="two dots"),
        pytest.param(".hidden", id="a dot first"),
        pytest.param("x.lock", id="an ending of git's"),
        pytest.param("../../etc", id="a path"),
        pytest.param("$(touch x); `y` 'z' \"w\"", id="shell"),
        pytest.param("-rf", id="an option"),
        pytest.param("{{ 1 }}@{-1}~^:?*[\\", id="what git means something by"),
        pytest.param("ü 日本 \n", id="letters of the world"),
        pytest.param("x" * 300, id="long"),
        pytest.param("...", id="dots alone"),
    ],
)
def test_every_id_of_a_run_is_a_branch_and_a_folder_of_its_own(small, run_id):
    run = Run("digits", run_id)

    subprocess.run(["git", "check-ref-format", f"refs/heads/{run.branch}"], check=True)
    folder = workspace.folder_of(settings_of(small), run)
    assert folder.parent == settings_of(small).workspaces / "digits"
    assert begun(small, run).parent == folder


def test_two_ids_never_share_a_branch():
    ids = ["a:b", "a-b", "a b", "a/b", "a", "A", "a.", "a..", ".a", "a.lock", "x" * 101, "x" * 102]
    ids += ["m__2026-11-22T03:20:51+00:00", "m__2026-11-22T03-20-51+00-00", "", "-", "--"]

    branches = {Run("digits", one).branch for one in ids}

    assert len(branches) == len(ids)


def test_a_run_has_the_files_of_its_commit_whatever_is_saved_or_committed_meanwhile(small):
    run = Run("small", "one")
    begun(small, run)
    small.write("small/seed.txt", "2\n")
    (small.root / "small" / "seed.txt").write_text("3\n")

    with workspace.taken(settings_of(small), run, small.root) as folder:
        assert (folder / "small" / "seed.txt").read_text() == "1\n"


def test_nothing_happens_in_the_users_own_tree(small):
    before = small.git("status", "--porcelain"), small.git("rev-parse", "HEAD")

    folder = begun(small, Run("small", "one"))
    with workspace.taken(settings_of(small), Run("small", "one"), small.root):
        lock(folder, draw="1")
        branch.publish(folder, Run("small", "one"), "draw")

    assert (small.git("status", "--porcelain"), small.git("rev-parse", "HEAD")) == before
    assert small.git("branch", "--show-current") == "main"


def test_what_one_host_publishes_another_has(small):
    run = Run("small", "one")
    folder = begun(small, run)
    with workspace.taken(settings_of(small), run, small.root):
        lock(folder, draw="1")
        branch.publish(folder, run, "draw")

    with workspace.taken(settings_of(small, "elsewhere"), run, small.root) as other:
        assert locks.entry(other, "small/dvc.yaml:draw")["cmd"] == "draw"
        assert locks.outs(other, "small/dvc.yaml:draw") == {"draw.txt": "1"}
        assert not branch.is_own(other)  # it has the entries, and not the data


def test_two_tasks_of_a_run_on_one_host_never_share_a_clone(small):
    run = Run("small", "one")
    begun(small, run)

    with (
        workspace.taken(settings_of(small), run, small.root) as one,
        workspace.taken(settings_of(small), run, small.root) as other,
    ):
        assert one != other
        lock(one, left="1")
        lock(other, right="2")
        branch.publish(one, run, "left")
        branch.publish(other, run, "right")

    assert published(small, run) == {"left": "1", "right": "2"}


def test_of_many_tasks_that_publish_at_once_no_entry_is_lost(small):
    run, count = Run("small", "one"), 8
    begun(small, run)

    def publish(folder, number):
        for turn in range(3):
            lock(folder, **{f"stage{number}.{turn}": str(number)})
            branch.publish(folder, run, f"{number}.{turn}")

    with ExitStack() as hosts, ThreadPoolExecutor(count) as tasks:
        folders = [
            hosts.enter_context(
                workspace.taken(settings_of(small, f"host {number}"), run, small.root)
            )
            for number in range(count)
        ]
        list(tasks.map(publish, folders, range(count)))

    assert set(published(small, run)) == {f"stage{n}.{t}" for n in range(count) for t in range(3)}


def test_the_entry_that_a_task_has_written_last_wins_over_its_own_earlier_one(small):
    run = Run("small", "one")
    folder = begun(small, run)
    with workspace.taken(settings_of(small), run, small.root):
        lock(folder, draw="1")
        branch.publish(folder, run, "draw")
        lock(folder, draw="2")
        branch.publish(folder, run, "draw")

    assert published(small, run) == {"draw": "2"}


@pytest.mark.parametrize("has_committed", [False, True])
def test_what_was_done_before_a_kill_is_published_by_the_next_task(small, has_committed):
    """Killed between DVC and git, or between `git commit` and `git push`."""
    run = Run("small", "one")
    folder = begun(small, run)
    lock(folder, draw="1")
    if has_committed:
        small.git("add", "-A", folder=folder)
        small.git("commit", "-qm", "draw", folder=folder)

    with workspace.taken(settings_of(small), run, small.root) as again:
        branch.publish(again, run, "draw")

    assert again == folder
    assert published(small, run) == {"draw": "1"}


def test_a_clone_that_was_cut_short_is_made_again(small):
    run = Run("small", "one")
    settings = settings_of(small)
    partial = workspace.folder_of(settings, run) / "0.partial"
    (partial / ".git").mkdir(parents=True)
    (partial / ".git" / "HEAD").write_text("nonsense")

    folder = begun(small, run, settings)

    assert (folder / "small" / "dvc.yaml").exists()
    assert not partial.exists()


def test_the_next_run_begins_with_the_entries_of_the_last_one(small):
    first, second = Run("small", "one"), Run("small", "two")
    folder = begun(small, first)
    lock(folder, draw="1")
    branch.publish(folder, first, "draw")
    branch.settle(folder, first, branch.terms(folder, first), is_good=True)

    begun(small, second)

    assert published(small, second) == {"draw": "1"}


def test_entries_that_were_committed_since_come_before_those_of_the_last_run(small):
    first, second = Run("small", "one"), Run("small", "two")
    folder = begun(small, first)
    lock(folder, draw="1")
    branch.publish(folder, first, "draw")
    branch.settle(folder, first, branch.terms(folder, first), is_good=True)
    lock(small.root, draw="newer")
    small.commit("run by hand")

    begun(small, second)

    assert published(small, second) == {"draw": "newer"}


def test_the_last_run_of_one_line_is_nothing_to_another(small):
    folder = begun(small, Run("small", "one"))
    lock(folder, draw="1")
    branch.publish(folder, Run("small", "one"), "draw")
    what = branch.terms(folder, Run("small", "one"))
    branch.settle(folder, Run("small", "one"), what, is_good=True)

    begun(small, Run("other", "one"))

    assert "small/dvc.lock" not in small.git("ls-tree", "-r", "--name-only", "airflow/other/one")


def test_raw_data_outside_of_git_is_linked_and_the_tree_is_said_to_be_clean(small, tmp_path):
    (small.root / "sources" / "flowers").mkdir(parents=True)
    (small.root / "sources" / "flowers" / ".gitkeep").touch()
    (small.root / ".gitignore").write_text("/sources/*/*\n!/sources/*/.gitkeep\n")
    small.commit("a folder for sources")
    raw = tmp_path / "raw"
    (raw / "flowers" / "roses").mkdir(parents=True)
    (raw / "flowers" / "roses" / "a.jpg").write_text("a rose")
    folder = begun(small, Run("flowers", "one"))

    for _ in range(2):
        workspace.link_sources(settings_of(small, sources=raw), folder, "flowers")

    assert (folder / "sources" / "flowers" / "roses" / "a.jpg").read_text() == "a rose"
    assert small.git("status", "--porcelain", folder=folder) == ""
    with workspace.taken(settings_of(small), Run("flowers", "one"), small.root):
        assert (folder / "sources" / "flowers" / "roses" / "a.jpg").exists()


def test_raw_data_that_git_or_dvc_has_is_not_replaced(small, tmp_path):
    (small.root / "sources" / "flowers").mkdir(parents=True)
    small.write("sources/flowers/list.csv", "committed")
    (tmp_path / "raw" / "flowers").mkdir(parents=True)
    folder = begun(small, Run("flowers", "one"))

    workspace.link_sources(settings_of(small, sources=tmp_path / "raw"), folder, "flowers")

    assert (folder / "sources" / "flowers" / "list.csv").read_text() == "committed"


def test_a_workspace_goes_but_not_while_a_task_is_in_it(small):
    run, settings = Run("small", "one"), settings_of(small)
    begun(small, run)

    with workspace.taken(settings, run, small.root) as folder:
        assert not workspace.end(settings, run, is_good=True)
        assert (folder / "small" / "dvc.yaml").exists()
    assert workspace.end(settings, run, is_good=True)

    assert not workspace.folder_of(settings, run).exists()
    assert "airflow/small/one" in small.git("branch", "--list", run.branch)


def test_the_workspaces_of_the_last_failures_are_kept(small):
    settings = settings_of(small)
    begun(small, Run("small", "goes_on"), settings)
    for number in range(5):
        begun(small, Run("small", str(number)), settings)
        workspace.end(settings, Run("small", str(number)), is_good=False)

    names = {one.name for one in (settings.workspaces / "small").iterdir()}
    assert names == {"goes_on", "2", "3", "4"}


def test_a_workspace_whose_run_has_ended_unseen_goes_after_a_week(small):
    settings, week = settings_of(small), 7 * 24 * 3600
    for number in range(5):
        folder = begun(small, Run("small", str(number)), settings).parent
        for one in (folder, *folder.iterdir()):
            os.utime(one, (time.time() - week - 10 * (5 - number),) * 2)

    workspace.end(settings, Run("small", "4"), is_good=False)

    assert {one.name for one in (settings.workspaces / "small").iterdir()} == {"2", "3", "4"}


def test_a_repository_that_is_gone_is_an_error_and_the_work_stays(small):
    run = Run("small", "one")
    folder = begun(small, run)
    lock(folder, draw="1")
    small.root.rename(small.root.with_name("gone"))

    with pytest.raises(subprocess.CalledProcessError):
        branch.publish(folder, run, "draw")
    small.root.with_name("gone").rename(small.root)
    with workspace.taken(settings_of(small), run, small.root) as again:
        branch.publish(again, run, "draw")

    assert published(small, run) == {"draw": "1"}


def test_a_merge_conflict_in_a_lock_is_left_to_dvc(small):
    small.write("small/dvc.lock", "<<<<<<< ours\n")

    folder = begun(small, Run("small", "one"))

    assert branch.written(folder) == {}
