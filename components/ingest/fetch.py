"""A remote file, checked against its SHA-256: from the cache, a mirror folder or the network."""

import hashlib
import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit

import platformdirs
from filelock import FileLock
from huggingface_hub import logging as hub_logging
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # httpx's in 1, httpx2's in 2
    HfHubHTTPError,
    HTTPError,
    OfflineModeIsEnabled,
)
from huggingface_hub.file_download import http_get

from components.base.errors import Stop, Unavailable

RESTARTS = 5
"""How often a server that cannot resume may break off and begin again from nothing."""
RETRIES = 1
"""How often a server that gives nothing is asked again, each time for ten seconds; one that gives
something is asked more often."""


def fetch(url: str, sha256: str) -> Path:
    """The local path of a remote file with that content.

    It is the file in the cache folder; else a file of the same name anywhere inside of the folder
    that the environment variable MILLRACE_MIRROR names, used where it lies; else it is downloaded
    into the cache folder.

    Args:
        url: An http or https address that ends in the file's name.
        sha256: 64 hexadecimal digits.

    Raises:
        Stop: The file cannot be had, or the address serves another one.
    """
    sha256, name = sha256.lower(), _name(url)
    target = cache_folder() / "downloads" / sha256 / name
    if target.exists():
        return target
    others = []
    for path in _mirrored(name):
        if (actual := sha256_of(path)) == sha256:
            return path
        others.append(f"{path} has SHA-256 {actual}, not {sha256}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.parent.with_suffix(".lock")):
        if not target.exists():
            try:
                _download(url, sha256, target)
            except _DownloadError as error:
                problem = Stop if error.is_final else Unavailable
                problems = [
                    f"{_shown(url)} was not downloaded: {error}",
                    *(others or [_hint(name)]),
                ]
                raise problem("; ".join(problems)) from None
    return target


def cache_folder() -> Path:
    """Where downloads and unpacked archives lie: MILLRACE_CACHE, else the user's cache folder."""
    folder = os.environ.get("MILLRACE_CACHE")
    return Path(folder).absolute() if folder else platformdirs.user_cache_path("millrace")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


AGAIN = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_EARLY,
    HTTPStatus.TOO_MANY_REQUESTS,
}
"""What a server says no with that may say yes later, besides the errors of its own, 500 and up."""


class _DownloadError(Exception):
    """The network did not give the file.

    Args:
        why: In words.
        is_final: Whether it would say the same another time.
    """

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


class _Partial(io.BufferedWriter):
    """What came of a download so far.

    `http_get` truncates it where a server ignores Range, and would do so without end where that
    server breaks off each time.
    """

    restarts = 0

    def truncate(self, size: int | None = None) -> int:
        self.restarts += 1
        if self.restarts > RESTARTS:
            raise _DownloadError(
                "the connection breaks off each time, and the server cannot resume"
            )
        return super().truncate(size)


def _name(url: str) -> str:
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if name in {"", ".."} or "\0" in name:
        raise Stop(f"{_shown(url)}: the address must end in the name of a file")
    return name


def _shown(url: str) -> str:
    """The address without its password and its query, which may be secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _mirrored(name: str) -> list[Path]:
    mirror = os.environ.get("MILLRACE_MIRROR")
    if not mirror:
        return []
    if not Path(mirror).is_dir():
        raise Stop(f"MILLRACE_MIRROR is {mirror}, and there is no such folder")
    return sorted(path for path in Path(mirror).rglob(escape(name)) if path.is_file())


def _hint(name: str) -> str:
    if mirror := os.environ.get("MILLRACE_MIRROR"):
        return f"{mirror}, which MILLRACE_MIRROR names, has no {name}"
    return f"without internet, set MILLRACE_MIRROR to a folder that has {name}"


def _download(url: str, sha256: str, target: Path) -> None:
    """Downloads to `target`; goes on where an earlier try was killed."""
    partial = target.with_name(f"{target.name}.partial")
    is_resumed = partial.exists()
    _get(url, partial, target.name)
    actual = sha256_of(partial)
    if actual == sha256:
        partial.rename(target)
    elif is_resumed:  # what the earlier try left may have been of another file
        partial.unlink()
        _download(url, sha256, target)
    else:
        wrong = partial.replace(target.with_name(f"{target.name}.{actual[:12]}.wrong"))
        raise Stop(
            f"{_shown(url)} has SHA-256 {actual}, not {sha256}; what came is kept as {wrong}: "
            "either the address serves something else now, or the sha256 in the pipeline file "
            "is wrong"
        )


def _get(url: str, partial: Path, name: str) -> None:
    """Downloads what `partial` lacks.

    Raises:
        _DownloadError: Saying why; what came so far stays.
    """
    with _Partial(io.FileIO(partial, "a")) as file, _quiet():
        size = file.tell()
        try:
            # A compressed transfer can neither be resumed nor measured.
            headers = {"Accept-Encoding": "identity"}
            http_get(
                url,
                file,
                resume_size=size,
                headers=headers,
                displayed_filename=name,
                _nb_retries=RETRIES,
            )
        except HfHubHTTPError as error:
            status = error.response.status_code
            if size and status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # nothing is left to come: it is whole, or of another file
            why = f"HTTP {status} {error.response.reason_phrase}".rstrip()
            is_final = status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in AGAIN
            raise _DownloadError(why, is_final=is_final) from None
        except OfflineModeIsEnabled:
            raise _DownloadError("HF_HUB_OFFLINE is set", is_final=True) from None
        except HTTPError as error:
            came = " (the next run goes on where this one stopped)" if file.tell() else ""
            raise _DownloadError(f"{str(error) or type(error).__name__}{came}") from None
        except OSError as error:
            if error.errno is not None:  # the disk's, not the network's
                raise
            raise _DownloadError(str(error).splitlines()[0]) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without `http_get`'s warnings, which give the address in full."""
    before = hub_logging.get_verbosity()
    hub_logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        hub_logging.set_verbosity(before)
