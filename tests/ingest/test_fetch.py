"""Fetching a remote file from the cache, a mirror, or a server on this machine."""

import errno
import hashlib
import logging
import socket
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import huggingface_hub
import platformdirs
import pytest
from huggingface_hub import constants, file_download

from components.base.errors import Stop, Unavailable
from components.ingest.fetch import RESTARTS, cache_folder, fetch, sha256_of

CONTENT = bytes(range(256)) * 40
SUM = hashlib.sha256(CONTENT).hexdigest()
OTHER = b"another file"
OTHER_SUM = hashlib.sha256(OTHER).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves the server's `content`, and notes the headers of every request."""

    def do_GET(self):
        server = self.server
        server.requests.append(dict(self.headers))
        time.sleep(server.delay)
        content, start = server.content, 0
        if server.has_ranges and "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if self.path.startswith("/error/"):
            self.send_error(int(self.path.split("/")[2]))
        elif start and start >= len(content):
            self.send_error(416)
        else:
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header(
                    "Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}"
                )
            self.end_headers()
            rest = content[start:]
            server.sent.append(rest[: server.cut_after])
            self.wfile.write(server.sent[-1])

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder, no mirror, no proxy, and no second of rest between two tries."""
    huggingface_hub.close_session()
    monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MILLRACE_MIRROR", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    monkeypatch.setattr(file_download, "time", SimpleNamespace(sleep=lambda seconds: None))
    yield tmp_path / "cache"
    huggingface_hub.close_session()


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.content, server.has_ranges, server.cut_after, server.delay = CONTENT, True, None, 0
    server.requests, server.sent = [], []
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    folder = tmp_path / "mirror"
    (folder / "deep").mkdir(parents=True)
    monkeypatch.setenv("MILLRACE_MIRROR", str(folder))
    return folder


@pytest.fixture
def dead():
    """The address of a port of this machine that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def left_by_a_killed_try(cache: Path, content: bytes) -> Path:
    partial = cache / "downloads" / SUM / "a.bin.partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(content)
    return partial


def stop(url: str, sha256: str = SUM, kind: type[Stop] = Stop) -> str:
    with pytest.raises(Stop) as caught:
        fetch(url, sha256)
    assert type(caught.value) is kind
    return str(caught.value)


def unavailable(url: str) -> str:
    """What may be otherwise another time."""
    return stop(url, kind=Unavailable)


def ranges(server) -> list[str | None]:
    return [headers.get("Range") for headers in server.requests]


def test_a_file_is_downloaded_once(server, cache):
    first = fetch(f"{server.address}/sets/a%20b.bin?download=1", SUM.upper())
    second = fetch(f"{server.address}/sets/a%20b.bin?download=1", SUM)

    assert first == second == cache / "downloads" / SUM / "a b.bin"
    assert first.read_bytes() == CONTENT
    assert len(server.requests) == 1
    assert list(first.parent.iterdir()) == [first]


def test_two_at_once_download_once(server):
    server.delay = 0.1

    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(fetch, [f"{server.address}/a.bin"] * 4, [SUM] * 4))

    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert len(server.requests) == 1


def test_a_killed_download_goes_on_where_it_stopped(server, cache):
    left_by_a_killed_try(cache, CONTENT[:4321])

    path = fetch(f"{server.address}/a.bin", SUM)

    assert path.read_bytes() == CONTENT
    assert ranges(server) == ["bytes=4321-"]
    assert server.sent == [CONTENT[4321:]]


def test_a_broken_connection_is_resumed(server):
    server.cut_after = 4000

    path = fetch(f"{server.address}/a.bin", SUM)

    assert path.read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=4000-", "bytes=8000-"]


def test_a_server_without_ranges_begins_again(server, cache):
    server.has_ranges = False
    left_by_a_killed_try(cache, CONTENT[:4321])

    path = fetch(f"{server.address}/a.bin", SUM)

    assert path.read_bytes() == CONTENT
    assert server.sent == [CONTENT]


