"""The same results wherever the work is done."""

import math
import os
import subprocess
import sys

import psutil
import pytest
import work
from project import ROOT

from components.base.errors import Stop
from components.base.workers import Workers


def test_results_come_in_the_order_of_the_items():
    with Workers() as workers:
        assert list(workers.map(work.square, range(20), "squaring")) == [n * n for n in range(20)]


def test_several_items_are_worked_on_by_other_processes(processes):
    with Workers() as workers:
        assert os.getpid() not in workers.map(work.process, [0, 1, 2], "looking")


def test_one_item_is_worked_on_here(processes):
    with Workers() as workers:
        assert list(workers.map(work.process, [0], "looking")) == [os.getpid()]


def test_what_takes_less_than_to_start_processes_is_done_here():
    with Workers() as workers:
        assert set(workers.map(work.process, range(20), "looking")) == {os.getpid()}


def test_what_turns_out_to_take_long_is_handed_to_processes(monkeypatch):
    monkeypatch.setattr("components.base.workers.START_S", 0.5)
    waits = [0.3, 0.3, 0, 0, 0]

    with Workers() as workers:
        first = list(workers.map(work.wait, waits, "waiting"))
        second = list(workers.map(work.wait, waits, "waiting"))

    assert [wait for wait, _ in first] == [wait for wait, _ in second] == waits
    assert [process for _, process in first[:2]] == [os.getpid()] * 2
    assert os.getpid() not in {process for _, process in [*first[2:], *second]}  # they are there


def test_no_item_is_no_work():
    with Workers() as workers:
        assert list(workers.map(work.square, [], "squaring")) == []


def test_a_killed_process_ends_in_a_message(processes):
    with Workers() as workers, pytest.raises(Stop) as caught:
        list(workers.map(work.die, [0, 1], "reading"))

    assert str(caught.value) == (
        "reading: a worker process died, which the kernel's log explains where memory ran out, and "
        "what it said last elsewhere; no output is half written"
    )


def test_an_error_of_the_work_comes_through():
    with Workers() as workers, pytest.raises(TypeError, match="unsupported operand"):
        list(workers.map(work.square, [None, "a"], "squaring"))


def test_a_cluster_gives_the_same_results(cluster):
    with Workers(cluster) as workers:
        assert list(workers.map(work.square, range(20), "squaring")) == [n * n for n in range(20)]


def test_a_killed_worker_costs_time_not_data(cluster, tmp_path):
    markers = [str(tmp_path / str(number)) for number in range(3)]

    with Workers(cluster) as workers:
        assert list(workers.map(work.die_once, markers, "reading")) == ["0", "1", "2"]


def test_the_script_starts_a_cluster_on_loopback():
    command = [sys.executable, ROOT / "scripts/dask_cluster.py", "--workers", "1", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().split()[1]
            with Workers(address) as workers:
                assert list(workers.map(math.sqrt, [4, 9], "rooting")) == [2, 3]
            family = [one.pid for one in psutil.Process(process.pid).children(recursive=True)]
            listening = {
                connection.laddr.ip
                for pid in (process.pid, *family)
                for connection in psutil.Process(pid).net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            }
            assert listening == {"127.0.0.1"}
        finally:
            process.terminate()
    assert process.returncode == 0


def test_a_scheduler_that_does_not_answer_is_named():
    with (
        pytest.raises(
            Stop, match=r"^params\.yaml: dask: no scheduler answers at tcp://127.0.0.1:9 "
        ),
        Workers("tcp://127.0.0.1:9"),
    ):
        pass
