"""Parts start in order, are held up, and are given up where they never come up."""

import os
import time
import traceback
import warnings
from functools import wraps

import psutil
import pytest

from components.base.errors import Stop
from scripts.parts import part as waits
from scripts.parts import processes
from scripts.parts.part import Part, Wave
from scripts.parts.supervisor import Supervisor

FAILS = ("sh", "-c", "echo why; exit 3")


def sleeping(name="part", **more):
    """A part that does nothing, for long."""
    return Part(name, ["sleep", "1000"], os.environ, **more)


def until(supervisor, so):
    """Looks after the parts until something is so; a minute is for a machine that is busy."""
    limit = time.monotonic() + 60
    while not so():
        supervisor.look()
        assert time.monotonic() < limit
        time.sleep(0.05)


@pytest.fixture
def held(tmp_path, monkeypatch):
    """Gives a supervisor of some waves."""
    monkeypatch.setattr(processes, "GRACE_S", 1)
    monkeypatch.setattr(waits, "FIRST_S", 0.1)
    return lambda *waves: Supervisor(waves, tmp_path)


def apart(test):
    """The test in a process of its own: a supervisor takes all children of its process for its own.

    In the end nothing is left of them.
    """

    @wraps(test)
    def forked(held, **fixtures):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of threads, which the child does not need
            child = os.fork()
        if child == 0:
            made = []
            try:
                test(lambda *waves: made.append(held(*waves)) or made[-1], **fixtures)
                for one in made:
                    one.end()
                assert psutil.Process().children() == []
            except BaseException:
                os.write(2, traceback.format_exc().encode())
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    return forked


@apart
def test_the_next_wave_waits_until_the_first_is_well(held, tmp_path):
    made, seen = tmp_path / "made", []
    command = ["sh", "-c", f"sleep 1; touch {made}; sleep 1000"]
    first = Wave([Part("first", command, os.environ, made.exists)])

    supervisor = held(first, Wave([sleeping()], before=lambda: seen.append(made.exists())))
    until(supervisor, supervisor.is_up)

    assert seen == [True]


@apart
def test_a_killed_part_is_started_again_and_prepared_again(held, capsys, tmp_path):
    prepared = []
    supervisor = held(Wave([sleeping(once_well=lambda: prepared.append(1))]))
    until(supervisor, supervisor.is_up)
    (one,) = supervisor.parts
    before = one.process

    before.kill()
    until(supervisor, lambda: len(prepared) == 2)

    assert one.process.pid != before.pid
    assert capsys.readouterr().err == (
        "part was ended by signal 9 (SIGKILL); it is started again in 0 s; "
        f"log: {tmp_path}/part.log\n"
    )


@apart
def test_what_a_dead_part_has_left_is_gone_before_it_starts_again(held, tmp_path):
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"setsid sleep 1000 & echo $! > {pid}; wait"]
    supervisor = held(Wave([Part("part", command, os.environ, pid.exists)]))
    processes.adopt_orphans()
    until(supervisor, lambda: pid.exists() and pid.read_text().strip())
    left = psutil.Process(int(pid.read_text()))

    supervisor.parts[0].process.kill()
    pid.unlink()
    until(supervisor, pid.exists)

    assert not left.is_running()


@apart
def test_a_part_that_never_comes_up_is_given_up_and_its_log_named(held, tmp_path):
    supervisor = held(Wave([Part("part", FAILS, os.environ, lambda: False)]))

    with pytest.raises(Stop) as caught:
        until(supervisor, supervisor.is_up)

    assert str(caught.value) == (
        f"part did not start: 5 times it ended with status 3; see {tmp_path}/part.log"
    )
    assert (tmp_path / "part.log").read_text() == "why\n" * 5


@apart
def test_a_part_that_was_well_is_never_given_up(held, tmp_path):
    supervisor = held(Wave([Part("part", FAILS, os.environ)]))

    until(supervisor, lambda: supervisor.parts[0:] and supervisor.parts[0].failures > 5)

    assert supervisor.parts[0].was_well


@apart
def test_a_passing_part_is_done_once_and_again_only_where_it_failed(held, tmp_path):
    tries = tmp_path / "tries"
    command = ["sh", "-c", f"echo >> {tries}; test $(wc -l < {tries}) -eq 2"]
    supervisor = held(Wave([sleeping()]))
    until(supervisor, supervisor.is_up)

    supervisor.once(Part("pools", command, os.environ, is_passing=True))
    until(supervisor, lambda: len(supervisor.parts) == 1)

    assert len(tries.read_text().splitlines()) == 2


@apart
def test_waves_end_in_the_other_order(held, tmp_path):
    said = tmp_path / "said"

    def part(name):
        trap = f"trap 'sleep 0.3; echo {name} >> {said}; exit' TERM; touch {tmp_path}/{name}"
        command = ["sh", "-c", f"{trap}; while true; do sleep 0.1; done"]
        return Part(name, command, os.environ, (tmp_path / name).exists)

    supervisor = held(Wave([part("page")]), Wave([part("worker")]))
    until(supervisor, supervisor.is_up)

    supervisor.end()

    assert said.read_text() == "worker\npage\n"
