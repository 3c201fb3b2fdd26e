"""Processes that never outlive the one that has started them, however it ends."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterable

import psutil

LIBC = ctypes.CDLL(None, use_errno=True)
PDEATHSIG, SUBREAPER = 1, 36  # <linux/prctl.h>


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Has the kernel send a signal to this process when its parent ends."""
    LIBC.prctl(PDEATHSIG, number)


def guarded(work: Callable[[], int]) -> int:
    """Does work in a child, and at its end kills whatever it has left, grandchildren too.

    A kill -9 of either leaves nothing: the work ends in order when its guard dies, and the guard,
    which adopts orphans, sweeps when the work dies.
    """
    LIBC.prctl(SUBREAPER, 1)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        die_with_parent(signal.SIGTERM)
        os._exit(work() if os.getppid() == guard else 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the child as well
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    while True:
        ended, status = os.waitpid(-1, 0)  # orphans are buried on the way
        if ended == child:
            break
    while left := descendants():
        kill(left)
    return os.waitstatus_to_exitcode(status)


def descendants() -> list[psutil.Process]:
    """All that this process has started, and what those have."""
    found: list[psutil.Process] = psutil.Process().children(recursive=True)
    return found


def kill(found: Iterable[psutil.Process]) -> None:
    """Kills those that are still alive, and no other that has got the number of one."""
    asked = list(found)
    for process in asked:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(asked, timeout=5)
