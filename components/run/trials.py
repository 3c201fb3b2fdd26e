"""What the trials of searches came to, in one Optuna storage for all who run some.

Where that is, MILLRACE_TRIALS says: an address such as `postgresql://...` or `sqlite:///...`.
Without it, it is a file in DVC's cache, and so shared by the workspaces that share the cache.

A trial is kept when it has come to its end, in one transaction. One that was killed has left
nothing, so that whoever comes next runs it, and it alone; two processes that run the same one come
to the same, and the first counts.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError, ProgrammingError

from components.base.errors import Stop
from components.run import cache
from components.run.tracking import masked, why

VARIABLE = "MILLRACE_TRIALS"
NUMBER, SAID = "millrace.number", "millrace.outcome"
PATIENCE_S = 60  # for another process that writes to the same file

Values = Mapping[str, Any]
"""Hyperparameters by dotted key."""


@dataclass(frozen=True)
class Outcome:
    """What a trial came to."""

    value: float | None
    """The best of the monitored column; None where it came to no number."""
    epochs: int
    diverged: str = ""
    """Why it came to no number."""

    def text(self, monitor: str) -> str:
        """In words."""
        if self.value is None:
            return self.diverged
        return f"{monitor} {self.value:.4f}, {self.epochs} epochs"

    def trial(self, values: Values, space: Mapping[str, Any], **attributes: Any) -> FrozenTrial:
        """As Optuna has it.

        Args:
            values: The hyperparameters.
            space: Their distributions.
            attributes: Kept beside it.
        """
        return optuna.trial.create_trial(
            state=TrialState.PRUNED if self.value is None else TrialState.COMPLETE,
            value=self.value,
            params=dict(values),
            distributions=dict(space),
            user_attrs=attributes,
        )


class Trials:
    """The trials of one search that have come to an end.

    Args:
        key: A hash of all that decides what comes of a trial, its number aside.
        space: Distributions by dotted key.
        drawn: The hyperparameters of each number.

    Raises:
        Stop: The storage cannot be used.
    """

    def __init__(self, key: str, space: Mapping[str, Any], drawn: Sequence[Values]) -> None:
        self.space, self.drawn = space, drawn
        self.address = address()
        with _usable(self.address), _alone(self.address):
            self._study = optuna.create_study(
                storage=_opened(self.address), study_name=f"millrace {key}", load_if_exists=True
            )

    def ended(self) -> dict[int, Outcome]:
        """What came of those that have ended, by number; what is none of this search is left."""
        with _usable(self.address):
            found = self._study.get_trials(deepcopy=False)
        ended: dict[int, Outcome] = {}
        for trial in found:
            number = trial.user_attrs.get(NUMBER)
            if isinstance(number, int) and number not in ended and self._is_ours(number, trial):
                outcome = _outcome(trial)
                ended |= {number: outcome} if outcome else {}
        return ended

    def keep(self, number: int, outcome: Outcome) -> None:
        """Writes what came of one."""
        attributes = {NUMBER: number, SAID: asdict(outcome)}
        with _usable(self.address):
            self._study.add_trial(outcome.trial(self.drawn[number], self.space, **attributes))

    def _is_ours(self, number: int, trial: FrozenTrial) -> bool:
        return 0 <= number < len(self.drawn) and trial.params == self.drawn[number]


def _outcome(trial: FrozenTrial) -> Outcome | None:
    """None for what says something else than Optuna's own columns, or is not of this form."""
    try:
        outcome = Outcome(**trial.user_attrs[SAID])
    except (KeyError, TypeError):
        return None
    expected = [outcome.value] if outcome.value is not None else None
    state = TrialState.COMPLETE if expected else TrialState.PRUNED
    is_whole = isinstance(outcome.epochs, int) and isinstance(outcome.diverged, str)
    return outcome if is_whole and (trial.state, trial.values) == (state, expected) else None


def address() -> str:
    """Of the storage."""
    if given := os.environ.get(VARIABLE):
        return given
    try:
        return f"sqlite:///{cache.folder() / 'trials.db'}"
    except LookupError as error:
        raise Stop(
            f"tune: DVC knows no cache, in which trials could be kept: {error}; "
            f"run it in the project, or set {VARIABLE}, such as {VARIABLE}=sqlite:///trials.db"
        ) from None


def _file(address: str) -> Path | None:
    """The file that a storage is; None for a server."""
    scheme, _, path = address.partition(":///")
    return Path(path) if scheme == "sqlite" and path else None


def _alone(address: str) -> AbstractContextManager[Any]:
    """For two processes that create a file at once, of which one would find half of its tables."""
    file = _file(address)
    if file is None:
        return nullcontext()
    file.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{file}.lock")


def _opened(address: str) -> optuna.storages.RDBStorage:
    settings: dict[str, Any] = {"pool_pre_ping": True}  # it lies idle while a trial trains
    if _file(address):
        settings["connect_args"] = {"timeout": PATIENCE_S}
    try:
        return optuna.storages.RDBStorage(address, settings)
    except (IntegrityError, ProgrammingError):  # another process has just made the tables
        return optuna.storages.RDBStorage(address, settings)


@contextmanager
def _usable(address: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # each driver raises errors of its own
        shown = _file(address) or masked(address).partition("?")[0]
        raise Stop(
            f"tune: the storage of trials at {shown} cannot be used: {_what(error)}; "
            f"{_repair(address, error)}, or set {VARIABLE} to another"
        ) from None


def _what(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}"
    cause = error.__cause__  # what the driver says
    return why(cause if isinstance(cause, Exception) else error)


def _repair(address: str, error: Exception) -> str:
    if isinstance(error, ImportError):  # `postgresql:` alone means psycopg, the third one
        return "install it, or name a driver that there is, such as postgresql+psycopg2://"
    file = _file(address)
    if file is None:
        return "start it"
    if file.exists():
        return "remove it, and its trials are run again"
    return "make its folder one that can be written to"
