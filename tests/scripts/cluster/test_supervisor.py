"""Parts are held up, and end with whoever holds them, however that ends."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from project import ROOT

from scripts.cluster.state import Stop
from scripts.cluster.supervisor import Part, Supervisor, Wave

# A part that has a child of its own in another session, as a stage is.
HOLD = """
import os, sys, time
from pathlib import Path
from scripts.cluster.processes import guarded
from scripts.cluster.supervisor import Part, Supervisor, Wave
folder = Path(sys.argv[1])
pids = folder / "pids"
code = "import os,subprocess,sys,time\\n" \
    "child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\\n" \
    "open(sys.argv[1], 'w').write(f'{os.getpid()} {child.pid}')\\n" \
    "time.sleep(1000)"
def well():
    return len(pids.read_text().split()) == 2
def work():
    supervisor = Supervisor(folder / "logs")
    part = Part("part", [sys.executable, "-c", code, str(pids)], os.environ, well)
    try:
        supervisor.start([Wave([part])])
        print(os.getpid(), flush=True)
        supervisor.watch()
    except KeyboardInterrupt:
        return 0
    finally:
        supervisor.end()
import signal
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(guarded(work))
"""


def until(so):
    """Waits until something is so; a minute is for a machine that is busy."""
    limit = time.monotonic() + 60
    while not so():
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture
def supervisor(tmp_path):
    one = Supervisor(tmp_path / "logs")
    yield one
    one.end()


def test_the_next_wave_waits_until_the_first_is_well(supervisor, tmp_path):
    made = tmp_path / "made"
    first = Part(
        "first", ["sh", "-c", f"sleep 1; touch {made}; sleep 1000"], os.environ, made.exists
    )
    seen = []

    supervisor.start([Wave([first]), Wave([], before=lambda: seen.append(made.exists()))])

    assert seen == [True]


def test_a_killed_part_is_started_again_and_prepared_again(supervisor, capsys):
    prepared = []
    part = Part("part", ["sleep", "1000"], os.environ, lambda: True, lambda: prepared.append(1))
    supervisor.start([Wave([part])])
    (running,) = supervisor.waves[0]
    before = running.process.pid

    running.process.kill()
    until(lambda: supervisor.look() or len(prepared) == 2)

    assert running.process.pid != before
    assert capsys.readouterr().out == "part ended with -9; again in 1 s\n"


def test_a_part_that_never_comes_up_is_given_up_and_its_log_named(supervisor, tmp_path):
    part = Part("part", ["sh", "-c", "echo why; exit 3"], os.environ, lambda: False)

    with pytest.raises(Stop, match=f"^part did not start; see {tmp_path}/logs/part.log$"):
        supervisor.start([Wave([part])])

    assert (tmp_path / "logs" / "part.log").read_text() == "why\n" * 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("who", ["guard", "supervisor"])
def test_whatever_ends_one_of_the_two_leaves_nothing(tmp_path, who, number):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as guard:
        inner = int(guard.stdout.readline())
        pids = [inner, *map(int, (tmp_path / "pids").read_text().split())]

        os.kill(guard.pid if who == "guard" else inner, number)

        until(lambda: not any(map(psutil.pid_exists, pids)))
