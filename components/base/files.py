"""Writing so that nothing is lost: beside the target, then renamed over it."""

import csv
import ctypes
import errno
import fcntl
import hashlib
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from components.base.errors import Stop

SUFFIX = ".partial"  # of the folders in which processes write, each locked by its process for life

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # <fcntl.h>, <linux/fs.h>
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside `target` to write a file or a folder to, which takes its place at the end.

    `target` is the whole earlier output or the whole new one at every moment. Where the body
    fails, it stays as it was. Two processes may write the same target: each has a folder of its
    own beside it, and the last to end wins. What a killed process left is removed by the next.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    with _locked_folder(target) as folder:
        yield folder / target.name
        _take_place(folder / target.name, target)


def sweep(target: Path) -> None:
    """Removes what dead processes have left beside a path that they were to replace."""
    for folder in partials(target.parent, target.name):
        discard(folder)


def discard(folder: Path) -> None:
    """Removes a folder that no process holds or writes in."""
    with suppress(OSError), _lock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        shutil.rmtree(folder, ignore_errors=True)


def hold(folder: Path) -> None:
    """Makes a folder where there is none, and keeps it from `discard` while this process lives."""
    _held.append(_taken(folder, fcntl.LOCK_SH))


@contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Whether this process has a folder to itself while the body runs; its death frees it.

    At the end the folder goes where nothing is left in it.
    """
    lock: ExitStack | None = None
    with suppress(BlockingIOError):
        lock = _taken(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if lock is None:
        yield False
        return
    with lock:
        try:
            yield True
        finally:
            if [path.name for path in folder.iterdir()] == [".lock"]:
                shutil.rmtree(folder, ignore_errors=True)


def _taken(folder: Path, how: int) -> ExitStack:
    """Makes a folder where there is none, and locks it until the stack is left.

    Raises:
        BlockingIOError: With LOCK_NB, another process holds the lock.
    """
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError), ExitStack() as stack:  # discarded before it was locked
            lock = stack.enter_context(_lock(folder, how))
            if os.path.samestat(os.fstat(lock), (folder / ".lock").stat()):
                return stack.pop_all()


_held: list[ExitStack] = []


@contextmanager
def _lock(folder: Path, how: int) -> Iterator[int]:
    """Holds the lock of a folder; of a file in it, since NFS locks no folders.

    Returns:
        The file, as the system knows it.

    Raises:
        OSError: The folder is gone, or with LOCK_NB another process holds the lock.
    """
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, how)
        yield lock
    finally:
        os.close(lock)


def partials(folder: Path, name: str | None = None) -> list[Path]:
    """The folders in a folder in which something (of a name) is being written, or was."""
    prefix = "." if name is None else f".{name}."
    return [
        path
        for path in folder.iterdir()
        if path.name.startswith(prefix)
        and path.name.endswith(SUFFIX)
        # The random part has no dot, so that `a` does not sweep what is written for `a.json`.
        and (name is None or "." not in path.name[len(prefix) : -len(SUFFIX)])
        and path.is_dir()
    ]


@contextmanager
def _locked_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target`, locked while the body runs and then removed."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=SUFFIX))
        stack = ExitStack()
        with suppress(FileNotFoundError):  # swept away before it was locked
            stack.enter_context(_lock(folder, fcntl.LOCK_EX))
            if folder.exists():
                break
        stack.close()
    with stack:
        try:
            yield folder
        finally:
            # Where the parent was renamed or removed meanwhile, so was this folder.
            shutil.rmtree(folder, ignore_errors=True)


def _take_place(source: Path, target: Path) -> None:
    """Renames `source` to `target`, whatever is there, without a moment in which nothing is."""
    if not os.path.lexists(target) or not (source.is_dir() or target.is_dir()):
        os.replace(source, target)
        return
    # A folder cannot be renamed over a folder; the two names can be exchanged.
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(source), os.fsencode(target)
    try:
        failed = libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
        code = ctypes.get_errno() if failed else 0
    except AttributeError:  # not Linux
        code = errno.ENOSYS
    if code in _NO_EXCHANGE:
        _swap(source, target)
    elif code:
        raise OSError(code, os.strerror(code), str(target))


def _swap(source: Path, target: Path) -> None:
    """As an exchange, on file systems without it; what was there comes back where it fails."""
    old = source.with_name(f"{source.name}.old")
    os.rename(target, old)
    try:
        os.rename(source, target)
    except OSError:
        os.rename(old, target)
        raise


def write_json(value: Any, path: Path) -> None:
    """Writes `value` as `as_json`."""
    write_text(as_json(value), path)


def as_json(value: Any) -> str:
    """Indented JSON, keys in their own order, floats in full.

    What JSON has no number for, NaN and the infinities, becomes null.
    """
    return json.dumps(_finite(value), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def write_text(text: str, path: Path) -> None:
    """Writes a text file, UTF-8."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_csv(header: Iterable[str], rows: Iterable[Iterable[Any]], path: Path) -> None:
    """Writes a table."""
    with replacing(path) as beside, beside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([list(header), *rows])


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        Stop: The file was damaged: each that is written here is whole.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Stop(
            f"{path}: not JSON: {error}; remove it, and run again what writes it. Should it come "
            "back, DVC's cache is so: chmod -R u+w .dvc/cache, and DVC looks at all that it has"
        ) from None


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of the last change, in nanoseconds, of each file of a folder, by its path."""
    found = {}
    for top, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # gone meanwhile, or a link to nothing
                stat = os.stat(path := os.path.join(top, name))
                found[path] = (stat.st_size, stat.st_mtime_ns)
    return found


def leaving(paths: Iterable[str], folder: Path) -> list[str]:
    """Those paths that start from a folder and lead out of it, whatever links are on the way."""
    inside = folder.resolve()  # the folder itself may be a link
    # No file has a name with a NUL in it, which Python refuses to look for.
    there = (path for path in paths if "\0" not in path)
    return [path for path in there if not (folder / path).resolve().is_relative_to(inside)]


def digest(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of a folder's files, in hexadecimal."""
    whole = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            # As the file system has it: a name need not be UTF-8.
            whole.update(os.fsencode(f"{file.relative_to(path).as_posix()}\0{content}\n"))
    return whole.hexdigest()
