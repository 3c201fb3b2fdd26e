"""Sees to the commits of the branch that Airflow runs: says so, and makes the pools they name."""

import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from components.base.repository import Head, commit_of, unseen
from scripts.parts.part import Part
from scripts.parts.settings import REFRESH_S
from scripts.parts.supervisor import say

POOLS = (sys.executable, "-m", "scripts.standalone.pools")


class Following:
    """The commit that runs, and what is done when there is another.

    Args:
        project: The checkout.
        env: Airflow's settings.
        head: The commit at the start, and its branch.
        once: Has a passing part done.
    """

    def __init__(
        self, project: Path, env: Mapping[str, str], head: Head, once: Callable[[Part], None]
    ) -> None:
        self.project, self.env, self.head, self.once = project, env, head, once
        self.looked = time.monotonic()

    def look(self) -> None:
        """Sees to a new commit, as often as Airflow does."""
        if self.head.branch is None or time.monotonic() - self.looked < REFRESH_S:
            return
        self.looked = time.monotonic()
        found = commit_of(self.project, f"refs/heads/{self.head.branch}")
        if found and found != self.head.commit:
            self.head = Head(found, self.head.branch)
            say(
                unseen(self.project, self.head)
                or f"Airflow runs commit {self.head.short} from now on"
            )
            self.make_pools()

    def make_pools(self) -> None:
        """Of the commit that runs."""
        self.once(Part("pools", (*POOLS, self.head.commit), self.env, is_passing=True))
