"""A task is killed anywhere: what is published stays, and the next task goes on."""

import os
import random
import signal
import subprocess
import sys
import time

import psutil
import pytest
import yaml
from project import IDENTITY, ROOT

from dags import branch, locks, workspace
from dags.branch import Run, Terms
from dags.git import HELD, GitError, git
from dags.repro import guarded
from dags.settings import Settings

RUN = Run("small", "one")
OTHER = """
import sys, time
from pathlib import Path
from dags import workspace
from tests.dags.test_killed import RUN, entry, here, write

settings, source, name = here(Path(sys.argv[1])), Path(sys.argv[2]), sys.argv[3]
print("begun", flush=True)
with workspace.taken(settings, RUN, source) as folder:
    write(folder, name, entry(name))
    branch.publish(folder, RUN, name)
"""


def here(home):
    return Settings(str(home / "origin.git"), home, home / "cache", None, "", "")


def entry(text):
    return {"cmd": f"make {text}", "outs": [{"path": text, "md5": text * 32}]}


def write(folder, name, value):
    """As DVC does, in place."""
    file = folder / "dvc.lock"
    there = yaml.safe_load(file.read_text())
    there["stages"][name] = value
    file.write_text(yaml.safe_dump(there))


@pytest.fixture
def home(tmp_path):
    """A worker's folder, with the repository and a checkout of it."""
    source = tmp_path / "source"
    source.mkdir()
    git(source, "init", "-q", "-b", "main")
    (source / "dvc.lock").write_text(yaml.safe_dump({"schema": "2.0", "stages": {}}))
    (source / "dvc.yaml").write_text("stages: {}\n")
    git(source, "add", "-A")
    git(source, *IDENTITY, "commit", "-qm", "start")
    git(tmp_path, "clone", "-q", "--bare", "source", "origin.git")
    with workspace.taken(here(tmp_path), RUN, source) as folder:
        branch.opened(folder, RUN, Terms(git(source, "rev-parse", "HEAD")), {})
    return tmp_path


def taken(home):
    return workspace.taken(here(home), RUN, home / "source")


def published(home):
    """By the name of its stage, what the branch has."""
    return yaml.safe_load(git(home / "origin.git", "show", f"{RUN.branch}:dvc.lock"))["stages"]


