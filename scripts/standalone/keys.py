"""What is secret is made once, and lies in files that nobody else can read."""

import json
import os
import secrets
import tempfile
from pathlib import Path

USER = "admin"
LETTERS = "abcdefghkmnpqrstuvwxyzABCDEFGHKMNPQRSTUVWXYZ23456789"  # none that looks like another


def private(folder: Path) -> Path:
    """The folder, which only its owner can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def keep_secret(file: Path) -> None:
    """Makes a key, where there is none; the same one keeps sessions and tasks valid."""
    if not _is_kept(file):
        _write(file, secrets.token_hex(64))


def keep_password(file: Path) -> str | None:
    """Makes the password, where there is none, and gives it; None where it was made before."""
    if _is_kept(file):
        return None
    password = "".join(secrets.choice(LETTERS) for _ in range(20))
    _write(file, json.dumps({USER: password}) + "\n")
    return password


def _is_kept(file: Path) -> bool:
    """Whether there is something in it; if so, its mode is put right."""
    if not file.exists() or not file.stat().st_size:
        return False
    file.chmod(0o600)
    return True


def _write(file: Path, text: str) -> None:
    """Beside, then renamed: killed in between, no half of a key is left. Its mode is 0600."""
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    Path(beside).replace(file)
