"""Starts Airflow's parts, the API server first, and starts a part again that dies."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import psutil

from components.base.repository import Head, commit_of, unseen
from scripts.standalone import processes
from scripts.standalone.settings import REFRESH_S

# What `airflow standalone` starts, less the servers that hand the logs to other machines: these
# listen on every address, and on one machine the page reads the files itself.
PARTS = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
API = "api-server"
AIRFLOW = (sys.executable, "-m", "airflow")
POOLS = (sys.executable, "-m", "scripts.standalone.pools")

TICK_S = 0.5
FIRST_S, LONGEST_S = 1.0, 60.0  # between a death and the next start; doubled each time
LIVED_S = 60  # after which a part was well, and its next death is a first one
ATTEMPTS = 5  # of the API server, each of which failed
HEALTHY_S = 180  # in which the API server must answer
ORPHANS_S = 5  # for what a dead part has left to end by itself


@dataclass
class Part:
    """One process that is to be there, or of a passing job that is to be done once."""

    name: str
    command: tuple[str, ...]
    is_passing: bool = False
    """Whether it is over when it has ended well."""
    process: "subprocess.Popen[bytes] | None" = None
    begun: float = 0
    due: float = 0
    failures: int = 0
    """Deaths in a row, none of which was after a long life."""

    @property
    def pid(self) -> int | None:
        """None while it is not there."""
        return self.process.pid if self.process else None

    def died(self, status: int, now: float) -> float:
        """Seconds until it is started again."""
        if self.process:
            self.process.returncode = status  # another was first to ask
        self.process = None
        self.failures = 1 if now - self.begun > LIVED_S else self.failures + 1
        wait = min(LONGEST_S, FIRST_S * 2.0 ** (self.failures - 1))
        self.due = now + wait
        return wait


class Supervisor:
    """Airflow's parts, and the commits that they run.

    Args:
        project: The checkout.
        env: Airflow's settings.
        head: The commit at the start, and its branch.
        logs: The folder for what the parts say.
    """

    def __init__(self, project: Path, env: Mapping[str, str], head: Head, logs: Path) -> None:
        self.project, self.env, self.head, self.logs = project, env, head, logs
        self.parts = [Part(name, (*AIRFLOW, name, *more)) for name, more in PARTS.items()]
        self.is_ready = False
        self.looked = 0.0

    def run(self, welcome: str) -> int:
        """Goes on until it is interrupted; 1 where the API server cannot be started.

        Args:
            welcome: Said as soon as Airflow answers.
        """
        self._make_pools(self.head.commit)
        while True:
            now = time.monotonic()
            self._see_deaths()
            if self.parts[0].failures >= ATTEMPTS:
                where = self._log(API)
                say(
                    f"the API server failed {ATTEMPTS} times in a row; its log is {where}",
                    sys.stderr,
                )
                return 1
            self._start_due(now)
            if self.is_ready:
                self._follow(now)
            elif self._answers(now):
                self.is_ready = True
                say(welcome)
            time.sleep(TICK_S)

    def end(self) -> None:
        """Ends everything, the API server last: tasks tell it how they ended."""
        for is_last in (False, True):
            going = [one.pid for one in self.parts if one.pid and (one.name == API) is is_last]
            processes.end(
                going, processes.below if is_last else self._below_others, processes.GRACE_S
            )

    def _see_deaths(self) -> None:
        ended = processes.reap()
        while ended:
            process, status = ended.popitem()
            for part in [one for one in self.parts if one.pid == process]:
                ended |= processes.end([process], self._orphans, ORPHANS_S)
                self._mourn(part, status)

    def _mourn(self, part: Part, status: int) -> None:
        if part.is_passing and status == 0:
            self.parts.remove(part)
            return
        wait = part.died(status, time.monotonic())
        why = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        log = self._log(part.name)
        say(f"{part.name} {why}; it is started again in {wait:.0f} s; log: {log}", sys.stderr)

    def _start_due(self, now: float) -> None:
        for part in self.parts:
            is_its_turn = self.is_ready or part.name == API
            if part.process is None and part.due <= now and is_its_turn:
                part.process = processes.start(part.command, self.env, self._log(part.name))
                part.begun = now

    def _answers(self, now: float) -> bool:
        """Whether the API server is well; one that does not answer for long is ended."""
        api = self.parts[0]
        if api.process is None:
            return False
        if now - api.begun > HEALTHY_S:
            api.begun = now
            api.process.kill()
        return is_healthy(self.env["AIRFLOW__API__HOST"], int(self.env["AIRFLOW__API__PORT"]))

    def _follow(self, now: float) -> None:
        """Sees to a new commit of the branch."""
        if self.head.branch is None or now - self.looked < REFRESH_S:
            return
        self.looked = now
        found = commit_of(self.project, f"refs/heads/{self.head.branch}")
        if found and found != self.head.commit:
            self.head = Head(found, self.head.branch)
            say(
                unseen(self.project, self.head)
                or f"Airflow runs commit {self.head.short} from now on"
            )
            self._make_pools(found)

    def _make_pools(self, commit: str) -> None:
        self.parts = [part for part in self.parts if not part.is_passing or part.process]
        self.parts.append(Part("pools", (*POOLS, commit), is_passing=True))

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _own(self) -> set[int]:
        return {part.pid for part in self.parts if part.pid}

    def _orphans(self) -> list[psutil.Process]:
        """What dead parts have left, and what that has started."""
        roots = [one for one in psutil.Process().children() if one.pid not in self._own()]
        return [*roots, *(each for one in roots for each in processes.below(one.pid))]

    def _below_others(self) -> list[psutil.Process]:
        """Every process but those of the API server."""
        api = self.parts[0].pid
        kept = {api, *(one.pid for one in processes.below(api))} if api else set()
        return [one for one in processes.below() if one.pid not in kept]


def is_healthy(host: str, port: int) -> bool:
    """Whether the API server answers, and reaches its database."""
    with suppress(OSError, http.client.HTTPException, ValueError, KeyError):
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/api/v2/monitor/health")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return bool(answer["metadatabase"]["status"] == "healthy")
    return False


def say(text: str, to: TextIO | None = None) -> None:
    """Prints; the terminal may be gone."""
    with suppress(OSError):
        print(text, file=to or sys.stdout, flush=True)
