"""Unpacking archives, and refusing those that would do harm."""

import errno
import io
import shutil
import stat
import struct
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from components.base.errors import Stop
from components.ingest.archive import extract
from components.ingest.fetch import sha256_of

FILES = {"set/ant/1.png": b"one", "set/bee/2.png": b"two"}
NOISE = np.random.default_rng(0).bytes(200_000)


@pytest.fixture(autouse=True)
def unpacked(tmp_path, monkeypatch):
    """The folder that archives are unpacked into."""
    monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "extracted"


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def write_tar(path: Path, *entries: tarfile.TarInfo, files=FILES, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            info = entry(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in entries:
            tar.addfile(info)
    return path


def write_zip(path: Path, files=FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refusal(archive: Path) -> str:
    """The message; and nothing is left of the archive's entries."""
    before = sorted(path for path in archive.parent.rglob("*") if "cache" not in path.parts)
    with pytest.raises(Stop) as caught:
        extract(archive)
    after = sorted(path for path in archive.parent.rglob("*") if "cache" not in path.parts)
    assert after == before
    left = list((archive.parent / "cache" / "extracted").iterdir())
    assert [path.suffix for path in left] == [".lock"]
    return str(caught.value)


@pytest.mark.parametrize(
    ("ending", "mode"),
    [
        (".tar", "w"),
        (".tar.gz", "w:gz"),
        (".tgz", "w:gz"),
        (".tar.bz2", "w:bz2"),
        (".tar.xz", "w:xz"),
        (".zip", None),
    ],
)
def test_an_archive_is_unpacked(tmp_path, unpacked, ending, mode):
    path = tmp_path / f"a{ending}"
    archive = write_tar(path, mode=mode) if mode else write_zip(path)

    folder = extract(archive)

    assert folder == unpacked / sha256_of(archive)
    assert contents(folder) == FILES


def test_an_archive_is_unpacked_once(tmp_path):
    archive = write_zip(tmp_path / "a.zip")
    folder = extract(archive)
    (folder / "set" / "ant" / "1.png").write_bytes(b"touched")

    assert extract(archive, sha256_of(archive).upper()) == folder
    assert contents(folder)["set/ant/1.png"] == b"touched"


def test_two_at_once_unpack_once(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "a.zip", {f"{number}.txt": NOISE for number in range(20)})
    opened = []
    original = zipfile.ZipFile.__init__

    def count(self, *args, **kwargs):
        opened.append(args)
        original(self, *args, **kwargs)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", count)

    with ThreadPoolExecutor() as pool:
        folders = set(pool.map(extract, [archive] * 4))

    assert len(opened) == 1
    assert len(contents(folders.pop())) == 20
    assert not folders


def test_what_a_killed_process_left_is_unpacked_again(tmp_path, unpacked):
    archive = write_tar(tmp_path / "a.tar")
    left = unpacked / f".{sha256_of(archive)}.partial"
    left.mkdir(parents=True)
    (left / "half").touch()

    assert contents(extract(archive)) == FILES


def test_a_tar_whose_first_name_begins_like_a_zip_is_a_tar(tmp_path):
    archive = write_tar(tmp_path / "a.tar", files={"PKLot/1.png": b"1"})

    assert contents(extract(archive)) == {"PKLot/1.png": b"1"}


def test_a_link_inside_of_the_archive_stays(tmp_path):
    archive = write_tar(
        tmp_path / "a.tar",
        entry("set/cat.png", tarfile.SYMTYPE, "ant/1.png"),
        entry("set/dog.png", tarfile.LNKTYPE, "set/bee/2.png"),
    )

    assert contents(extract(archive)) == FILES | {"set/cat.png": b"one", "set/dog.png": b"two"}


def test_the_permissions_of_a_tar_are_those_of_data(tmp_path):
    locked = entry("locked")
    locked.mode = 0o4000

    folder = extract(write_tar(tmp_path / "a.tar", locked))

    assert stat.S_IMODE((folder / "locked").stat().st_mode) == 0o600


def test_an_empty_zip_is_an_empty_folder(tmp_path):
    assert contents(extract(write_zip(tmp_path / "a.zip", {}))) == {}


def test_what_macos_adds_is_passed_over(tmp_path):
    files = FILES | {"__MACOSX/set/1.png": b"junk", "set/._1.png": b"junk"}

    assert contents(extract(write_zip(tmp_path / "a.zip", files))) == FILES
    assert contents(extract(write_tar(tmp_path / "a.tar", files=files))) == FILES


BAD_NAMES = [
    ("../evil", "has '..' in its path"),
    ("set/../../evil", "has '..' in its path"),
    ("set/../evil", "has '..' in its path"),
    ("..\\evil", "has '..' in its path"),
    ("/evil", "is an absolute path"),
    ("C:\\evil", "is an absolute path"),
    ("C:/evil", "is an absolute path"),
]


@pytest.mark.parametrize(("name", "why"), BAD_NAMES)
def test_a_zip_that_writes_elsewhere_is_refused(tmp_path, name, why):
    archive = write_zip(tmp_path / "a.zip", FILES | {name: b"evil"})

    assert refusal(archive) == f"{archive} was not unpacked: its entry '{name}' {why}"


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        *([[entry(name)], f"'{name}' {why}"] for name, why in BAD_NAMES),
        (
            [entry("set/l", tarfile.SYMTYPE, "../../evil")],
            "'set/l' links to '../../evil', outside of the archive",
        ),
        (
            [entry("l", tarfile.SYMTYPE, "/etc/passwd")],
            "'l' links to '/etc/passwd', outside of the archive",
        ),
        (
            [entry("l", tarfile.LNKTYPE, "../a.tar")],
            "'l' links to '../a.tar', outside of the archive",
        ),
        (
            [entry("./l", tarfile.SYMTYPE, "."), entry("l/evil")],
            "'l/evil' lies or points behind a link",
        ),
        (
            # From l2, "set/l1/.." is "set" by its letters, and the folder's parent on the disk.
            [
                entry("set/l1", tarfile.SYMTYPE, "..//."),
                entry("l2", tarfile.SYMTYPE, "./set//l1/.."),
            ],
            "'l2' lies or points behind a link",
        ),
        (
            [entry("l", tarfile.SYMTYPE, "set"), entry("h", tarfile.LNKTYPE, "l")],
            "'h' lies or points behind a link",
        ),
        ([entry("tty", tarfile.CHRTYPE)], "'tty' is neither a file, a folder nor a link"),
        ([entry("pipe", tarfile.FIFOTYPE)], "'pipe' is neither a file, a folder nor a link"),
    ],
)
def test_a_tar_is_refused_before_anything_is_written(tmp_path, monkeypatch, entries, why):
    archive = write_tar(tmp_path / "a.tar", *entries)
    monkeypatch.setattr(tarfile.TarFile, "extractall", lambda *_, **__: pytest.fail("written"))

    assert refusal(archive) == f"{archive} was not unpacked: its entry {why}"


def test_a_link_in_a_zip_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip")
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr(link, "set")

    assert refusal(archive) == (
        f"{archive} was not unpacked: its entry 'link' is neither a file nor a folder"
    )


def test_an_encrypted_zip_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"1.png": b"one"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)

    assert refusal(archive) == f"{archive} was not unpacked: its entry '1.png' is encrypted"


