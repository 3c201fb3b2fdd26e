"""DVC as a task runs it: under a guard, waiting for locks, and with more than a status."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from components.base.guard import end_with_parent, ended_by, under
from dags.git import HELD

RUNNING: set["subprocess.Popen[str]"] = set()
"""What this process waits for."""
SAME = re.compile(r"^Stage '(.+)' didn't change")
RAN = re.compile(r"^Running stage '(.+)':")
FAILED = "ERROR: failed to reproduce"  # how DVC begins its last words
EXITED = re.compile(r"exited with (-?\d+)\s*$")
LOCKED = ("is busy, it is being blocked by", "Unable to acquire lock")
KEPT = 200  # lines, of which the last ones say what went wrong
NOISE = (
    FAILED,
    "> ",
    "Running stage '",
    "Stage '",
    "Pulling data for stage: '",
    "Use `dvc push`",
    "To track ",
    "WARNING:",
    "Generating lock file",
    "Updating lock file",
)
INTERRUPTED = re.compile(r"^Traceback .*\n(?: .*\n)*KeyboardInterrupt$", re.MULTILINE)
"""What Python says where the guard ends it."""

MISTAKE, TEMPORARY = 2, 75  # `components.base.errors`: Invalid and Unavailable


class GateError(Exception):
    """A gate, the data or the graph says no: to try again changes nothing."""


class MistakeError(GateError):
    """The pipeline file or params.yaml has mistakes."""


class TemporaryError(Exception):
    """A server, the network, memory or a lock: to try again may help."""


@dataclass
class Done:
    """What a command of DVC's came to."""

    status: int
    ran: list[str] = field(default_factory=list)
    """Addresses of the stages that were run; the others did not change, or were restored."""
    said: list[str] = field(default_factory=list)
    """The last lines of its output."""

    @property
    def sentence(self) -> str:
        """The last that the stage has said, before DVC reports its status."""
        lines = INTERRUPTED.sub("", "\n".join(self.said)).splitlines()
        told = [line for line in lines if line.strip() and not line.startswith(NOISE)]
        return "\n".join(told[-20:])

    @property
    def is_locked(self) -> bool:
        """Whether it has done nothing, since another process has a lock."""
        of_dvc = [line for line in self.said if line.startswith("ERROR: ")]
        return self.exited is None and any(text in line for text in LOCKED for line in of_dvc)

    @property
    def exited(self) -> int | None:
        """The status of the stage that failed, as DVC says it; None where DVC failed itself."""
        _, begun, rest = "\n".join(self.said).rpartition(FAILED)
        found = EXITED.search(rest) if begun else None
        return int(found[1]) if found else None

    def check(self, *, is_ours: bool = True, status: int | None = None) -> None:
        """Raises what the failure means; nothing where there was none.

        Args:
            is_ours: Whether the stages are Millrace's, whose status 1 is a no; with other programs
                it is any failure, which Airflow tries again as often as it is told to.
            status: Of the command itself, where it is a stage's and not DVC's.
        """
        if self.status == 0:
            return
        status = self.exited if status is None else status
        if is_ours and status == MISTAKE:
            raise MistakeError(self.sentence)
        if is_ours and status == 1:
            raise GateError(self.sentence)
        who, status = ("DVC", self.status) if status is None else ("the stage", status)
        if by := ended_by(status):
            raise TemporaryError(": ".join(filter(None, (f"{who} {by}", self.sentence))))
        raise TemporaryError(self.sentence or f"{who} ended with status {status}")


def repro(
    folder: Path,
    address: str,
    env: Mapping[str, str],
    say: Callable[[str], None],
    is_alone: bool = False,
) -> Done:
    """Brings a stage up to date, and what comes before it.

    What another host has made is fetched; a lock that another process has is waited for.

    Args:
        folder: The workspace.
        address: Of the stage.
        env: Of the commands.
        say: Takes the output, line by line.
        is_alone: Whether what comes before it is up to date for certain.
    """
    which = "--single-item" if is_alone else "--pull"
    arguments = ("--wait-for-lock", "repro", which, "--no-run-cache", address)
    pause_s = 1.0
    while (done := dvc(folder, env, say, *arguments)).is_locked:
        say(f"waiting {pause_s:.0f} s for the lock")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 30)
    return done


def push(folder: Path, env: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Sends what the workspace has to DVC's remote; where there is none, the cache is all there is.

    Raises:
        TemporaryError: The remote does not take it.
    """
    from dvc.config import Config, ConfigError

    with suppress(ConfigError):  # which the command says
        if not Config(str(folder / ".dvc"))["remote"]:  # to start DVC takes a second
            return
    done = dvc(folder, env, lambda _: None, "--wait-for-lock", "push")
    if done.status:
        raise TemporaryError(f"the DVC remote does not take the data: {done.sentence}")
    say(f"dvc push: {done.sentence.splitlines()[-1] if done.sentence else 'done'}")


def dvc(folder: Path, env: Mapping[str, str], say: Callable[[str], None], *arguments: str) -> Done:
    """Runs a command of DVC's; it ends with this process, however that ends."""
    return guarded(folder, env, say, sys.executable, "-m", "dvc", *arguments)


def guarded(
    folder: Path, env: Mapping[str, str], say: Callable[[str], None], *command: str
) -> Done:
    """Runs a command under the guard.

    Meanwhile this process ends with its own parent, which is Airflow's supervisor of the task: it
    alone tells the server that the task lives, and without it the stage would soon run twice.
    """
    end_with_parent(signal.SIGKILL)
    process = subprocess.Popen(  # noqa: S603  a list, and no shell
        under(*command),
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=tuple(HELD),
    )
    done = Done(0)
    RUNNING.add(process)
    try:
        for line in process.stdout or ():
            say(text := line.rstrip("\n"))
            done.said = [*done.said[1 - KEPT :], text]
            if found := RAN.match(text):
                done.ran.append(found[1])
        done.status = process.wait()
    finally:
        end(process)
        RUNNING.discard(process)
        if process.stdout:
            process.stdout.close()
        end_with_parent(0)
    return done


def end(*processes: "subprocess.Popen[str]") -> None:
    """Ends commands, which write down where they are, and waits for that."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        process.wait()
