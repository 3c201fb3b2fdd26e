"""Processes that leave nothing behind, however they or their parents end.

Airflow's parts start processes of their own, tasks among them, in groups and sessions of their own.
When a part dies they go on, as children of process 1, unless a process above them has asked to be
given the orphans (`PR_SET_CHILD_SUBREAPER`). The supervisor does, and so does the guard above it,
which is there only for the case that the supervisor itself is killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from components.base import guard
from components.base.guard import ENDS, adopt_orphans, signalled

GRACE_S = 20  # between a polite end and a kill
AFTER = "; Airflow ends with it, and its runs go on when it is started again"


def guarded(work: Callable[[], int]) -> int:
    """Does the work in a child process, and ends all that is left of it when it is over.

    The signals that end this process are passed on; where it is killed, the child is ended too.
    """
    adopt_orphans()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        os.setsid()  # Ctrl-C reaches it through the guard alone, and once
        end_with_parent(parent)
        adopt_orphans()
        os._exit(_status(work))
    for number in ENDS:
        signal.signal(number, lambda *_: _send(child, signal.SIGTERM))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        with suppress(OSError):  # of a terminal that is gone
            sys.stderr.write(f"Airflow's supervisor was ended by {signalled(status)}{AFTER}\n")
    left = groups_of(psutil.Process().children())
    end(dict.fromkeys(left, signal.SIGTERM), below, GRACE_S)
    return status if status >= 0 else 128 - status


def _status(work: Callable[[], int]) -> int:
    try:
        return work()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        with suppress(OSError):  # of a terminal that is gone
            sys.stdout.flush()


def end_with_parent(parent: int) -> None:
    """This process gets SIGTERM when its parent dies, or now if that has happened already."""
    guard.end_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def start(
    command: Sequence[str], env: Mapping[str, str], log: Path, user: str | None = None
) -> subprocess.Popen[bytes]:
    """Starts a command in a session of its own, its output at the end of a file.

    Args:
        command: With its arguments.
        env: Its environment.
        log: The file.
        user: Whom it runs as; None for whoever this is.
    """
    parent = os.getpid()
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  our own arguments
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            # This process has one thread, so that it may do things between fork and exec.
            preexec_fn=lambda: end_with_parent(parent),
        )


def reap() -> dict[int, int]:
    """The exit statuses of the children that have ended, adopted ones too, by their ids."""
    ended = {}
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ended[found[0]] = os.waitstatus_to_exitcode(found[1])
    return ended


def below(process: int | None = None) -> list[psutil.Process]:
    """Every process below one, or below this one; none where it is gone."""
    try:
        return list(psutil.Process(process).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def groups_of(processes: Iterable[psutil.Process]) -> set[int]:
    """Their process groups."""
    found = set()
    for process in processes:
        with suppress(ProcessLookupError):
            found.add(os.getpgid(process.pid))
    return found


def end(
    groups: Mapping[int, signal.Signals], left: Callable[[], list[psutil.Process]], grace_s: float
) -> dict[int, int]:
    """Asks process groups to end, and kills what is there after the grace.

    Airflow's tasks are in groups of their own: their supervisors, which are asked, ask them.

    Args:
        groups: What each is asked with.
        left: Gives the processes that are to be gone in the end.
        grace_s: Seconds.

    Returns:
        The children that have ended meanwhile, as `reap` gives them.
    """
    for group, number in groups.items():
        _send(-group, number)
    begun = time.monotonic()
    ended: dict[int, int] = {}
    while True:
        ended |= reap()
        processes = left()
        if not processes:
            return ended
        if time.monotonic() - begun > grace_s:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        time.sleep(0.1)


def _send(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(process, number)
