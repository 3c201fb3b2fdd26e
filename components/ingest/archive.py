"""The files of a tar or zip archive, unpacked once into the cache folder."""

import errno
import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from posixpath import dirname, join, normpath

from filelock import FileLock

from components.base.errors import Stop
from components.base.files import replacing
from components.ingest.fetch import cache_folder, sha256_of

_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,  # a name that is no UTF-8
)
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""The second is that of an empty zip; a tar's first name may begin with PK alone."""


def extract(archive: Path, sha256: str | None = None) -> Path:
    """The folder with an archive's files, which is unpacked where it was not yet.

    Args:
        archive: A tar (plain or compressed with gzip, bzip2 or xz) or a zip.
        sha256: The archive's SHA-256, computed where not given.

    Raises:
        Stop: It is damaged, too large for the disk, or has entries that do not belong into a
            folder of data: outside of it, encrypted, or neither file, folder nor link.
    """
    folder = cache_folder() / "extracted" / (sha256 or sha256_of(archive)).lower()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            with _explained(archive), replacing(folder) as beside:
                _unpacker(archive)(archive, beside)
    return folder


def _unpacker(archive: Path) -> Callable[[Path, Path], None]:
    with archive.open("rb") as file:
        if file.read(4) in _ZIP_STARTS:
            return _unpack_zip
    if not tarfile.is_tarfile(archive):
        raise Stop(f"{archive} is neither a tar nor a zip archive, or damaged at its start")
    return _unpack_tar


@contextmanager
def _explained(archive: Path) -> Iterator[None]:
    """Turns what the libraries raise on a bad archive into a `Stop` that names it."""
    try:
        yield
    except NotImplementedError as error:
        raise Stop(f"{archive} cannot be unpacked: {error}") from None
    except tarfile.FilterError as error:
        raise _refused(archive, error.tarinfo.name, _why(error)) from None
    except _DAMAGE as error:
        raise Stop(f"{archive} is damaged or cut off: {error}") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        state = "is damaged or cut off" if error.errno is None else "cannot be unpacked"
        raise Stop(f"{archive} {state}: {error}") from None


def _unpack_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as tar:
        members = _members(archive, tar, shutil.disk_usage(folder.parent).free)
        links = {normpath(member.name) for member in members if member.issym()}
        names: set[str] = set()
        for member in members:
            _check_name(archive, member.name)
            tarfile.data_filter(member, str(folder))
            if _goes_through(links, member):
                raise _refused(archive, member.name, "lies or points behind a link")
            if member.islnk() and normpath(member.linkname) not in names:
                raise _refused(
                    archive, member.name, f"links to '{member.linkname}', which is not before it"
                )
            names.add(normpath(member.name))
        _refuse_twice(archive, [member.name for member in members if not member.isdir()])
        folder.mkdir()
        tar.extractall(folder, members, filter="data")


def _members(archive: Path, tar: tarfile.TarFile, free: int) -> list[tarfile.TarInfo]:
    """The entries of the whole archive, which is read to its end."""
    members = []
    for member in tar:
        free -= member.size
        if free < 0:
            raise _too_large(archive)
        if not _is_junk(member.name):
            members.append(member)
    # A damaged header in the middle, or none where the file is cut off, ends the loop silently.
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it has no end mark")
    while tar.fileobj.read(1 << 20):  # checks the compression's own checksum
        pass
    return members


def _goes_through(links: set[str], member: tarfile.TarInfo) -> bool:
    """Whether a symbolic link is a folder on the way to an entry, or to what it points to.

    What such a path means is known only on the disk, and the "data" filter of Python before
    3.11.13 can be led out of the folder by it (CVE-2025-4517).
    """
    paths = [member.name]
    if member.issym():
        paths.append(join(dirname(member.name), member.linkname))
    elif member.islnk():
        paths.append(join(member.linkname, ""))  # a hard link to a link is a link
    return any(
        normpath(parent) in links
        for path in paths
        for parent in accumulate(path.split("/")[:-1], join)
    )


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        entries = [entry for entry in file.infolist() if not _is_junk(entry.filename)]
        for entry in entries:
            _check_name(archive, entry.filename)
            if entry.flag_bits & 1:
                raise _refused(archive, entry.filename, "is encrypted")
            if stat.S_IFMT(entry.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise _refused(archive, entry.filename, "is neither a file nor a folder")
        _refuse_twice(archive, [entry.filename for entry in entries if not entry.is_dir()])
        # zipfile reads no more of an entry than its header says, and then compares the checksum.
        if sum(entry.file_size for entry in entries) > shutil.disk_usage(folder.parent).free:
            raise _too_large(archive)
        folder.mkdir()
        for entry in entries:
            file.extract(entry, folder)


def _is_junk(name: str) -> bool:
    """Whether macOS wrote it beside the files that were meant."""
    return any(part == "__MACOSX" or part.startswith("._") for part in name.split("/"))


def _refuse_twice(archive: Path, names: Sequence[str]) -> None:
    """Raises a `Stop` where the last of several files would take the place of the others."""
    for name, count in Counter(map(normpath, names)).items():
        if count > 1:
            raise _refused(archive, name, f"is in it {count} times")


def _check_name(archive: Path, name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if not name:
        raise _refused(archive, name, "has no name")
    if not parts[0] or re.match(r"[A-Za-z]:[\\/]", name):
        raise _refused(archive, name, "is an absolute path")
    if ".." in parts:
        raise _refused(archive, name, "has '..' in its path")


def _why(error: tarfile.FilterError) -> str:
    if isinstance(error, tarfile.SpecialFileError):
        return "is neither a file, a folder nor a link"
    if isinstance(error, tarfile.AbsoluteLinkError | tarfile.LinkOutsideDestinationError):
        return f"links to '{error.tarinfo.linkname}', outside of the archive"
    return "lies outside of the archive"


def _refused(archive: Path, name: str, why: str) -> Stop:
    return Stop(f"{archive} was not unpacked: its entry '{name}' {why}")


def _too_large(archive: Path) -> Stop:
    return Stop(
        f"{archive} was not unpacked: its files need more than the space that is free in "
        f"{cache_folder()}"
    )