def test_a_server_without_ranges_that_breaks_off_each_time_is_given_up(server):
    server.has_ranges, server.cut_after = False, 4000

    message = unavailable(f"{server.address}/a.bin")

    assert message == (
        f"{server.address}/a.bin was not downloaded: the connection breaks off each time, and the "
        "server cannot resume; without internet, set MILLRACE_MIRROR to a folder that has a.bin"
    )
    assert len(server.requests) == 1 + 1 + RESTARTS


def test_a_connection_that_stays_broken_leaves_what_came(server, cache):
    server.cut_after = 0
    partial = left_by_a_killed_try(cache, CONTENT[:4321])

    message = unavailable(f"{server.address}/a.bin")

    assert message == (
        f"{server.address}/a.bin was not downloaded: peer closed connection without sending "
        "complete message body (received 0 bytes, expected 5919) (the next run goes on where this "
        "one stopped); without internet, set MILLRACE_MIRROR to a folder that has a.bin"
    )
    assert partial.read_bytes() == CONTENT[:4321]


@pytest.mark.parametrize(
    ("partial", "expected"),
    [
        pytest.param(CONTENT, [], id="whole"),
        pytest.param(CONTENT + b"more", [CONTENT], id="longer than the file"),
        pytest.param(OTHER, [CONTENT[len(OTHER) :], CONTENT], id="of another file"),
        pytest.param(b"", [CONTENT], id="empty"),
    ],
)
def test_a_stale_partial_does_no_harm(server, cache, partial, expected):
    left_by_a_killed_try(cache, partial)

    path = fetch(f"{server.address}/a.bin", SUM)

    assert path.read_bytes() == CONTENT
    assert server.sent == expected
    assert list(path.parent.iterdir()) == [path]


def test_another_file_is_kept_aside(server, cache):
    server.content = OTHER
    folder = cache / "downloads" / SUM
    wrong = folder / f"a.bin.{OTHER_SUM[:12]}.wrong"

    message = stop(f"{server.address}/a.bin")

    assert message == (
        f"{server.address}/a.bin has SHA-256 {OTHER_SUM}, not {SUM}; what came is kept as {wrong}: "
        "either the address serves something else now, or the sha256 in the pipeline file is wrong"
    )
    assert wrong.read_bytes() == OTHER
    assert list(folder.iterdir()) == [wrong]


@pytest.mark.parametrize(
    "error", ["404 Not Found", "403 Forbidden", "416 Requested Range Not Satisfiable"]
)
def test_what_the_server_says_is_told(server, error):
    address = f"{server.address}/error/{error[:3]}/a.bin"

    assert stop(address) == (
        f"{address} was not downloaded: HTTP {error}; without internet, set MILLRACE_MIRROR to a "
        "folder that has a.bin"
    )


