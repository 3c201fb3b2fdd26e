"""What `millrace run` says of DVC's output, and of how a run ended."""

import io
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import psutil
import pytest
from project import ROOT
from rich.console import Console

from components.base.errors import Invalid, Stop, Unavailable
from components.cli import run, summary
from components.register import run as register

BUSY = "ERROR: failed to reproduce '{}': 'data/code' is busy, it is being blocked by:"
OTHER = "  (PID 7): /bin/dvc repro --single-item fingerprint ingest@b validate@b"
FINDING = "accuracy 0.9926, " * 8
SAID = """\
Stage 'ingest@a' didn't change, skipping
Stage 'validate@a' is cached - skipping run, checking out outputs
Running stage 'train@a':
> python -m components.train: pipelines/a.yaml
a: epoch 3 of 40: loss 0.3

Running stage 'evaluate@a':
"""
FAKE = """\
import json, pathlib, sys, time

calls = pathlib.Path("calls")
before = calls.read_text().splitlines() if calls.exists() else []
calls.write_text("\\n".join([*before, " ".join(sys.argv[1:])]))
said, status = {answers!r}[len(before)]
first, gap, rest = said.partition("\\n\\n")
print(first, end="", flush=True)
time.sleep(0.3)
pathlib.Path("measured/a/train.json").write_text(json.dumps({{"finding": {finding!r}}}))
print(gap + rest, end="")
sys.exit(status)
"""


SLEEPS = """\
import os, subprocess, sys, time

with open("pids", "a") as file:
    file.write(f"{os.getpid()}\\n")
if len(sys.argv) > 2:
    subprocess.run([sys.executable, "-m", "dvc", "stage"])
time.sleep(300)
"""
ALONE = """\
import sys

sys.path.insert(0, sys.argv[1])
from components.cli import run

run.fingerprints, run.active, run.check_merged = lambda *_: {}, lambda: ["a"], lambda: None
run.run(["a"], pull=False, force=False)
"""


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch):
    """Those of the tests stay as they are."""
    monkeypatch.setattr(run.guard, "exit_on", lambda *_: None)


