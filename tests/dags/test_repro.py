"""DVC under a guard: what its failures mean, locks that are waited for, and no orphans."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from airflow_line import Small

from dags import repro
from dags.git import OURS, GitError
from dags.repro import Done, GateError, MistakeError, TemporaryError

FAILED = "ERROR: failed to reproduce 'train@x': failed to run: python -m x, exited with {}"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(2, MistakeError, id="a mistake"),
        pytest.param(1, GateError, id="a gate"),
        pytest.param(75, TemporaryError, id="a server"),
        pytest.param(-9, TemporaryError, id="killed"),
        pytest.param(137, TemporaryError, id="killed below a shell"),
        pytest.param(139, TemporaryError, id="a crash"),
    ],
)
def test_the_status_of_a_stage_says_whether_to_try_again(status, error):
    done = Done(255, said=["Running stage 'train@x':", "the reason", FAILED.format(status)])

    with pytest.raises(error, match="the reason") as caught:
        done.check()

    assert type(caught.value) is error
    assert "failed to reproduce" not in str(caught.value)


def test_what_dvc_says_of_other_stages_is_no_word_of_the_one_that_was_killed():
    said = ["Stage 'tune@x' didn't change, skipping", "Pulling data for stage: 'tune@x'"]

    with pytest.raises(TemporaryError) as caught:
        Done(255, said=[*said, "Running stage 'train@x':", FAILED.format(-9)]).check()

    assert str(caught.value) == (
        "the stage was ended by signal 9 (SIGKILL), as the kernel does where memory is short"
    )


@pytest.mark.parametrize(
    ("status", "said", "sentence"),
    [
        pytest.param(
            *(255, ["WARNING: Process 7 had been killed.", FAILED.format(-15)]),
            "the stage was ended by signal 15 (SIGTERM)",
            id="a stage",
        ),
        pytest.param(
            *(255, ["Updating lock file 'dvc.lock'", "epoch 3", FAILED.format(129)]),
            "the stage was ended by signal 1 (SIGHUP): epoch 3",
            id="a stage below a shell",
        ),
        pytest.param(
            *(143, ["Generating lock file 'dvc.lock'"]),
            "DVC was ended by signal 15 (SIGTERM)",
            id="DVC",
        ),
        pytest.param(
            *(-9, ["epoch 3"]),
            "DVC was ended by signal 9 (SIGKILL), as the kernel does where memory is short: "
            "epoch 3",
            id="the guard",
        ),
        pytest.param(255, [FAILED.format(3)], "the stage ended with status 3", id="no signal"),
    ],
)
def test_a_signal_is_named(status, said, sentence):
    with pytest.raises(TemporaryError) as caught:
        Done(status, said=said).check()

    assert str(caught.value) == sentence


def test_a_git_that_was_killed_is_said_as_such():
    error = GitError(-9, ["git", *OURS, "clone", "-q", "x"], "", "")

    assert str(error) == "git clone was ended by signal 9 (SIGKILL)"


def test_a_dvc_that_is_killed_is_what_has_failed_and_not_the_stage_that_ends_with_it(small):
    graph = (small.root / "small" / "dvc.yaml").read_text()
    slow = f"{sys.executable} -c 'print(3, flush=True); import time; time.sleep(600)'"
    small.write("small/dvc.yaml", graph.replace("cmd: echo", f"cmd: {slow}; echo", 1))

    def end(text):
        if text == "3":
            [process] = [
                one
                for one in psutil.Process().children(recursive=True)
                if one.cmdline()[1:3] == ["-m", "dvc"]
            ]
            process.kill()

    env = {**os.environ, **small.environment(small.root.parent)}
    with pytest.raises(TemporaryError) as caught:
        repro.repro(small.root, "small/dvc.yaml:draw", env, end).check()

    assert str(caught.value) == (
        "DVC was ended by signal 9 (SIGKILL), as the kernel does where memory is short: 3"
    )


def test_what_dvc_itself_cannot_do_is_tried_again():
    with pytest.raises(TemporaryError, match="no space left"):
        Done(255, said=["ERROR: no space left on device"]).check()


def test_what_a_stage_says_of_locks_and_statuses_is_not_taken_for_dvcs_words():
    said = ["Unable to acquire lock of apt", "worker 3 exited with 1"]

    assert not Done(255, said=[*said, FAILED.format(1)]).is_locked
    with pytest.raises(TemporaryError, match="reset"):
        Done(255, said=[*said, "ERROR: Connection reset by peer"]).check()


def test_a_mistake_is_no_temporary_error_for_the_policy():
    assert issubclass(MistakeError, GateError)
    assert not issubclass(TemporaryError, GateError)


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)


def reproduced(small, stage, *options):
    said = []
    env = {**os.environ, **small.environment(small.root.parent)}
    done = repro.repro(small.root, f"small/dvc.yaml:{stage}", env, said.append, *options)
    return done, said


def test_a_stage_runs_with_what_comes_before_it_and_then_not_again(small):
    first, _ = reproduced(small, "left")
    second, _ = reproduced(small, "left")

    assert first.ran == ["small/dvc.yaml:draw", "small/dvc.yaml:left"]
    assert (second.status, second.ran) == (0, [])
    assert small.ran == ["draw", "left"]


def test_a_lock_of_dvcs_that_another_has_for_long_is_waited_for(small):
    """For more than the three seconds that DVC waits by itself."""
    path = small.root / ".dvc" / "tmp" / "lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        threading.Timer(6, lambda: fcntl.flock(file, fcntl.LOCK_UN)).start()
        done, _ = reproduced(small, "draw")

    assert done.status == 0
    assert small.ran == ["draw"]


def test_a_stage_that_another_dvc_is_busy_with_is_waited_for(small):
    slow = (
        (small.root / "small" / "dvc.yaml").read_text().replace("cmd: echo", "cmd: sleep 5; echo")
    )
    small.write("small/dvc.yaml", slow)
    env = {**os.environ, **small.environment(small.root.parent)}
    command = [sys.executable, "-m", "dvc", "repro", "small/dvc.yaml:draw"]
    with subprocess.Popen(command, cwd=small.root, env=env, stdout=subprocess.DEVNULL) as other:
        rwlock = small.root / ".dvc" / "tmp" / "rwlock"
        while not rwlock.exists() or '"pid"' not in rwlock.read_text():
            time.sleep(0.05)

        done, said = reproduced(small, "left")

    assert other.returncode == 0
    assert done.status == 0
    assert any("waiting" in line for line in said)
    assert small.ran == ["draw", "left"]


def test_nothing_that_is_said_becomes_code(small, tmp_path):
    done = repro.guarded(tmp_path, os.environ, [].append, "echo", f"$(touch {tmp_path}/x); `id`")

    assert done.said == [f"$(touch {tmp_path}/x); `id`"]
    assert not (tmp_path / "x").exists()


WAITING = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from dags import repro
from dags.git import OURS, GitError
print(repro.guarded(Path("."), {{"PATH": "/usr/bin:/bin"}}, lambda _: None, *{command!r}).status)
"""
STAGE = ["sh", "-c", "setsid sleep 900 & (sleep 901 & exec sleep 902)"]