def test_a_zip_of_an_unknown_compression_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"1.png": b"one"})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 9
    archive.write_bytes(content)

    assert refusal(archive) == (
        f"{archive} cannot be unpacked: That compression method is not supported"
    )


@pytest.mark.parametrize("content", [b"", b"label,pixel\n" * 99, b"\x1f\x8b\x08"])
def test_another_file_is_no_archive(tmp_path, content):
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(content)

    assert refusal(archive).startswith(f"{archive} is ")


def test_another_file_is_told_to_be_none(tmp_path):
    archive = tmp_path / "a.csv"
    archive.write_text("label,pixel\n")

    assert refusal(archive) == (
        f"{archive} is neither a tar nor a zip archive, or damaged at its start"
    )


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9, 0.97])
def test_a_cut_off_tar_is_refused(tmp_path, mode, share):
    archive = write_tar(tmp_path / "a.tar", files={"1": NOISE, "2": NOISE, "3": b"3"}, mode=mode)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])

    message = refusal(archive)

    assert message.startswith(
        (f"{archive} is damaged or cut off: ", f"{archive} is neither a tar nor a zip archive, or")
    )


def test_a_tar_that_is_cut_off_between_two_entries_is_refused(tmp_path):
    archive = write_tar(tmp_path / "a.tar")
    archive.write_bytes(archive.read_bytes()[:1024])

    assert refusal(archive) == f"{archive} is damaged or cut off: it has no end mark"


def test_a_tar_that_is_damaged_between_two_entries_is_refused(tmp_path):
    archive = write_tar(tmp_path / "a.tar")
    content = bytearray(archive.read_bytes())
    content[1024 + 3] ^= 1
    archive.write_bytes(content)

    assert refusal(archive) == f"{archive} is damaged or cut off: it has no end mark"


