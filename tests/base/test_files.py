"""Writing loses nothing."""

import contextlib
import ctypes
import errno
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from project import ROOT

from components.base.errors import Invalid, Stop, exit_status
from components.base.files import digest, discard, read_json, replacing, write_csv, write_json


def test_a_folder_takes_the_place_of_the_earlier_one(tmp_path):
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()

    with replacing(target) as beside:
        beside.mkdir()
        (beside / "new").touch()

    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_in_the_middle_leaves_the_earlier_output(tmp_path):
    target = tmp_path / "out.json"
    write_json({"whole": True}, target)

    with contextlib.suppress(RuntimeError), replacing(target) as beside:
        beside.write_text("{half")
        raise RuntimeError("power")

    assert read_json(target) == {"whole": True}
    assert [path.name for path in tmp_path.iterdir()] == ["out.json"]


@pytest.fixture
def refusing(monkeypatch):
    """A system that refuses to exchange two names."""

    def refuse(code):
        libc = SimpleNamespace(renameat2=lambda *_: -1)
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: libc)
        monkeypatch.setattr(ctypes, "get_errno", lambda: code)

    return refuse


def replaced(target):
    with replacing(target) as beside:
        beside.mkdir()
        (beside / "new").touch()


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL])
def test_where_names_cannot_be_exchanged_the_folder_is_replaced_all_the_same(
    tmp_path, refusing, code
):
    (tmp_path / "out").mkdir()
    refusing(code)

    replaced(tmp_path / "out")

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["new"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_may_not_be_replaced_stays_and_is_named(tmp_path, refusing):
    (tmp_path / "out").mkdir()
    refusing(errno.EACCES)

    with pytest.raises(PermissionError, match="Permission denied") as caught:
        replaced(tmp_path / "out")

    assert caught.value.filename == str(tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    left = tmp_path / ".out.k2j4h1.partial"
    left.mkdir()
    (left / "half").touch()

    write_json([], tmp_path / "out")

    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_number_that_json_lacks_is_null(tmp_path):
    write_json({"a": [float("nan"), 1.5], "b": float("inf")}, tmp_path / "out.json")

    assert read_json(tmp_path / "out.json") == {"a": [None, 1.5], "b": None}


def test_a_table_has_a_header(tmp_path):
    write_csv(["epoch", "loss"], [(1, 0.5)], tmp_path / "a.csv")

    assert (tmp_path / "a.csv").read_text() == "epoch,loss\n1,0.5\n"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (Stop("the gate said no"), 1, "the gate said no\n"),
        (Invalid("a.yaml:1: wrong"), 2, "a.yaml:1: wrong\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "data/out"),
            75,
            "No space left on device: data/out; no output is half written\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "data/out"),
            1,
            "Permission denied: data/out; no output is half written\n",
        ),
        (
            MemoryError(),
            75,
            "not enough memory: none is left; no output is half written\n",
        ),
        (
            ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
            75,
            f"a connection was lost: [Errno {errno.ECONNRESET}] Connection reset by peer; "
            "no output is half written\n",
        ),
        (
            OSError("HDF5 says: errno = 27, error message = 'File too large'"),
            1,
            "File too large; no output is half written\n",
        ),
        (
            ImportError("libtensorflow.so: failed to map segment from shared object"),
            75,
            "not enough memory: libtensorflow.so: failed to map segment from shared object; "
            "no output is half written\n",
        ),
    ],
)
def test_an_error_of_the_users_ends_with_its_message(capsys, error, status, message):
    with pytest.raises(SystemExit) as caught, exit_status():
        raise error

    assert caught.value.code == status
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_stream_that_is_closed(tmp_path, closed):
    code = (
        "import subprocess, sys; from components.base.errors import exit_status\n"
        "with exit_status():\n"
        f"    with open({str(tmp_path / 'a')!r}, 'w') as file:\n"
        "        sys.stdout.write('said'); sys.stderr.write('said'); sys.stdin.read()\n"
        "        look = [sys.executable, '-c', 'import os; [os.fstat(n) for n in range(3)]']\n"
        "        subprocess.run(look, close_fds=False, check=True)\n"
        "        file.write(str(file.fileno() > 2))\n"
    )

    subprocess.run(
        ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, code],
        cwd=ROOT,
        check=True,
        stdin=subprocess.DEVNULL,
    )

    assert (tmp_path / "a").read_text() == "True"


@pytest.mark.parametrize(
    "error",
    [
        ChildProcessError(errno.ECHILD, "none"),
        ImportError("no module named 'none'"),
        ImportError("none: failed to map segment from shared object: Operation not permitted"),
    ],
)
def test_another_error_is_ours_and_keeps_its_traceback(error):
    with pytest.raises(type(error), match="none"), exit_status():
        raise error


def test_a_folder_with_a_name_that_is_not_utf_8_has_a_digest(tmp_path):
    empty = digest(tmp_path)
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()

    assert digest(tmp_path) != empty


HOLDS = """
import sys
from pathlib import Path
from components.base.files import hold
hold(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_that_a_process_holds_is_not_discarded_before_it_ends(tmp_path):
    held, free = tmp_path / "held", tmp_path / "free"
    free.mkdir()
    command = [sys.executable, "-c", HOLDS, str(held)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        for folder in (held, free):
            discard(folder)
        assert [path.name for path in tmp_path.iterdir()] == ["held"]

    discard(held)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["theirs", "theirs/none/yet"])
def test_whose_a_folder_is_is_said_where_it_is_somebody_elses(tmp_path, monkeypatch, capsys, name):
    folder = tmp_path / "theirs"
    folder.mkdir()
    owner = folder.owner()
    monkeypatch.setattr("os.geteuid", lambda: folder.stat().st_uid + 1)

    with pytest.raises(SystemExit), exit_status():
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / name))

    said = (
        f"Permission denied: {tmp_path / name} ({folder} is {owner}'s); no output is half written"
    )
    assert capsys.readouterr().err == f"{said}\n"


def test_whose_a_folder_is_is_said_where_it_cannot_be_looked_into(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "theirs"
    folder.mkdir()
    inner, look = folder / "inner", os.stat
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)

    def closed(path, **options):
        if os.fspath(path) == str(inner):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return look(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr("os.stat", closed)
        with pytest.raises(SystemExit), exit_status():
            raise PermissionError(errno.EACCES, "Permission denied", str(inner))

    said = f"Permission denied: {inner} ({folder} is {folder.owner()}'s); no output is half written"
    assert capsys.readouterr().err == f"{said}\n"
