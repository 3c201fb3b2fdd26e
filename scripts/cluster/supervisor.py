"""Starts parts in order, waits until each is well, and starts a dead one again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.cluster import processes
from scripts.cluster.state import Stop

START_S = 240.0
"""An Airflow of six processes takes more than a minute to be well on two busy cores."""
END_S = 20.0
LONGEST_PAUSE_S = 60.0


def nothing() -> None:
    """What most parts do once they are well."""


@dataclass(frozen=True)
class Part:
    """One program of the cluster."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    well: Callable[[], bool]
    """Asked until it says so; may raise while the part is not there yet."""
    once_well: Callable[[], None] = nothing
    """Done after each start, such as making what the part keeps in memory only."""
    end: signal.Signals = signal.SIGTERM
    user: str | None = None
    """Whom it runs as, where it refuses to be root."""


@dataclass(frozen=True)
class Wave:
    """Parts that start together, once all before them are well."""

    parts: Sequence[Part]
    before: Callable[[], None] = nothing


@dataclass
class Running:
    """A part, its process, and when it is to be started again."""

    part: Part
    process: subprocess.Popen[bytes]
    begun: float = field(default_factory=time.monotonic)
    deaths: int = 0
    due: float | None = None
    is_well: bool = False


class Supervisor:
    """Holds the parts up.

    Args:
        logs: The folder of their logs, a file for each.
    """

    def __init__(self, logs: Path) -> None:
        """With nothing started."""
        self.logs = logs
        self.waves: list[list[Running]] = []
        logs.mkdir(mode=0o700, exist_ok=True)

    def start(self, waves: Sequence[Wave]) -> None:
        """Starts one wave after the other.

        Raises:
            Stop: A part does not become well.
        """
        for wave in waves:
            wave.before()
            self.waves.append([])
            for part in wave.parts:
                self.waves[-1].append(Running(part, self._launch(part)))
            self._wait()

    def watch(self) -> None:
        """Starts whatever is dead again, later each time; for ever."""
        while True:
            self.look()
            time.sleep(0.5)

    def look(self) -> None:
        """One round over all parts."""
        for one in self._all():
            if one.due is None and one.process.poll() is not None:
                self._died(one)
            elif one.due is not None and time.monotonic() >= one.due:
                one.process, one.begun, one.due = self._launch(one.part), time.monotonic(), None
            elif not one.is_well and one.due is None and _well(one.part):
                one.part.once_well()
                one.is_well = True

    def end(self) -> None:
        """Ends all parts, the last wave first, each with all that it has started."""
        all_of_it = processes.descendants()  # seen now: an orphan has no parent to be found by
        for wave in reversed(self.waves):
            for one in wave:
                _signal(one.process, one.part.end)
            _wait_ended([one.process for one in wave])
        processes.kill(all_of_it)

    def _all(self) -> list[Running]:
        return [one for wave in self.waves for one in wave]

    def _launch(self, part: Part) -> subprocess.Popen[bytes]:
        with (self.logs / f"{part.name}.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603  our own parts
                part.command,
                env=dict(part.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=part.user,
                group=part.user,
                extra_groups=[] if part.user else None,
                preexec_fn=processes.die_with_parent,
            )

    def _wait(self) -> None:
        limit = time.monotonic() + START_S
        while not all(one.is_well for one in self._all()):
            self.look()
            ill = [one.part.name for one in self._all() if not one.is_well]
            given_up = [one.part.name for one in self._all() if not one.is_well and one.deaths > 2]
            if given_up or (ill and time.monotonic() > limit):
                files = ", ".join(str(self.logs / f"{name}.log") for name in given_up or ill)
                raise Stop(f"{', '.join(given_up or ill)} did not start; see {files}")
            time.sleep(0.5)

    def _died(self, one: Running) -> None:
        """Notes a death; one after a minute of life counts as the first."""
        _signal(one.process, signal.SIGKILL)  # what it has left in its group
        one.deaths = 1 if time.monotonic() - one.begun > LONGEST_PAUSE_S else one.deaths + 1
        pause = min(2.0 ** (one.deaths - 1), LONGEST_PAUSE_S)
        one.due, one.is_well = time.monotonic() + pause, False
        status = one.process.returncode
        sys.stdout.write(f"{one.part.name} ended with {status}; again in {pause:.0f} s\n")
        sys.stdout.flush()


def _well(part: Part) -> bool:
    try:
        return part.well()
    except Exception:  # each client has its own words for "not there yet"
        return False


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the part itself; a kill to its whole group."""
    try:
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)
    except ProcessLookupError:
        return


def _wait_ended(running: Sequence[subprocess.Popen[bytes]]) -> None:
    limit = time.monotonic() + END_S
    for process in running:
        try:
            process.wait(max(limit - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
    for process in running:
        _signal(process, signal.SIGKILL)
        process.wait()
