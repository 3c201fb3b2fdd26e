"""Processes leave nothing behind, however they end."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from project import ROOT

WORK = '''
import os, subprocess, sys, time
from pathlib import Path
from scripts.parts import processes

DEEP = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
PART = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {DEEP!r}], start_new_session=True)
time.sleep(600)
"""

def work():
    processes.start([sys.executable, "-c", PART], os.environ, Path(sys.argv[1], "log"))
    Path(sys.argv[1], "work").write_text(str(os.getpid()))
    time.sleep(600)
    return 0

processes.GRACE_S = 1
sys.exit(processes.guarded(work))
'''


def until(what):
    """Waits for something; the limit is there for a machine on which it never comes."""
    begun = time.monotonic()
    while not (found := what()):
        assert time.monotonic() - begun < 60
        time.sleep(0.05)
    return found


@pytest.fixture
def tree(tmp_path):
    """A guard, its work, a part, and below that a process in a session of its own, deaf to TERM."""
    command = [sys.executable, "-c", WORK, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as guard:
        below = psutil.Process(guard.pid)
        until(lambda: len(below.children(recursive=True)) == 3)
        work = int(until(lambda: (tmp_path / "work").exists() and (tmp_path / "work").read_text()))
        time.sleep(0.5)  # for the deaf one to become so
        yield guard, work, below.children(recursive=True)
        guard.kill()


@pytest.mark.parametrize(
    ("is_guard", "number"),
    [
        pytest.param(True, signal.SIGTERM, id="the guard is asked to"),
        pytest.param(False, signal.SIGTERM, id="the work is asked to"),
        pytest.param(False, signal.SIGKILL, id="the work is killed"),
    ],
)
def test_nothing_is_left_whoever_ends(tree, is_guard, number):
    guard, work, others = tree

    os.kill(guard.pid if is_guard else work, number)
    guard.wait()

    assert [one for one in others if one.is_running()] == []


def test_a_signal_is_the_status_and_is_said(tree):
    guard, work, _ = tree

    os.kill(work, signal.SIGKILL)

    assert guard.wait() == 128 + signal.SIGKILL
    assert guard.stderr.read() == (
        "Airflow's supervisor was ended by signal 9 (SIGKILL); "
        "Airflow ends with it, and its runs go on when it is started again\n"
    )