def begun(home, *names):
    """Other tasks of the run, each in a process of its own, at the same moment."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER, str(home), str(home / "source"), name],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        for name in names
    ]
    assert [process.stdout.readline() for process in processes] == ["begun\n" for _ in names]
    return processes


def undisturbed_s(home):
    """Seconds that two tasks of the run take side by side."""
    two = begun(home, "left", "right")
    start = time.monotonic()
    for process in two:
        process.communicate()
    return time.monotonic() - start


def test_nothing_published_is_lost_whenever_two_tasks_are_killed(home):
    chance = random.Random(0)  # noqa: S311
    whole_s = undisturbed_s(home)
    seen = {}
    killed = 0

    for turn in range(12):
        two = begun(home, f"stage{2 * turn}", f"stage{2 * turn + 1}")
        time.sleep(chance.uniform(0, whole_s))
        for process in two:
            with_git = chance.random() < 0.5
            if process.poll() is None:
                (os.killpg if with_git else os.kill)(process.pid, signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            process.stdout.close()
        now = published(home)
        assert {name: now.get(name) for name in seen} == seen
        seen = now

    assert killed > 3
    for _ in workspace.unpublished(home / "workspaces" / "small" / "one"):
        with taken(home) as folder:
            branch.publish(folder, RUN, "what the killed have left")
    with taken(home) as folder:
        write(folder, "last", entry("last"))
        branch.publish(folder, RUN, "last")
    assert published(home)["last"] == entry("last")
    assert {name: value for name, value in published(home).items() if name in seen} == seen
    limit = time.monotonic() + 60  # for what a killed task has started
    while not workspace.end(here(home), RUN, is_good=True) and time.monotonic() < limit:
        time.sleep(0.1)
    assert list((home / "workspaces" / "small").iterdir()) == []


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock", "refs/remotes/origin/run.lock"])
def test_a_lock_that_a_killed_git_has_left_stops_nobody(home, name):
    with taken(home) as folder:
        (folder / ".git" / name).touch()

    with taken(home) as folder:
        write(folder, "a", entry("a"))
        branch.publish(folder, RUN, "a")

    assert published(home) == {"a": entry("a")}


def test_a_list_of_locks_that_dvc_has_written_half_stops_nobody(home):
    with taken(home) as folder:
        busy = folder / ".dvc" / "tmp" / "rwlock"
        busy.parent.mkdir(exist_ok=True)
        busy.write_text('{"read": {"/a": [{"pid": 1, "cm')

    with taken(home):
        assert not busy.exists()


def test_a_half_of_a_clone_is_made_anew_and_the_users_own_repository_is_not_touched(home):
    git(home, "init", "-q")
    (home / "mine.txt").write_text("not committed")
    with taken(home) as folder:
        pass
    (folder / ".git" / "HEAD").unlink()

    with taken(home) as again:
        assert git(again, "rev-parse", "--abbrev-ref", "HEAD") == RUN.branch

    assert (home / "mine.txt").read_text() == "not committed"
    assert git(home, "for-each-ref") == ""


def test_what_a_stage_has_written_outlives_a_kill_between_two_tips(home, monkeypatch):
    with taken(home) as folder:
        write(folder, "a", entry("a"))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(locks, "overlay", killed)
        with pytest.raises(KeyboardInterrupt):
            taken(home).__enter__()
    with taken(home) as folder:
        branch.publish(folder, RUN, "a")

    assert published(home) == {"a": entry("a")}


def test_what_was_published_first_stays_since_others_have_read_it(home):
    with taken(home) as late:
        with taken(home) as early:
            write(early, "a", entry("early"))
            branch.publish(early, RUN, "a")
        write(late, "a", entry("late"))
        write(late, "b", entry("b"))
        branch.publish(late, RUN, "a and b")

    assert published(home) == {"a": entry("early"), "b": entry("b")}


def test_an_old_clone_takes_nothing_back_that_others_have_published_since(home):
    with taken(home) as old:
        write(old, "a", entry("old"))
        with taken(home) as new:
            write(new, "a", entry("new"))
            branch.publish(new, RUN, "a")

    with taken(home) as folder:
        assert folder == old
        branch.publish(folder, RUN, "nothing")

    assert published(home) == {"a": entry("new")}


def test_half_of_what_dvc_was_writing_is_not_published(home):
    with taken(home) as folder:
        write(folder, "a", entry("a"))
        branch.publish(folder, RUN, "a")
        text = (folder / "dvc.lock").read_text()
        (folder / "dvc.lock").write_text(text[: text.index("path: a") + 6])

    with taken(home) as folder:
        branch.publish(folder, RUN, "nothing")

    assert published(home) == {"a": entry("a")}


def test_a_clone_is_in_use_until_the_last_command_of_a_killed_task_has_ended(home):
    code = (
        "import sys, signal, time; signal.signal(signal.SIGINT, lambda *_: None); "
        "print('begun', flush=True); time.sleep(3)"
    )
    process = os.fork()
    if process == 0:
        with taken(home) as folder:
            guarded(folder, os.environ, (home / "said").write_text, sys.executable, "-c", code)
        os._exit(0)
    limit = time.monotonic() + 60
    while (
        not ((home / "said").exists() and (home / "said").read_text()) and time.monotonic() < limit
    ):
        time.sleep(0.05)

    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)

    with taken(home) as folder:
        assert folder.name == "1"
    while folder.name == "1" and time.monotonic() < limit:
        with taken(home) as folder:
            pass
    assert folder.name == "0"
    assert set() == HELD


def test_a_task_ends_with_its_supervisor_and_the_command_with_the_task(home):
    code = "import os, time; print(os.getpid(), os.getppid(), flush=True); time.sleep(600)"
    supervisor = os.fork()
    if supervisor == 0:
        if os.fork() == 0:
            guarded(home, os.environ, (home / "said").write_text, sys.executable, "-c", code)
        os.wait()
        os._exit(0)
    limit = time.monotonic() + 60
    while (
        not ((home / "said").exists() and (home / "said").read_text()) and time.monotonic() < limit
    ):
        time.sleep(0.05)
    command, guard = (psutil.Process(int(one)) for one in (home / "said").read_text().split())
    all_of_them = [guard.parent(), guard, command]

    os.kill(supervisor, signal.SIGKILL)
    os.waitpid(supervisor, 0)

    assert psutil.wait_procs(all_of_them, timeout=60)[1] == []


def test_a_stage_is_known_to_be_of_this_run_whichever_try_has_made_it(home):
    last = git(home / "source", "rev-parse", "HEAD")
    with taken(home) as folder:
        write(folder, "a", entry("a"))
        branch.publish(folder, RUN, "a")

    with taken(home) as folder:
        made = branch.made(folder, RUN)
        assert locks.has(made, "a")
        assert not locks.has(made, "start")
        assert last in git(folder, "log", "--format=%H")


def test_git_says_why_it_does_not_go_on(home):
    (home / "origin.git").rename(home / "away.git")

    with pytest.raises(GitError, match="does not appear to be a git repository") as caught:
        taken(home).__enter__()

    assert str(caught.value).startswith("git ls-remote: fatal: ")
