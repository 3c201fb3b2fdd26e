"""The errors that are for whoever wrote the YAML.

    Stop                 exit status 1: a gate, the data or a server said no
    └── Invalid          exit status 2: the pipeline file or the call is wrong

Anything else is a bug of ours and ends in a traceback.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Location = tuple[str | int, ...]
"""Keys and positions, outermost first: `("augment", "layers", 0)`."""


class Stop(Exception):
    """Ends a stage with a message instead of a traceback."""

    status = 1


class Invalid(Stop):
    """Mistakes in a file that the user wrote, one line each."""

    status = 2


@dataclass(frozen=True)
class Problem:
    """One mistake and the place in the pipeline file where it stands."""

    location: Location
    message: str


class Mistakes(Exception):
    """Mistakes whose line is not known yet; `Document.locate` finds it.

    Args:
        problems: What is wrong, and where.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems
