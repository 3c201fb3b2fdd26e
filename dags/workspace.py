"""A clone for each DAG run: what runs in it is one commit, and nobody else works in it.

The branch `airflow/DAG/RUN` carries dvc.lock from task to task, and so from host to host. A task
that finds the run's clone in use, by another task of the run, makes one more.
"""

import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from itertools import chain, count, takewhile
from pathlib import Path
from typing import Any, TextIO

import yaml

from dags.git import HELD, GitError, git
from dags.settings import Settings

LOCKS = ":(glob)**/dvc.lock"
TIP = "refs/remotes/origin/run"  # of the run's branch, which the dvc.lock here are made of
NEXT = "refs/remotes/origin/next"  # of the run's branch, as it was fetched
OWN = "refs/millrace/own"  # what this clone has pushed last, and so has the data of
AIRFLOWS = re.compile(r"[a-z_]+__[0-9-]{10}T[0-9:.]+\+[0-9:]{5}")  # ids that Airflow makes
LIKE = re.compile(r"[a-z_]+__[0-9-]{10}T")
JOURNAL = ".git/millrace.yaml"  # entries that are on their way from one tip to the next
OVER = "over"  # the file in a run's folder that says that the run is
IDLE_S = 7 * 24 * 3600  # after which a run is over whose end nobody has said, such as a timeout's
PATIENCE_S = 120  # with others whose pushes keep coming first
Entries = dict[str, dict[str, Any]]
"""By path of a dvc.lock and name of a stage, what DVC has written."""


@dataclass(frozen=True)
class Run:
    """One run of a DAG."""

    dag: str
    id: str

    @property
    def name(self) -> str:
        """The id with what a branch and a folder take in names; another for each id."""
        if AIRFLOWS.fullmatch(self.id):
            return self.id.replace(":", "-")
        text = re.sub(r"[^A-Za-z0-9_.+-]|\.(?=\.)", "-", self.id).strip(".-")[:100]
        is_plain = text == self.id and not text.endswith(".lock") and not LIKE.match(text)
        digest = hashlib.sha256(self.id.encode(errors="replace")).hexdigest()[:8]
        return text if is_plain else f"{text.removesuffix('.lock')}-{digest}".lstrip("-")

    @property
    def branch(self) -> str:
        """What its dvc.lock is carried on."""
        return f"airflow/{self.dag}/{self.name}"

    @property
    def last(self) -> str:
        """The ref of the last run of this DAG, which the next one starts from."""
        return f"refs/millrace/last/{self.dag}"


@dataclass(frozen=True)
class Terms:
    """What a run is of; its first commit says it, and every task of it reads it there."""

    commit: str
    """What runs."""
    values: dict[str, Any] = field(default_factory=dict)
    """By dotted key, those of the form that are not the file's."""


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
                update(folder, run)
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
    busy = folder / ".dvc" / "tmp" / "rwlock"
    try:
        json.loads(busy.read_text())
    except FileNotFoundError:
        return
    except ValueError:  # DVC writes it in place, and refuses half of one for ever
        busy.unlink()


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


