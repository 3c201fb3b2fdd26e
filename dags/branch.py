"""The branch of a run, which carries dvc.lock from task to task, and so from host to host."""

import hashlib
import json
import random
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
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
    def ref(self) -> str:
        """The branch, in full."""
        return f"refs/heads/{self.branch}"

    @property
    def title(self) -> str:
        """The first line of the commit that opens it."""
        return f"Run {self.id} of {self.dag}"

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
    last: str = ""
    """What the last run of the DAG had left when this one began; empty where there was none."""


def update(folder: Path, run: Run) -> None:
    """Brings a clone to the tip of the run's branch; what DVC has written here since stays."""
    if _tip(folder, run.ref):
        _follow(folder, run, written(folder))
    elif (folder / JOURNAL).exists():  # somebody has removed the branch
        locks.overlay(folder, written(folder))
        (folder / JOURNAL).unlink()


def _follow(folder: Path, run: Run, ours: locks.Entries) -> None:
    """Goes to the tip of the run's branch, with entries that are not published yet on top.

    What another task has published first stays: what came after it was made of that. Killed in
    between, the journal has what is not published, and the next one does it again.
    """
    git(folder, "fetch", "-q", "origin", f"+{run.ref}:{NEXT}")
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


def terms(folder: Path, run: Run) -> Terms | None:
    """What a run is of, as the commit that opened it says; None where none has."""
    return _terms(folder, _opening(run), TIP)


def _terms(folder: Path, title: str, tip: str) -> Terms | None:
    try:
        return Terms(**json.loads(_said(folder, title, tip, "%b")))
    except (GitError, ValueError, TypeError):
        return None


def _said(folder: Path, title: str, tip: str, what: str) -> str:
    """Something of the newest commit that has a title; empty where there is none."""
    return git(folder, "log", "-1", "-E", f"--grep={title}", f"--format={what}", tip)


def _opening(run: Run) -> str:
    """The title of the commit that opens a run, as a pattern of git's."""
    plain = re.sub(r"([][\\.*^$+?(){}|])", r"\\\1", run.title)
    return f"^{plain}$"


def opened(
    folder: Path, run: Run, what: Terms, files: Mapping[str, str], uncached: Iterable[str] = ()
) -> None:
    """Makes the branch of a run, and publishes it; one that is there already gets another name.

    Args:
        folder: A clone.
        run: The DAG run.
        what: What runs.
        files: By path, the texts of the files that this run has otherwise.
        uncached: What its stages write and DVC keeps no copy of.
    """
    message = f"{run.title}\n\n{json.dumps(asdict(what), indent=1)}"
    git(folder, "checkout", "-q", "-f", "-B", run.branch, what.commit)
    for path, text in files.items():
        (folder / path).write_text(text, encoding="utf-8")
    if what.last:
        locks.overlay(folder, _of_last(folder, what.last))
        _restore(folder, what.last, uncached)
    git(folder, "add", "--", *files, *locks.files(folder))
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    if before := _tip(folder, run.ref):
        _replace(folder, run, before)
    else:
        git(folder, "push", "-q", "origin", f"HEAD:{run.ref}")
    git(folder, "update-ref", TIP, "HEAD")
    git(folder, "update-ref", OWN, "HEAD")


def _replace(folder: Path, run: Run, before: str) -> None:
    """Puts the branch of a run in the place of an older one, which gets a name that no run has."""
    there = git(folder, "ls-remote", "origin", f"{run.ref}@*").split()
    aside = next(name for number in count(1) if (name := f"{run.ref}@{number}") not in there)
    lease = f"--force-with-lease={run.ref}:{before}"
    git(folder, "push", "-q", "--atomic", lease, "origin", f"{before}:{aside}", f"+HEAD:{run.ref}")


def _tip(folder: Path, ref: str) -> str:
    """What a ref of the repository stands at; empty where there is none."""
    return git(folder, "ls-remote", "origin", ref).partition("\t")[0]