@pytest.mark.parametrize("error", ["408 Request Timeout", "507 Insufficient Storage"])
def test_what_a_server_may_give_later_may_be_asked_for_again(server, error, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    address = f"{server.address}/error/{error[:3]}/a.bin"

    assert unavailable(address).startswith(f"{address} was not downloaded: HTTP {error}; ")


def test_a_full_disk_is_no_matter_of_the_network(server, monkeypatch):
    def write(file, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("components.ingest.fetch._Partial.write", write)

    with pytest.raises(OSError, match="No space left on device"):
        fetch(f"{server.address}/a.bin", SUM)


def test_an_unreachable_host_is_told(dead):
    assert unavailable(f"{dead}/a.bin") == (
        f"{dead}/a.bin was not downloaded: [Errno 111] Connection refused; without internet, set "
        "MILLRACE_MIRROR to a folder that has a.bin"
    )


def test_offline_mode_is_told(server, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    assert stop(f"{server.address}/a.bin?key=s3cret") == (
        f"{server.address}/a.bin was not downloaded: HF_HUB_OFFLINE is set; without internet, set "
        "MILLRACE_MIRROR to a folder that has a.bin"
    )


def test_an_address_without_a_file_name_is_refused(server):
    address = f"{server.address}/sets/.."

    assert stop(address) == f"{address}: the address must end in the name of a file"
    assert server.requests == []


def test_the_secrets_of_an_address_reach_only_its_server(server, monkeypatch):
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    monkeypatch.setattr(logging.getLogger("huggingface_hub"), "handlers", [handler])
    host = server.address.removeprefix("http://")
    server.cut_after = 0

    message = unavailable(f"http://user:pa55@{host}/a.bin?key=s3cret")

    assert message.startswith(f"http://{host}/a.bin was not downloaded: peer closed connection")
    assert lines == []
    assert huggingface_hub.logging.get_verbosity() == logging.WARNING
    assert server.requests[0]["Authorization"] == f"Basic {b64encode(b'user:pa55').decode()}"


def test_no_token_of_hugging_face_is_sent(server, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_s3cret")

    fetch(f"{server.address}/a.bin", SUM)

    assert set(server.requests[0]) == {
        "Host",
        "Accept",
        "Accept-Encoding",
        "Connection",
        "User-Agent",
        "X-Amzn-Trace-Id",
    }
    assert server.requests[0]["Accept-Encoding"] == "identity"
    assert "hf_s3cret" not in str(server.requests)


def test_the_mirror_is_read_where_it_lies(mirror, dead, cache):
    (mirror / "a.bin").write_bytes(OTHER)
    (mirror / "deep" / "a.bin").write_bytes(CONTENT)

    assert fetch(f"{dead}/a.bin", SUM) == mirror / "deep" / "a.bin"
    assert not cache.exists()


def test_a_folder_in_the_mirror_is_no_file(mirror, server, cache):
    (mirror / "a.bin").mkdir()

    assert fetch(f"{server.address}/a.bin", SUM) == cache / "downloads" / SUM / "a.bin"


def test_the_cache_comes_before_the_mirror(server, mirror):
    cached = fetch(f"{server.address}/a.bin", SUM)
    (mirror / "a.bin").write_bytes(CONTENT)

    assert fetch(f"{server.address}/a.bin", SUM) == cached


def test_a_name_is_no_pattern_in_the_mirror(mirror, dead):
    (mirror / "a1.bin").write_bytes(CONTENT)

    assert unavailable(f"{dead}/a[1].bin").endswith(
        f"{mirror}, which MILLRACE_MIRROR names, has no a[1].bin"
    )


def test_what_the_mirror_lacks_is_downloaded(mirror, server, cache):
    (mirror / "a.bin").write_bytes(OTHER)

    assert fetch(f"{server.address}/a.bin", SUM) == cache / "downloads" / SUM / "a.bin"


def test_a_mirror_with_other_files_is_told(mirror, dead):
    for path in (mirror / "a.bin", mirror / "deep" / "a.bin"):
        path.write_bytes(OTHER)

    assert unavailable(f"{dead}/a.bin") == (
        f"{dead}/a.bin was not downloaded: [Errno 111] Connection refused; "
        f"{mirror}/a.bin has SHA-256 {OTHER_SUM}, not {SUM}; "
        f"{mirror}/deep/a.bin has SHA-256 {OTHER_SUM}, not {SUM}"
    )


def test_a_mirror_that_does_not_exist_is_told(server, monkeypatch, tmp_path):
    monkeypatch.setenv("MILLRACE_MIRROR", str(tmp_path / "no"))

    assert stop(f"{server.address}/a.bin") == (
        f"MILLRACE_MIRROR is {tmp_path}/no, and there is no such folder"
    )


def test_the_cache_is_the_users_where_none_is_named(monkeypatch):
    monkeypatch.delenv("MILLRACE_CACHE")

    assert cache_folder() == platformdirs.user_cache_path("millrace")


def test_the_sum_of_a_file_is_that_of_its_bytes(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")

    assert sha256_of(tmp_path / "abc") == (  # FIPS 180-2, appendix B.1
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
