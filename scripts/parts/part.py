"""One program that is held up, and what is known of its process."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

FIRST_S, LONGEST_S = 1.0, 60.0  # between a death and the next start; doubled each time
LIVED_S = 60  # after which a part was well, and its next death is a first one


def nothing() -> None:
    """What most parts do once they are well."""


def at_once() -> bool:
    """When most parts are well, as no other waits for them."""
    return True


@dataclass(frozen=True)
class Part:
    """One program that is to be there, or a passing job that is to be done once."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    well: Callable[[], bool] = at_once
    """Asked until it says so; may raise while the part is not there yet."""
    once_well: Callable[[], None] = nothing
    """Done after each start, such as making what the part keeps in memory only."""
    end: signal.Signals = signal.SIGTERM
    user: str | None = None
    """Whom it runs as, where it refuses to be root."""
    is_passing: bool = False
    """Whether it is over when it has ended well."""


@dataclass(frozen=True)
class Wave:
    """Parts that start together, once all before them are well; they end in the other order."""

    parts: Sequence[Part]
    before: Callable[[], None] = nothing


@dataclass(eq=False)
class Running:
    """A part, its process, and when it is to be started again."""

    part: Part
    wave: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    begun: float = 0
    due: float = 0
    failures: int = 0
    """Deaths in a row, none of which was after a long life."""
    is_well: bool = False
    was_well: bool = False
    """Ever."""

    @property
    def pid(self) -> int | None:
        """None while it is not there."""
        return self.process.pid if self.process else None

    def died(self, status: int, now: float) -> float:
        """Seconds until it is started again."""
        if self.process:
            self.process.returncode = status  # another was first to ask
        self.process, self.is_well = None, False
        self.failures = 1 if now - self.begun > LIVED_S else self.failures + 1
        wait = min(LONGEST_S, FIRST_S * 2.0 ** (self.failures - 1))
        self.due = now + wait
        return wait
