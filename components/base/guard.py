"""Runs a command that must not outlive whoever waits for it: `python guard.py PARENT COMMAND...`.

A process that is killed with -9 can end nobody. This one is told by the kernel that its parent is
dead (prctl(2), PR_SET_PDEATHSIG), and ends the command and everything that it has started. Where
there is no such call, as on macOS, it passes on the signals that it gets itself.
"""

import ctypes
import os
import signal
import subprocess
import sys
from types import FrameType

import psutil

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>
_PRCTL = getattr(ctypes.CDLL(None), "prctl", lambda *_: 0)  # loaded before any fork
ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 20.0  # for a stage to write down where it is, and to end its MLflow run


def main() -> int:
    """Waits for the command and gives its exit status; as a shell's where a signal has ended it."""
    adopt_orphans()
    exit_on(*ENDS)
    end_with_parent(signal.SIGTERM)
    if os.getppid() != int(sys.argv[1]):  # it has died in between
        return 128 + signal.SIGTERM
    try:
        command = subprocess.Popen(  # noqa: S603  our own arguments
            sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True
        )
        status = command.wait()
        return status if status >= 0 else 128 - status
    except SystemExit as stopped:
        return int(stopped.code or 0)
    finally:
        _stay()  # until the children have ended
        end_children()


def under(*command: str) -> list[str]:
    """The command that runs a command under a guard, which ends with this process."""
    return [sys.executable, "-P", __file__, str(os.getpid()), *command]


def adopt_orphans() -> None:
    """The processes below this one, whose parents die, become children of this one."""
    _PRCTL(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(number: int) -> None:
    """This process gets a signal when its parent dies; none from then on where it is 0."""
    _PRCTL(PR_SET_PDEATHSIG, number)


def exit_on(*numbers: int) -> None:
    """This process ends at a signal as at an error, so that it can put things in order.

    One that whoever has started it told it to ignore, as `nohup` does, stays ignored.
    """
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def ended_by(status: int) -> str:
    """What is to be said of a status that tells of a signal; else empty."""
    by = signalled(status)
    short = ", as the kernel does where memory is short" if "SIGKILL" in by else ""
    return f"was ended by {by}{short}" if by else ""


def signalled(status: int) -> str:
    """The signal that a status tells of, as Python does (-N) or a shell (128 + N); else empty."""
    number = -status if status < 0 else status - 128
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return ""


def _stop(number: int, _: FrameType | None) -> None:
    _stay()
    sys.exit(128 + number)


def _stay() -> None:
    """No signal that can be ignored ends this process any more."""
    for number in ENDS:
        signal.signal(number, signal.SIG_IGN)


def end_children() -> None:
    """Ends whatever this process has started, and what that has started: politely, then not."""
    for number, patience_s in ((signal.SIGINT, GRACE_S), (signal.SIGKILL, 5.0)):
        left = psutil.Process().children(recursive=True)
        for process in left:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=patience_s)
        if not psutil.Process().children(recursive=True):
            return


if __name__ == "__main__":
    sys.exit(main())