def waiting(command):
    """A process that waits for a command under the guard, and all that is below it."""
    root = str(Path(__file__).parents[2])
    code = WAITING.format(root=root, command=command)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    below = psutil.Process(process.pid)
    while len([one for one in below.children(recursive=True) if one.name() == "sleep"]) < 3:
        time.sleep(0.05)
    return process, below.children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_whatever_ends_the_runner_nothing_of_the_stage_goes_on(number):
    process, below = waiting(STAGE)

    process.send_signal(number)
    process.wait()
    process.stdout.close()

    _gone, alive = psutil.wait_procs(below, timeout=60)
    assert alive == []


def test_a_stage_is_asked_to_end_before_it_is_killed(tmp_path):
    """As Ctrl-C asks: it writes down where it is, and ends its MLflow run."""
    code = (
        "import sys, time\n"
        "try:\n    time.sleep(900)\n"
        f"except KeyboardInterrupt:\n    open({str(tmp_path / 'said')!r}, 'w').write('ended')\n"
    )
    command = [sys.executable, "-c", code]
    root = str(Path(__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", WAITING.format(root=root, command=command)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    parent = psutil.Process(process.pid)
    while len(parent.children(recursive=True)) < 2:
        time.sleep(0.05)
    time.sleep(1)  # until it sleeps
    below = parent.children(recursive=True)

    process.kill()
    process.wait()
    process.stdout.close()
    psutil.wait_procs(below, timeout=60)

    assert (tmp_path / "said").read_text() == "ended"


def test_the_status_of_a_command_is_that_of_the_guard(tmp_path):
    done = repro.guarded(tmp_path, os.environ, [].append, "sh", "-c", "echo why; exit 7")

    assert (done.status, done.said) == (7, ["why"])


def test_the_output_that_is_kept_has_an_end(tmp_path):
    seen = []

    done = repro.guarded(tmp_path, os.environ, seen.append, "seq", "5000")

    assert len(seen) == 5000
    assert done.said[-1] == "5000"
    assert len(done.said) == repro.KEPT
