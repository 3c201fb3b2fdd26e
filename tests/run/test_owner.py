"""Whose something is, and whether that process is dead."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from components.run.owner import SILENCE_S, me, started


def test_this_process_is_alive_however_long_it_is_silent():
    assert not me().is_dead(heartbeat=0)
    assert me().pid == os.getpid()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"boot": "another"}, id="the machine was started anew"),
        pytest.param({"pid": 2**22 + 1}, id="there is no such process"),
        pytest.param({"started": 1.0}, id="another process has its number"),
    ],
)
def test_a_process_that_is_gone_is_dead_at_once(change):
    assert replace(me(), **change).is_dead(heartbeat=time.time())


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"space": "a container"}])
def test_a_process_that_cannot_be_looked_at_is_dead_after_an_hour_of_silence(change):
    other = replace(me(), **change)

    assert not other.is_dead(heartbeat=time.time() - SILENCE_S + 60)
    assert other.is_dead(heartbeat=time.time() - SILENCE_S - 60)


def test_a_zombie_is_dead():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        child = psutil.Process(process.pid)
        owner = replace(me(), pid=process.pid, started=started(child))
        while child.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert owner.is_dead(heartbeat=time.time())


def test_whose_clock_of_day_is_set_is_as_alive_as_before(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        owner = replace(me(), pid=process.pid, started=started(psutil.Process(process.pid)))
        # As Linux has it: the time of the start of the machine moves with the clock.
        boot, create = psutil.boot_time(), psutil.Process.create_time
        monkeypatch.setattr(psutil, "boot_time", lambda: boot + 7200)
        monkeypatch.setattr(psutil.Process, "create_time", lambda self: create(self) + 7200)

        assert not owner.is_dead(heartbeat=time.time())