def last(folder: Path, run: Run) -> str:
    """The commit that the last run of the DAG has left, which is then here; empty without one."""
    found = _tip(folder, run.last)
    if found:
        git(folder, "fetch", "-q", "origin", run.last)
    return found


def _of_last(folder: Path, tip: str) -> locks.Entries:
    """The entries of dvc.lock that the last run has left.

    Where this commit brings another entry than the commit that the last run was of, somebody has
    run, and committed, something newer.
    """
    if (before := _terms(folder, OPENS, tip)) is None:
        return {}
    then, now, left = (locks.of_commit(folder, one) for one in (before.commit, "HEAD", tip))
    return {
        path: {
            name: entry
            for name, entry in stages.items()
            if then.get(path, {}).get(name) == now.get(path, {}).get(name)
        }
        for path, stages in left.items()
    }


def _restore(folder: Path, commit: str, paths: Iterable[str]) -> None:
    """Brings files from a commit that has them."""
    given = list(paths)
    found = git(folder, "ls-tree", "-r", "-z", "--name-only", commit, "--", *given) if given else ""
    if names := [name for name in found.split("\0") if name]:
        git(folder, "checkout", "-q", commit, "--", *names)


def settle(folder: Path, run: Run, what: Terms, *, is_good: bool) -> None:
    """Makes a run the one that the next one starts from.

    Stages that failed have no entries, and what the others have made is good whatever came after.
    Where another run has settled meanwhile, one that failed and one of an older commit stay behind.

    Args:
        folder: A clone.
        run: The DAG run.
        what: What it was of.
        is_good: Whether all of it went well.
    """
    begun = time.monotonic()
    while True:
        seen = last(folder, run)
        if seen != what.last:
            other = _terms(folder, OPENS, seen) if seen else None
            if not is_good or (other and _is_older(folder, what.commit, other.commit)):
                return
        try:
            lease = f"--force-with-lease={run.last}:{seen}"
            git(folder, "push", "-q", lease, "origin", f"+HEAD:{run.last}")
            return
        except GitError:
            if time.monotonic() - begun > PATIENCE_S or seen == _tip(folder, run.last):
                raise


def _is_older(folder: Path, one: str, other: str) -> bool:
    return one != other and git(folder, "rev-list", "-1", f"{other}..{one}") == ""


def publish(folder: Path, run: Run, note: str, uncached: Iterable[str] = ()) -> None:
    """Commits what DVC has written to dvc.lock, and pushes it to the run's branch.

    Another task of the run, on another host, may push at the same time: then its entries come
    first, and ours on top of them.

    Args:
        folder: A clone.
        run: The DAG run.
        note: What the commit says.
        uncached: What stages write and DVC keeps no copy of.

    Raises:
        GitError: The repository does not take it.
    """
    begun = time.monotonic()
    while ours := written(folder):
        was_own = is_own(folder)
        also = [path for path in uncached if (folder / path).exists()]
        git(folder, "add", "-f", "--", *locks.files(folder), *also)
        git(folder, "commit", "-q", "--allow-empty", "-m", note)
        try:
            git(folder, "push", "-q", "origin", f"HEAD:{run.ref}")
            git(folder, "update-ref", TIP, "HEAD")
            if was_own:
                git(folder, "update-ref", OWN, "HEAD")
        except GitError:
            if time.monotonic() - begun > PATIENCE_S:
                raise
            time.sleep(random.uniform(0, 1))  # noqa: S311  so that not all try again at once
            made = git(folder, "rev-parse", "HEAD")
            _follow(folder, run, ours)  # from here on, what others have made is fetched first
            _restore(folder, made, also)


def made(folder: Path, run: Run) -> locks.Entries:
    """The entries of its branch that this run has made, whichever task and try of it has."""
    begun = _said(folder, _opening(run), "HEAD", "%H")
    return locks.difference(locks.of_commit(folder, begun), locks.of_commit(folder, "HEAD"))


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
