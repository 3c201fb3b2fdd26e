"""Starts parts in order, waits until each is well, and starts a part again that dies."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn, TextIO

import psutil

from components.base.errors import Stop
from components.base.guard import signalled
from scripts.parts import processes
from scripts.parts.part import Part, Running, Wave, nothing

TICK_S = 0.5
ATTEMPTS = 5  # of a part that has never been well
WELL_S = 240  # in which a part must be well: on two busy cores, Airflow's take more than a minute
ORPHANS_S = 5  # for what a dead part has left to end by itself


class Supervisor:
    """Holds parts up.

    Args:
        waves: The parts in the order in which they start.
        logs: The folder for what they say, a file for each.
    """

    def __init__(self, waves: Sequence[Wave], logs: Path) -> None:
        self.waves, self.logs = waves, logs
        self.parts: list[Running] = []
        self.begun = 0
        """How many waves are."""

    def run(self, ready: Callable[[], None], each: Callable[[], None] = nothing) -> NoReturn:
        """Goes on until it is interrupted.

        Args:
            ready: Called once all parts are well.
            each: Called from then on, again and again.

        Raises:
            Stop: A part cannot be started.
        """
        while not self.is_up():
            self.look()
            time.sleep(TICK_S)
        ready()
        while True:
            self.look()
            each()
            time.sleep(TICK_S)

    def is_up(self) -> bool:
        """Whether all parts have begun, and are well."""
        return self.begun == len(self.waves) and self._all_well()

    def look(self) -> None:
        """One round over all parts; begins the next wave where all before it are well.

        Raises:
            Stop: A part of a wave that has never been well failed again and again.
        """
        self._see_deaths()
        self._start_due()
        for one in self.parts:
            self._see_health(one)
        if self.begun < len(self.waves) and self._all_well():
            wave = self.waves[self.begun]
            wave.before()
            self.parts += [Running(part, self.begun) for part in wave.parts]
            self.begun += 1

    def once(self, part: Part) -> None:
        """Has a passing part done beside the others; one of its name that waits is forgotten."""
        same = [one for one in self.parts if one.part.name == part.name and not one.process]
        self.parts = [one for one in self.parts if one not in same]
        self.parts.append(Running(part, self.begun - 1))

    def end(self) -> None:
        """Ends all parts, the last wave first, each with all that it has started."""
        for wave in reversed(range(self.begun)):
            asked = {one.pid: one.part.end for one in self.parts if one.pid and one.wave == wave}
            kept = {one.pid for one in self.parts if one.pid and one.wave < wave}
            ended = processes.end(asked, partial(_below_others, kept), processes.GRACE_S)
            for one in [one for one in self.parts if one.pid in ended]:
                one.died(ended[one.pid], time.monotonic())

    def _all_well(self) -> bool:
        return all(one.is_well for one in self.parts if not one.part.is_passing)

    def _see_deaths(self) -> None:
        ended = processes.reap()
        while ended:
            process, status = ended.popitem()
            for one in [one for one in self.parts if one.pid == process]:
                group = {process: signal.SIGTERM}
                ended |= processes.end(group, self._orphans, ORPHANS_S)
                self._mourn(one, status)

    def _mourn(self, one: Running, status: int) -> None:
        wait = one.died(status, time.monotonic())
        if one.part.is_passing and status == 0:
            self.parts.remove(one)
            return
        log = self.logs / f"{one.part.name}.log"
        why = f"ended with status {status}"
        if status < 0:
            why = f"was ended by {signalled(status)}"
        if not one.was_well and not one.part.is_passing and one.failures >= ATTEMPTS:
            raise Stop(f"{one.part.name} did not start: {ATTEMPTS} times it {why}; see {log}")
        say(f"{one.part.name} {why}; it is started again in {wait:.0f} s; log: {log}", sys.stderr)

    def _start_due(self) -> None:
        for one in self.parts:
            if one.process is None and one.due <= time.monotonic():
                log, part = self.logs / f"{one.part.name}.log", one.part
                one.process = processes.start(part.command, part.env, log, part.user)
                one.begun = time.monotonic()

    def _see_health(self, one: Running) -> None:
        """Asks a part that was not well yet; one that does not become so is ended."""
        if one.process is None or one.is_well or one.part.is_passing:
            return
        if _is_well(one.part):
            one.part.once_well()
            one.is_well = one.was_well = True
        elif time.monotonic() - one.begun > WELL_S:
            one.process.kill()

    def _orphans(self) -> list[psutil.Process]:
        """What dead parts have left, and what that has started."""
        own = {one.pid for one in self.parts}
        roots = [one for one in psutil.Process().children() if one.pid not in own]
        return [*roots, *(each for one in roots for each in processes.below(one.pid))]


def _below_others(kept: set[int]) -> list[psutil.Process]:
    """Every process but some parts, and what these have started."""
    all_kept = kept | {one.pid for part in kept for one in processes.below(part)}
    return [one for one in processes.below() if one.pid not in all_kept]


def _is_well(part: Part) -> bool:
    try:
        return part.well()
    except Exception:  # each client has its own words for "not there yet"
        return False


def say(text: str, to: TextIO | None = None) -> None:
    """Prints; the terminal may be gone."""
    with suppress(OSError):
        print(text, file=to or sys.stdout, flush=True)
