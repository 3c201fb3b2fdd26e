"""The errors that are for whoever wrote the YAML.

    Stop                 exit status 1: a gate or the data said no
    ├── Invalid          exit status 2: the pipeline file or the call is wrong
    └── Unavailable      exit status 75, as sysexits.h has it: a server or the disk, another time

Anything else is a bug of ours and ends in a traceback.
"""

import errno
import os
import pwd
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

Location = tuple[str | int, ...]
"""Keys and positions, outermost first: `("augment", "layers", 0)`."""


class Stop(Exception):
    """Ends a stage with a message instead of a traceback."""

    status = 1


class Invalid(Stop):
    """Mistakes in a file that the user wrote, one line each."""

    status = 2


class Unavailable(Stop):
    """A server does not answer, or a disk is full: to try again may help."""

    status = 75


KINDS = {kind.status: kind for kind in (Stop, Invalid, Unavailable)}
"""By the status that a process ends with."""


@dataclass(frozen=True)
class Problem:
    """One mistake and the place in the pipeline file where it stands."""

    location: Location
    message: str


class Mistakes(Exception):
    """Mistakes whose line is not known yet; `Document.locate` finds it.

    Args:
        problems: What is wrong, and where.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


DISK = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EEXIST,
        errno.EFBIG,
        errno.EIO,
        errno.EISDIR,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENOSPC,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
"""What a disk says no with."""
FULL = frozenset({errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENOSPC})
"""What of these may be otherwise another time."""
BUSY = frozenset(
    {
        errno.EAGAIN,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ESTALE,
    }
)
"""What else the machine and the network say no with that may be otherwise another time."""


STREAMS = ("stdin", "stdout", "stderr")
UNMAPPED = "failed to map segment"
"""What the dynamic linker says where there is no room for a library (dlopen(3))."""


@contextmanager
def exit_status() -> Iterator[None]:
    """Turns an error that is the user's into its message and its exit status."""
    _have_streams()
    try:
        yield
    except Stop as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; no output is half written\n")
        sys.exit(128 + signal.SIGINT)
    except (ImportError, MemoryError, OSError) as error:
        if (found := explained(error)) is None:
            raise
        why, kind = found
        sys.stderr.write(f"{why}; no output is half written\n")
        sys.exit(kind.status)


def _have_streams() -> None:
    """Opens those that whoever called has closed (`>&-`): a file would take their place."""
    while (number := os.open(os.devnull, os.O_RDWR)) < len(STREAMS):
        pass
    os.close(number)
    for number in range(len(STREAMS)):
        os.set_inheritable(number, True)  # else a process that this one starts lacks them again
    for number, name in enumerate(STREAMS):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def explained(error: ImportError | MemoryError | OSError) -> tuple[str, type[Stop]] | None:
    """Why the machine or the network says no, and whether to try again may help; else a bug."""
    if isinstance(error, ImportError):  # of a library in C, where `ulimit -v` is low
        # Where a file system forbids to run what is on it, the linker says the same, and why.
        is_memory = UNMAPPED in str(error) and os.strerror(errno.EPERM) not in str(error)
        return (f"not enough memory: {error}", Unavailable) if is_memory else None
    if isinstance(error, MemoryError):
        return f"not enough memory: {str(error) or 'none is left'}", Unavailable
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return f"a connection was lost: {error}", Unavailable
    if error.errno in BUSY:
        return str(error), Unavailable
    if (reason := _of_disk(error)) is None:
        return None
    where = f": {error.filename}" if error.filename else ""
    whose = _whose(error.filename) if reason in (errno.EACCES, errno.EPERM) else ""
    return f"{os.strerror(reason)}{where}{whose}", Unavailable if reason in FULL else Stop


def _whose(path: str | bytes | int | None) -> str:
    """Whose a path is, or the nearest folder above that there is, where it is somebody else's."""
    if not isinstance(path, str):
        return ""
    found = next(one for one in (Path(path), *Path(path).absolute().parents) if os.path.exists(one))
    owner = found.stat().st_uid
    if owner == os.geteuid():
        return ""
    with suppress(KeyError):
        return f" ({found} is {pwd.getpwuid(owner).pw_name}'s)"
    return f" ({found} is user {owner}'s)"


def _of_disk(error: OSError) -> int | None:
    """Why a disk says no; libraries in C give the reason in their message alone."""
    if error.errno is not None:
        return error.errno if error.errno in DISK else None
    return next((number for number in DISK if os.strerror(number) in str(error)), None)
