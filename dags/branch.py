"""The branch of a run, which carries dvc.lock from task to task, and so from host to host."""

import hashlib
import json
import random
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import yaml

from dags import locks
from dags.git import GitError, git

TIP = "refs/remotes/origin/run"  # of the run's branch, which the dvc.lock here are made of
NEXT = "refs/remotes/origin/next"  # of the run's branch, as it was fetched
OWN = "refs/millrace/own"  # what this clone has pushed last, and so has the data of
AIRFLOWS = re.compile(r"[a-z_]+__[0-9-]{10}T[0-9:.]+\+[0-9:]{5}")  # ids that Airflow makes
LIKE = re.compile(r"[a-z_]+__[0-9-]{10}T")
OPENS = "^Run [^ ]+ of [^ ]+$"  # the first line of the commit that opens a run
JOURNAL = ".git/millrace.yaml"  # entries that are on their way from one tip to the next
PATIENCE_S = 120  # with others whose pushes keep coming first


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


def update(folder: Path, run: Run) -> None:
    """Brings a clone to the tip of the run's branch; what DVC has written here since stays."""
    if exists(folder, run):
        _follow(folder, run, written(folder))


def _follow(folder: Path, run: Run, ours: locks.Entries) -> None:
    """Goes to the tip of the run's branch, with entries that are not published yet on top.

    What another task has published first stays: what came after it was made of that. Killed in
    between, the journal has what is not published, and the next one does it again.
    """
    git(folder, "fetch", "-q", "origin", f"+refs/heads/{run.branch}:{NEXT}")
    theirs = locks.difference(_published(folder), locks.of_commit(folder, NEXT))
    kept = {
        path: {name: entry for name, entry in stages.items() if name not in theirs.get(path, {})}
        for path, stages in ours.items()
    }
    journal = folder / JOURNAL
    locks.write(journal, kept)
    git(folder, "checkout", "-q", "-f", "-B", run.branch, NEXT)
    locks.overlay(folder, kept)
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


def set_aside(folder: Path, run: Run) -> None:
    """Gives a run's branch another name, so that the run can begin anew."""
    ours = f"refs/heads/{run.branch}"
    there = git(folder, "ls-remote", "origin", f"{ours}.*").split()
    aside = next(name for number in count(1) if (name := f"{ours}.{number}") not in there)
    git(folder, "fetch", "-q", "origin", f"+{ours}:{NEXT}")
    git(folder, "push", "-q", "--atomic", "origin", f"{NEXT}:{aside}", f":{ours}")


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
    locks.overlay(folder, last(folder, run, addresses))
    git(folder, "add", "--", *files, *locks.files(folder))
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    _push(folder, run)
    git(folder, "update-ref", OWN, "HEAD")


def last(folder: Path, run: Run, addresses: Iterable[str]) -> locks.Entries:
    """The entries of dvc.lock that the last run has left for these stages.

    None where the commit brings other entries of theirs than the commit that the last run was of:
    then somebody has run, and committed, something newer.
    """
    if (before := _last(folder, run)) is None:
        return {}
    ours = list(addresses)
    then, now, left = (
        locks.only(locks.of_commit(folder, commit), ours)
        for commit in (before.commit, "HEAD", "FETCH_HEAD")
    )
    return left if then == now else {}


def _last(folder: Path, run: Run) -> Terms | None:
    """What the last run of the DAG was of; its branch is then what was fetched."""
    if not git(folder, "ls-remote", "origin", run.last):
        return None
    git(folder, "fetch", "-q", "origin", run.last)
    return terms(folder, "FETCH_HEAD")


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
        git(folder, "add", "--", *locks.files(folder))
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


def written(folder: Path) -> locks.Entries:
    """The entries that DVC has written, and the run's branch does not have."""
    journal = folder / JOURNAL
    if journal.exists():
        return dict(yaml.safe_load(journal.read_text()))
    try:
        return locks.difference(locks.of_commit(folder, TIP), locks.of_folder(folder))
    except GitError:  # nothing is checked out yet
        return {}


def _published(folder: Path) -> locks.Entries:
    """The entries of the run's branch when this clone saw it last."""
    try:
        return locks.of_commit(folder, TIP)
    except GitError:
        return {}
