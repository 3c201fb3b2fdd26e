"""One cluster for all tests; none where what it consists of is not installed."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from project import IDENTITY

from scripts.cluster import needs

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def installed():
    """Skips where something is missing, and says which line installs it."""
    if missing := needs.missing():
        pytest.skip(missing)


@pytest.fixture(scope="session")
def checkout(installed, tmp_path_factory):
    """A project of three trivial stages."""
    root = tmp_path_factory.mktemp("three") / "project"
    shutil.copytree(HERE / "three", root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "letter").write_text("A")
    for command in (
        ["git", "init", "--quiet", "--initial-branch=main"],
        [sys.executable, "-m", "dvc", "init", "--quiet"],
        ["git", "add", "--all"],
        ["git", *IDENTITY, "commit", "--quiet", "--message", "start"],
    ):
        subprocess.run(command, cwd=root, check=True)
    return root


@pytest.fixture(scope="session")
def cluster(checkout):
    """Two workers, on that project."""
    from cluster import Cluster

    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="millrace-", dir="/var/tmp"))
    folder.chmod(0o711)
    one = Cluster(folder / "cluster", checkout)
    yield one
    assert one.end() == 0
    shutil.rmtree(folder)
