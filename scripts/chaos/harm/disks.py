"""Disks that are full, or stand still; only root may make them."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SIZE_BYTES = 64_000_000


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Puts a disk in the place of a folder; what is on it in the end stays."""
    image = folder.with_name(f"{folder.name}.disk")
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    _root("mkfs.ext4", "-q", "-m", "0", str(image))
    _root("mount", "-o", "loop", str(image), str(folder))
    try:
        yield folder
        kept = folder.with_name(f"{folder.name}.kept")
        shutil.copytree(folder, kept, symlinks=True, ignore=shutil.ignore_patterns("lost+found"))
    finally:
        _root("umount", "--lazy", str(folder))
        image.unlink()
    shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(kept)


@contextmanager
def frozen(disk: Path) -> Iterator[None]:
    """Whoever writes to a disk waits until the body has ended."""
    _root("fsfreeze", "--freeze", str(disk))
    try:
        yield
    finally:
        _root("fsfreeze", "--unfreeze", str(disk))


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """No byte is left while the body runs."""
    filler = disk / "full"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


def _root(*command: str) -> None:
    """Runs what only root may.

    Raises:
        RuntimeError: It failed.
    """
    done = subprocess.run(  # noqa: S603  our own arguments
        command, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
