"""Which process something belongs to, and whether it is dead."""

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import psutil

SILENCE_S = 3600  # of a process that cannot be looked at, after which it is taken for dead


@dataclass(frozen=True)
class Owner:
    """A process, told from every other one of any machine at any time."""

    host: str
    boot: str
    """Of the machine, since which process ids are unique."""
    space: str
    """Of process ids: a container has its own."""
    pid: int
    started: float
    """Seconds since the machine was: the clock of day may be set."""

    @property
    def text(self) -> str:
        """As a line of JSON."""
        return json.dumps(asdict(self))

    def is_dead(self, heartbeat: float) -> bool:
        """Whether the process has ended.

        Args:
            heartbeat: Its last sign of life, seconds since 1970; where it ran on another machine,
                an hour of silence counts.
        """
        here = me()
        if self.host != here.host:
            return time.time() - heartbeat > SILENCE_S
        if self.boot != here.boot:
            return True
        if self.space != here.space:
            return time.time() - heartbeat > SILENCE_S
        try:
            process = psutil.Process(self.pid)
            is_other = abs(started(process) - self.started) > 1
            return bool(is_other or process.status() == psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return True


def me() -> Owner:
    """This process."""
    process = psutil.Process()
    host, space = socket.gethostname(), _read_space()
    return Owner(host, _read_boot(), space, process.pid, started(process))


def started(process: psutil.Process) -> float:
    """Seconds between the start of the machine and that of a process."""
    # What the system says of both follows the clock of day, and so not their difference.
    return float(process.create_time() - psutil.boot_time())


@cache
def _read_boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(int(psutil.boot_time()))


@cache
def _read_space() -> str:
    path = Path("/proc/self/ns/pid")
    return os.readlink(path) if path.exists() else ""