@pytest.fixture
def dvc(tmp_path, monkeypatch):
    """Stands for DVC, which then says something and ends with a status, call by call."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "fingerprints", lambda *_: {})
    monkeypatch.setattr(run, "active", lambda: ["a", "b"])
    monkeypatch.setattr(register, "register", lambda *_: [])
    monkeypatch.setattr(summary, "show", lambda *_: None)
    (tmp_path / "measured/a").mkdir(parents=True)
    (tmp_path / "dvc").mkdir()
    (tmp_path / "dvc/__init__.py").touch()

    def answers(*given):
        text = FAKE.format(answers=given, finding=FINDING)
        (tmp_path / "dvc/__main__.py").write_text(text)

    return answers


def calls():
    with open("calls") as file:
        return [line.split() for line in file]


def test_a_run_says_a_line_for_each_stage_that_ran(dvc, tmp_path, capsys):
    dvc((SAID, 0))

    run.run(["a"], pull=False, force=False)

    restored, train, rest = capsys.readouterr().out.splitlines()
    assert restored == "validate@a             restored"
    assert train.startswith("train@a ")
    assert train.endswith(f" s  {FINDING}")
    assert rest == "1 stage is up to date"
    assert (tmp_path / "measured/a/run.log").read_text() == SAID


def test_it_asks_for_each_stage_alone(dvc):
    dvc(("", 0))

    run.run(["a", "b"], pull=True, force=True)

    (call,) = calls()
    first = ["--wait-for-lock", "repro", "--single-item", "--pull", "--force", "fingerprint"]
    assert call[:6] == first
    assert call[6:] == [f"{stage}@{name}" for name in ("a", "b") for stage in run.USES]


def test_a_fingerprint_that_another_run_holds_is_left_to_it(dvc):
    dvc((f"{BUSY.format('fingerprint')}\n{OTHER}\n", 255), ("", 0))

    run.run(["a"], pull=False, force=False)

    first, second = calls()
    assert second == [one for one in first if one != "fingerprint"]


def test_where_a_stage_meets_the_fingerprint_of_another_run_it_is_tried_again(dvc):
    said = f"Running stage 'ingest@a':\n{BUSY.format('validate@a')}\n{OTHER}\n"
    dvc((said, 255), (said, 255), ("", 0))

    run.run(["a"], pull=False, force=True)

    _, second, third = calls()
    assert second[1:5] == ["repro", "--single-item", "--force", "validate@a"]
    assert third == second


def test_fingerprints_that_another_run_has_removed_are_written_again(dvc, monkeypatch):
    kept = []
    monkeypatch.setattr(run, "keep", lambda found, out: kept.append(out))
    gone = "[Errno 2] No such file or directory: '/project/data/code/a/validate.json'"
    dvc((f"ERROR: failed to reproduce 'validate@a': {gone}\n", 255), ("", 0))

    run.run(["a"], pull=False, force=False)

    _, second = calls()
    assert second[3] == "validate@a"
    assert kept == [run.CODE, run.CODE]


def test_each_stage_that_waits_has_all_the_time_that_there_is(dvc, monkeypatch):
    now = 0

    def sleep(seconds):
        nonlocal now
        now += seconds

    clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep, time=time.time)
    monkeypatch.setattr(run, "time", clock)
    monkeypatch.setattr(run, "LIMIT_S", 2)
    said = {
        stage: (f"Running stage 'x':\n{BUSY.format(f'{stage}@a')}\n{OTHER}\n", 255)
        for stage in ("validate", "train")
    }
    dvc(*[said[stage] for stage in ("validate", "validate", "train", "train")], ("", 0))

    run.run(["a"], pull=False, force=False)

    assert (len(calls()), now) == (5, 4)


def test_what_a_run_works_with_is_not_changed_under_it(dvc, monkeypatch):
    monkeypatch.setattr(run, "differing", lambda *_: ["a"])
    monkeypatch.setattr(run, "readers", {run.CODE / "a": [7, 8]}.get)
    monkeypatch.setattr(run, "keep", None)
    dvc()

    with pytest.raises(Unavailable, match=r"^a was changed while a run of it .* \(process 7\)"):
        run.run(["a"], pull=False, force=False)


def test_half_of_a_lock_file_is_said_to_be_so(dvc):
    dvc(("'./dvc.lock' validation failed.\n\nexpected a list, in stages\n", 255))

    with pytest.raises(Stop, match=r"a kill has left half of dvc\.lock: git checkout dvc\.lock"):
        run.run(["a"], pull=False, force=False)


@pytest.mark.parametrize(
    "met",
    [
        OTHER.replace("@b", "@a"),
        f"{OTHER}\n{OTHER.replace('@b', '@a')}",
        "  (PID 7): dvc repro",
        "  (PID 7): dvc repro --single-item",
    ],
)
def test_another_run_of_the_same_pipeline_is_not_waited_for(dvc, met):
    dvc((f"{BUSY.format('ingest@a')}\n{met}\n", 255))

    with pytest.raises(Stop, match="is busy"):
        run.run(["a"], pull=False, force=False)

    assert len(calls()) == 1


def test_another_run_is_not_waited_for_without_an_end(dvc, monkeypatch):
    monkeypatch.setattr(run, "LIMIT_S", 0)
    dvc((f"{BUSY.format('ingest@a')}\n{OTHER}\n", 255))

    with pytest.raises(Stop, match="is busy"):
        run.run(["a"], pull=False, force=False)

    assert len(calls()) == 1


@pytest.mark.parametrize("kind", [Invalid, Stop, Unavailable])
def test_mistakes_of_another_pipeline_are_shown_and_stop_nothing(dvc, monkeypatch, capsys, kind):
    def checked(_, names):
        if names == ["b"]:
            raise kind("pipelines/b.yaml:3: train.epochs: missing")
        return {}

    monkeypatch.setattr(run, "fingerprints", checked)
    dvc(("", 0))

    run.run(["a"], pull=False, force=False)

    said = "pipelines/b.yaml:3: train.epochs: missing\n(that is not of this run)\n"
    assert capsys.readouterr().out == said
    (call,) = calls()
    assert "fingerprint" not in call


@pytest.mark.parametrize(
    "said", ["ERROR: 'data/a' is busy, it is being blocked by:\n", "Running stage 'x':\n> y\nno\n"]
)
def test_a_stage_that_fails_ends_the_run_with_what_it_said(dvc, said):
    dvc((said, 1))

    with pytest.raises(Stop) as error:
        run.run(["a"], pull=False, force=False)

    assert str(error.value) == f"{said.splitlines()[-1]}\nthe whole log is in measured/a/run.log"
    assert len(calls()) == 1


SHORT = ", as the kernel does where memory is short"


@pytest.mark.parametrize(
    ("status", "kind", "what"),
    [
        (1, Stop, "failed"),
        (2, Invalid, "failed"),
        (75, Unavailable, "failed"),
        (139, Unavailable, "was ended by signal 11 (SIGSEGV)"),
        (-9, Unavailable, f"was ended by signal 9 (SIGKILL){SHORT}"),
    ],
)
def test_a_run_ends_with_the_status_of_its_stage_and_without_its_command(dvc, status, kind, what):
    command = "python -m components.train --pipeline pipelines/a.yaml"
    dvc_says = f"ERROR: failed to reproduce 'train@a': failed to run: {command}, exited with "
    dvc((f"Running stage 'train@a':\n> {command}\nno room\n{dvc_says}{status}\n", 255))

    with pytest.raises(Stop) as error:
        run.run(["a"], pull=False, force=False)

    assert type(error.value) is kind
    assert str(error.value) == (f"no room\ntrain@a {what}\nthe whole log is in measured/a/run.log")


def test_where_a_signal_ends_dvc_itself_that_is_said(dvc):
    dvc(("Running stage 'train@a':\n", 143))

    with pytest.raises(Unavailable) as error:
        run.run(["a"], pull=False, force=False)

    said = "DVC was ended by signal 15 (SIGTERM)\nthe whole log is in measured/a/run.log"
    assert str(error.value) == said


def test_a_run_beside_a_file_with_mistakes_is_whole(project, monkeypatch, capsys):
    project.millrace("new", "flowers", "--from", "digits")
    project.edit("pipelines/flowers.yaml", ("epochs: 40", "epochs: none"))
    monkeypatch.chdir(project.root)
    monkeypatch.setattr(run, "USES", ("ingest",))
    monkeypatch.setattr(register, "register", lambda *_: [])
    monkeypatch.setattr(summary, "show", lambda *_: None)

    run.run(["digits"], pull=False, force=False)

    assert project.read("data/digits/raw/dataset.json")["counts"]
    assert "train.epochs" in capsys.readouterr().out


def test_two_runs_at_once_are_each_told_their_own_last_words(dvc, tmp_path):
    dvc(("Running stage 'train@b':\n\nno room in b\n", 1), ("Running stage 'train@a':\n", 0))

    with pytest.raises(Stop) as error:
        run.run(["b"], pull=False, force=False)
    run.run(["a"], pull=False, force=False)

    assert str(error.value) == "no room in b\nthe whole log is in measured/b/run.log"
    assert (tmp_path / "measured/b/run.log").read_text().endswith("no room in b\n")
    assert (tmp_path / "measured/a/run.log").read_text() == "Running stage 'train@a':\n"


def test_what_a_run_is_told_is_its_own_whatever_becomes_of_its_log(dvc, tmp_path, monkeypatch):
    follow = run._follow

    def meddled(lines, console):
        follow(lines, console)
        (tmp_path / "measured/a/run.log").write_text("of another run of the pipeline")

    monkeypatch.setattr(run, "_follow", meddled)
    dvc(("Running stage 'train@a':\n\nno room\n", 1))

    with pytest.raises(Stop) as error:
        run.run(["a"], pull=False, force=False)

    assert str(error.value) == "no room\nthe whole log is in measured/a/run.log"


@pytest.mark.parametrize(
    ("number", "expected"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, -2), (signal.SIGKILL, -9)],
)
def test_a_run_that_is_ended_leaves_nothing_running(dvc, tmp_path, number, expected):
    (tmp_path / "dvc/__main__.py").write_text(SLEEPS)
    started = subprocess.Popen([sys.executable, "-c", ALONE, str(ROOT)], cwd=tmp_path)
    pids = tmp_path / "pids"
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert started.poll() is None
        time.sleep(0.05)

    started.send_signal(number)
    status = started.wait()

    assert status == expected
    left = [
        psutil.Process(int(one)) for one in pids.read_text().split() if psutil.pid_exists(int(one))
    ]
    assert not psutil.wait_procs(left, timeout=20)[1]


def test_a_run_that_was_told_to_outlive_its_terminal_does(dvc, tmp_path):
    """As `nohup` does; a signal of another kind ends it."""
    (tmp_path / "dvc/__main__.py").write_text(SLEEPS)
    program = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + ALONE
    command = [sys.executable, "-c", program, str(ROOT)]
    started = subprocess.Popen(command, cwd=tmp_path, start_new_session=True)
    pids = tmp_path / "pids"
    while not pids.exists() or len(pids.read_text().split()) < 2:
        assert started.poll() is None
        time.sleep(0.05)

    os.killpg(started.pid, signal.SIGHUP)
    time.sleep(2)
    running = [psutil.pid_exists(int(one)) for one in pids.read_text().split()]
    left = started.poll()
    started.terminate()

    assert (running, left) == ([True, True], None)
    assert started.wait() == 143


def test_bytes_that_are_no_text_end_no_run(dvc, tmp_path, capsys):
    (tmp_path / "dvc/__main__.py").write_text("import os; os.write(1, b'caf\\xe9\\n')")

    run.run(["a"], pull=False, force=False)

    assert (tmp_path / "measured/a/run.log").read_text() == "caf\ufffd\n"


def test_while_a_stage_runs_its_last_words_are_shown(tmp_path, monkeypatch):
    shown = []

    class Screen(Console):
        def status(self, text):
            status = super().status(text)
            status.update = lambda text: shown.append(str(text))
            return status

    monkeypatch.chdir(tmp_path)
    lines = ["warming: up", "Running stage 'train@a':", "> python: x", " of: it", "a: epoch 3"]
    run._follow(iter(lines), Screen(file=io.StringIO()))

    assert shown == ["train@a ...", "train@a ... epoch 3"]


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        pytest.param(f"{BUSY}\n\n{OTHER}\n", f"{BUSY}\n{OTHER}", id="none"),
        pytest.param(
            "Running stage 'ingest@a':\n> python\n\nRunning stage 'train@a':\n> python\nno\n",
            "no",
            id="the last one",
        ),
    ],
)
def test_a_failed_run_shows_all_that_was_said_since_the_last_stage_began(log, shown):
    said = []
    list(run._kept(log.splitlines(keepends=True), io.StringIO(), said))

    assert run._tail(said) == shown