def test_a_wrong_checksum_at_the_end_of_the_compression_is_refused(tmp_path):
    archive = write_tar(tmp_path / "a.tar.gz", mode="w:gz")
    content = bytearray(archive.read_bytes())
    content[-8] ^= 1
    archive.write_bytes(content)

    assert refusal(archive).startswith(f"{archive} is damaged or cut off: CRC check failed ")


def test_a_cut_off_zip_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip")
    archive.write_bytes(archive.read_bytes()[:-30])

    assert refusal(archive) == f"{archive} is damaged or cut off: File is not a zip file"


def test_a_damaged_zip_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"good": b"good", "bad": NOISE})
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)

    assert refusal(archive) == f"{archive} is damaged or cut off: Bad CRC-32 for file 'bad'"


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("place", [0.5, 0.8])
def test_a_damaged_tar_is_refused(tmp_path, mode, place):
    text = " ".join(str(number) for number in range(200_000)).encode()
    archive = write_tar(tmp_path / "a.tar", files={"1": text, "2": text}, mode=mode)
    content = bytearray(archive.read_bytes())
    middle = int(len(content) * place)
    content[middle : middle + 100] = bytes(100)
    archive.write_bytes(content)

    assert refusal(archive).startswith(f"{archive} is damaged or cut off: ")


def test_a_zip_with_a_damaged_compression_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"1": " ".join(map(str, range(9999))).encode()})
    content = bytearray(archive.read_bytes())
    content[200:300] = b"\xff" * 100
    archive.write_bytes(content)

    assert refusal(archive).startswith(f"{archive} is damaged or cut off: Error -3 ")


def test_a_zip_with_a_damaged_name_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"é": b"1"})
    content = archive.read_bytes()
    assert content.count("é".encode()) == 2
    archive.write_bytes(content.replace("é".encode(), b"\xff\xff"))

    assert refusal(archive).startswith(f"{archive} is damaged or cut off: 'utf-8' codec can't ")


def test_a_zip_with_an_empty_name_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"é": b"1"})
    archive.write_bytes(archive.read_bytes().replace("é".encode(), b"\0\0"))

    assert refusal(archive) == f"{archive} was not unpacked: its entry '' has no name"


def test_a_full_disk_is_no_fault_of_the_archive(tmp_path, monkeypatch, unpacked):
    def extract_entry(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "extract", extract_entry)
    archive = write_zip(tmp_path / "a.zip")

    with pytest.raises(OSError, match="No space left on device"):
        extract(archive)
    assert [path.suffix for path in unpacked.iterdir()] == [".lock"]


def test_a_folder_of_a_files_name_is_told(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"a": b"file", "a/b": b"inside of it"})

    assert refusal(archive).startswith(f"{archive} cannot be unpacked: [Errno ")


@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_an_archive_larger_than_the_disk_is_refused(tmp_path, monkeypatch, write):
    archive = write(tmp_path / "a", files={"1": bytes(600), "2": bytes(600)})
    free = {"bytes": 1199}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free["bytes"]))

    assert refusal(archive) == (
        f"{archive} was not unpacked: its files need more than the space that is free in "
        f"{tmp_path}/cache"
    )
    free["bytes"] = 1200
    assert len(contents(extract(archive))) == 2


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path):
    archive = write_zip(tmp_path / "a.zip", {"bomb": bytes(1_000_000)})
    content = bytearray(archive.read_bytes())
    struct.pack_into("<L", content, content.index(b"PK\x01\x02") + 24, 10)
    archive.write_bytes(content)

    assert refusal(archive) == f"{archive} is damaged or cut off: Bad CRC-32 for file 'bomb'"


def test_a_hard_link_to_what_is_not_there_is_refused(tmp_path):
    archive = write_tar(tmp_path / "a.tar", entry("l", tarfile.LNKTYPE, "nope"))

    assert refusal(archive) == (
        f"{archive} was not unpacked: its entry 'l' links to 'nope', which is not before it"
    )


def twice_in_a_zip(path):
    write_zip(path)
    with zipfile.ZipFile(path, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("set/ant/1.png", b"other")
    return path


@pytest.mark.parametrize(
    "write", [lambda path: write_tar(path, entry("set/ant/1.png")), twice_in_a_zip]
)
def test_a_file_that_is_there_twice_is_refused(tmp_path, write):
    archive = write(tmp_path / "a")

    assert refusal(archive) == (
        f"{archive} was not unpacked: its entry 'set/ant/1.png' is in it 2 times"
    )