def _partial(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.partial")


def _delete(folder: Path) -> None:
    """Removes a clone; killed in between, no half of it is taken for one."""
    partial = _partial(folder)
    shutil.rmtree(partial, ignore_errors=True)
    if folder.exists():
        folder.rename(partial)
    shutil.rmtree(partial, ignore_errors=True)


def update(folder: Path, run: Run) -> None:
    """Brings a clone to the tip of the run's branch; what DVC has written here since stays."""
    if exists(folder, run):
        _follow(folder, run, written(folder))


def _follow(folder: Path, run: Run, ours: Entries) -> None:
    """Goes to the tip of the run's branch, with entries that are not published yet on top.

    What another task has published first stays: what came after it was made of that. Killed in
    between, the journal has what is not published, and the next one does it again.
    """
    git(folder, "fetch", "-q", "origin", f"+refs/heads/{run.branch}:{NEXT}")
    theirs = _difference(_published(folder), _entries(folder, NEXT))
    kept = {
        path: {name: entry for name, entry in stages.items() if name not in theirs.get(path, {})}
        for path, stages in ours.items()
    }
    journal = folder / JOURNAL
    _write(journal, kept)
    git(folder, "checkout", "-q", "-f", "-B", run.branch, NEXT)
    overlay(folder, kept)
    git(folder, "update-ref", TIP, NEXT)
    journal.unlink()


def exists(folder: Path, run: Run) -> bool:
    """Whether the branch of a run is in the repository."""
    return bool(git(folder, "ls-remote", "origin", f"refs/heads/{run.branch}"))


def terms(folder: Path, tip: str = TIP) -> Terms | None:
    """What a run is of, as the commit that opened it says; None where none has."""
    try:
        text = git(folder, "log", "-1", "-E", f"--grep={OPENS}", "--format=%b", tip)
        return Terms(**json.loads(text))
    except (GitError, ValueError, TypeError):
        return None


def set_aside(settings: Settings, source: Path, folder: Path, run: Run) -> None:
    """Gives a run's branch another name, and a fresh clone to what the run begins anew with."""
    ours = f"refs/heads/{run.branch}"
    there = git(folder, "ls-remote", "origin", f"{ours}.*").split()
    aside = next(name for number in count(1) if (name := f"{ours}.{number}") not in there)
    git(folder, "fetch", "-q", "origin", f"+{ours}:{NEXT}")
    git(folder, "push", "-q", "--atomic", "origin", f"{NEXT}:{aside}", f":{ours}")
    _delete(folder)
    clone(settings, source, folder)


def opened(
    folder: Path,
    run: Run,
    what: Terms,
    files: Mapping[str, str],
    addresses: Iterable[str],
) -> None:
    """Makes the branch of a run, and publishes it.

    Args:
        folder: A clone.
        run: The DAG run.
        what: What runs.
        files: By path, the texts of the files that this run has otherwise.
        addresses: Of the stages of the run.
    """
    message = f"{_title(run)}\n\n{json.dumps(asdict(what), indent=1)}"
    git(folder, "checkout", "-q", "-f", "-B", run.branch, what.commit)
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    overlay(folder, last(folder, run, addresses))
    git(folder, "add", "--", *files, *_locks(folder))
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    _push(folder, run)
    git(folder, "update-ref", OWN, "HEAD")


def last(folder: Path, run: Run, addresses: Iterable[str]) -> Entries:
    """The entries of dvc.lock that the last run has left for these stages.

    None where the commit brings other entries of theirs than the commit that the last run was of:
    then somebody has run, and committed, something newer.
    """
    if (before := _last(folder, run)) is None:
        return {}
    ours = list(addresses)
    then, now = (_only(_entries(folder, commit), ours) for commit in (before.commit, "HEAD"))
    return _only(_entries(folder, "FETCH_HEAD"), ours) if then == now else {}


def _last(folder: Path, run: Run) -> Terms | None:
    """What the last run of the DAG was of; its branch is then what was fetched."""
    if not git(folder, "ls-remote", "origin", run.last):
        return None
    git(folder, "fetch", "-q", "origin", run.last)
    return terms(folder, "FETCH_HEAD")


def _only(entries: Entries, addresses: Iterable[str]) -> Entries:
    """The entries of some stages."""
    found: Entries = {}
    for path, name in map(_place, addresses):
        if name in entries.get(path, {}):
            found.setdefault(path, {})[name] = entries[path][name]
    return found


def _place(address: str) -> tuple[str, str]:
    """The dvc.lock of a stage, and the stage's name in it."""
    path, _, name = address.rpartition(":")
    return (str(Path(path).with_suffix(".lock")) if path else "dvc.lock"), name


def settle(folder: Path, run: Run, commit: str) -> None:
    """Makes a run the one that the next one starts from; one of an older commit stays behind.

    Stages that failed have no entries, and what the others have made is good whatever came after.

    Args:
        folder: A clone.
        run: The DAG run.
        commit: What it was of.
    """
    before = _last(folder, run)
    if before is None or before.commit == commit or not _is_within(folder, commit, before.commit):
        git(folder, "push", "-q", "-f", "origin", f"HEAD:{run.last}")


def _is_within(folder: Path, older: str, newer: str) -> bool:
    return git(folder, "rev-list", "-1", f"{newer}..{older}") == ""


def publish(folder: Path, run: Run, note: str) -> None:
    """Commits what DVC has written to dvc.lock, and pushes it to the run's branch.

    Another task of the run, on another host, may push at the same time: then its entries come
    first, and ours on top of them.

    Raises:
        GitError: The repository does not take it.
    """
    begun = time.monotonic()
    while ours := written(folder):
        was_own = is_own(folder)
        git(folder, "add", "--", *_locks(folder))
        git(folder, "commit", "-q", "--allow-empty", "-m", note)
        try:
            _push(folder, run)
            if was_own:
                git(folder, "update-ref", OWN, "HEAD")
        except GitError:
            if time.monotonic() - begun > PATIENCE_S:
                raise
            time.sleep(random.uniform(0, 1))  # noqa: S311  so that not all try again at once
            _follow(folder, run, ours)  # from here on, what others have made is fetched first


def has_published(folder: Path, run: Run, note: str) -> bool:
    """Whether a commit of this run has a note, as those of stages have."""
    subjects = git(folder, "log", "--format=%s").split("\n")
    return note in takewhile(lambda subject: subject != _title(run), subjects)


OPENS = "^Run [^ ]+ of [^ ]+$"


def _title(run: Run) -> str:
    """The first line of the commit that opens a run."""
    return f"Run {run.id} of {run.dag}"


def _push(folder: Path, run: Run) -> None:
    git(folder, "push", "-q", "origin", f"HEAD:refs/heads/{run.branch}")
    git(folder, "update-ref", TIP, "HEAD")


def is_own(folder: Path) -> bool:
    """Whether no other clone has added to the branch since this one did."""
    found = git(folder, "for-each-ref", "--format=%(objectname)", OWN, TIP).split()
    return len(found) == 2 and len(set(found)) == 1


def _locks(folder: Path) -> list[str]:
    found = git(folder, "ls-files", "-z", "--cached", "--others", "--", LOCKS).split("\0")
    return [path for path in found if path and (folder / path).exists()]


def written(folder: Path) -> Entries:
    """The entries that DVC has written, and the run's branch does not have."""
    journal = folder / JOURNAL
    if journal.exists():
        return dict(yaml.safe_load(journal.read_text()))
    try:
        return _difference(_entries(folder, TIP), _here(folder))
    except GitError:  # nothing is checked out yet
        return {}


def _published(folder: Path) -> Entries:
    """The entries of the run's branch when this clone saw it last."""
    try:
        return _entries(folder, TIP)
    except GitError:
        return {}


def overlay(folder: Path, entries: Entries) -> None:
    """Puts entries into the dvc.lock files of a clone."""
    for path, stages in entries.items():
        file = folder / path
        if not file.parent.is_dir():
            continue
        there: dict[str, Any] = {"schema": "2.0"}
        if file.exists():
            there = yaml.safe_load(file.read_text())
        there["stages"] = {**(there.get("stages") or {}), **stages}
        _write(file, there)


def _write(file: Path, value: Any) -> None:
    """Beside, then renamed: half an entry would be taken for one."""
    partial = _partial(file)
    partial.write_text(yaml.safe_dump(value, sort_keys=False))
    partial.replace(file)


def _here(folder: Path) -> Entries:
    texts = {path: (folder / path).read_text() for path in _locks(folder)}
    # DVC writes in place: killed meanwhile, it leaves a file that ends anywhere.
    return {path: _stages(text) for path, text in texts.items() if text.endswith("\n")}


def _entries(folder: Path, commit: str) -> Entries:
    names = git(folder, "ls-tree", "-r", "--name-only", "-z", commit).split("\0")
    locks = [name for name in names if name.rpartition("/")[2] == "dvc.lock"]
    return {path: _stages(git(folder, "show", f"{commit}:{path}")) for path in locks}


def _stages(text: str) -> dict[str, Any]:
    try:
        return dict((yaml.safe_load(text) or {}).get("stages") or {})
    except (yaml.YAMLError, AttributeError, TypeError):  # a merge's marks: DVC says so
        return {}


def _difference(before: Entries, after: Entries) -> Entries:
    """The entries that are new or other than before."""
    changed = {
        path: {
            name: entry for name, entry in stages.items() if before.get(path, {}).get(name) != entry
        }
        for path, stages in after.items()
    }
    return {path: stages for path, stages in changed.items() if stages}


def outs(folder: Path, address: str) -> dict[str, str]:
    """By path, the hashes of what a stage has made."""
    made = entry(folder, address).get("outs", ())
    return {out["path"]: str(out.get("md5", "")) for out in made}


def made(folder: Path, address: str) -> dict[str, str]:
    """What tells one version of what a stage makes from another: of one without outs, its deps."""
    deps = entry(folder, address).get("deps", ())
    return outs(folder, address) or {dep["path"]: str(dep.get("md5", "")) for dep in deps}


def entry(folder: Path, address: str) -> dict[str, Any]:
    """What dvc.lock has of a stage; nothing where it was never run."""
    path, name = _place(address)
    file = folder / path
    return dict(_stages(file.read_text()).get(name, {})) if file.exists() else {}


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
    clones = sorted(one for one in base.iterdir() if one.name.isdecimal())
    found = []
    for one in clones:
        with suppress(FileNotFoundError):  # in use: the journal comes and goes
            if written(one):
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
    over = [one for one in folder.iterdir() if (one / OVER).exists() or _age_s(one) > IDLE_S]
    for old in sorted(over, key=_age_s)[kept:]:
        if not unpublished(old):
            _remove(old)


def _age_s(base: Path) -> float:
    """Seconds since a task has used a run's folder."""
    return time.time() - max(one.stat().st_mtime for one in (base, *base.iterdir()))
