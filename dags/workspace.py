"""A clone for each DAG run: what runs in it is one commit, and nobody else works in it.

A task that finds the run's clone in use, by another task of the run, makes one more.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from typing import TextIO

from components.base.rwlock import free_lock
from dags import branch
from dags.branch import Run
from dags.git import HELD, GitError, git
from dags.settings import Settings

OVER = "over"  # the file in a run's folder that says that the run is
IDLE_S = 7 * 24 * 3600  # after which a run is over whose end nobody has said, such as a timeout's


@contextmanager
def taken(settings: Settings, run: Run, source: Path) -> Iterator[Path]:
    """A clone of the run's branch as it is now, which no other task uses meanwhile.

    Args:
        settings: Of this worker.
        run: The DAG run.
        source: A checkout on this host that has the commit, which objects are shared with.
    """
    base = folder_of(settings, run)
    base.mkdir(parents=True, exist_ok=True)
    (base / OVER).unlink(missing_ok=True)
    # First those in which a killed task may have left what is nowhere else.
    for number in chain((int(one.name) for one in unpublished(base)), count()):
        file = base / f"{number}.lock"
        with file.open("w") as lock:
            if not _is_locked(lock, file):
                continue
            HELD.add(lock.fileno())  # a task that is killed leaves commands behind for a moment
            try:
                folder = base / str(number)
                make(settings, source, folder)
                branch.update(folder, run)
                yield folder
            finally:
                HELD.discard(lock.fileno())
            return


def _is_locked(lock: TextIO, file: Path) -> bool:
    """Whether this process has the lock now, and the file is not one that was just removed."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file.stat().st_ino == os.fstat(lock.fileno()).st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def folder_of(settings: Settings, run: Run) -> Path:
    """Where the clones of a run are."""
    return settings.workspaces / run.dag / run.name


def make(settings: Settings, source: Path, folder: Path) -> None:
    """A clone that git and DVC take, whatever was killed in it."""
    _free(folder)
    if folder.exists() and not _is_repository(folder):
        _delete(folder)
    if not folder.exists():
        clone(settings, source, folder)


def _free(folder: Path) -> None:
    """Removes what a kill has left: whoever had these locks has ended, or it would have ours."""
    inside = folder / ".git"
    for left in (*inside.glob("*.lock"), *(inside / "refs").rglob("*.lock")):
        left.unlink()
    free_lock(folder, patience_s=0)


def _is_repository(folder: Path) -> bool:
    """Whether it is one itself: git would take one further up, which is the user's own."""
    try:
        return git(folder, "rev-parse", "--git-dir") == ".git"
    except GitError:
        return False


def clone(settings: Settings, source: Path, folder: Path) -> None:
    """A clone without files yet, whose data comes from DVC's shared cache."""
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)  # a kill has left it; the lock of its number is ours
    git(folder.parent, "clone", "-q", "--no-checkout", "--no-tags", str(source), str(partial))
    git(partial, "remote", "set-url", "origin", settings.repository)
    (partial / ".dvc").mkdir(exist_ok=True)
    (partial / ".dvc" / "config.local").write_text(
        f'[cache]\n    dir = {settings.cache}\n    type = "reflink,hardlink,symlink,copy"\n'
        "[core]\n    autostage = true\n"  # else it says after each stage how to
        # What DVC remembers of each folder it keeps in /var/tmp for ever; here it goes with it.
        f"    site_cache_dir = {folder / '.dvc' / 'tmp' / 'site'}\n"
    )
    partial.rename(folder)


def clean(folder: Path) -> None:
    """Removes what stages have made in a clone; it is DVC's, and published."""
    git(folder, "clean", "-q", "-f", "-f", "-d", "-x", "-e", "/.dvc/config.local")


def _partial(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.partial")


def _delete(folder: Path) -> None:
    """Removes a clone; killed in between, no half of it is taken for one."""
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)
    if folder.exists():
        folder.rename(partial)
    shutil.rmtree(partial, ignore_errors=True)


def link_sources(settings: Settings, folder: Path, name: str) -> None:
    """Makes sources/NAME a link to the raw data of a pipeline that lies outside of git."""
    if settings.sources is None or not (settings.sources / name).is_dir():
        return
    if (folder / "sources" / f"{name}.dvc").exists():  # DVC has it, as of this commit
        return
    tracked = git(folder, "ls-files", "-z", "--", f"sources/{name}").split("\0")
    keep = f"sources/{name}/.gitkeep"
    place = folder / "sources" / name
    if set(filter(None, tracked)) - {keep} or place.is_symlink():
        return  # data in git, or in DVC by git
    # Else the run would be said to differ from its commit.
    (folder / ".git" / "info").mkdir(exist_ok=True)
    with (folder / ".git" / "info" / "exclude").open("a") as exclude:
        exclude.write(f"/sources/{name}\n")
    if keep in tracked:
        git(folder, "update-index", "--skip-worktree", keep)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to((settings.sources / name).resolve())


def unpublished(base: Path) -> list[Path]:
    """The clones in a run's folder that have what is nowhere else."""
    clones = sorted(one for one in base.glob("*") if one.name.isdecimal())
    found = []
    for one in clones:
        with suppress(FileNotFoundError):  # in use: the journal comes and goes
            if branch.written(one):
                found.append(one)
    return found


def end(settings: Settings, run: Run, *, is_good: bool) -> bool:
    """Says that a run is over, and removes its clones; whether they are gone.

    Those of the last runs that failed stay, and all that have what is nowhere else.
    """
    base = folder_of(settings, run)
    (base / OVER).touch()
    if is_good and not unpublished(base):
        _remove(base)
    _keep_last(base.parent)
    return not base.exists()


def _remove(base: Path) -> None:
    for lock_file in base.glob("*.lock"):
        with lock_file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _delete(base / lock_file.stem)
            lock_file.unlink()
    (base / OVER).unlink(missing_ok=True)
    try:
        base.rmdir()
    except OSError:
        return


def _keep_last(folder: Path, kept: int = 3) -> None:
    ages: dict[Path, float] = {}
    for one in folder.iterdir():
        with suppress(FileNotFoundError):  # another run closes, too
            age_s = _age_s(one)
            if (one / OVER).exists() or age_s > IDLE_S:
                ages[one] = age_s
    for old in sorted(ages, key=lambda one: ages[one])[kept:]:
        with suppress(FileNotFoundError):
            if not unpublished(old):
                _remove(old)


def _age_s(base: Path) -> float:
    """Seconds since a task has used a run's folder."""
    return time.time() - max(one.stat().st_mtime for one in (base, *base.iterdir()))
