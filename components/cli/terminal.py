"""What the commands print on: text as it is, and nothing of it cut off."""

import os

from rich.console import Console
from rich.table import Table

ENDLESS = 100_000  # columns


def console() -> Console:
    """Shows what a file or a log says as it is: neither `[/x]` nor `:cat:` is markup in it."""
    made = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = ENDLESS  # `| grep` looks for a line as it is
    return made


def table(*titles: str) -> Table:
    """Without lines; where the terminal is narrow, cells have more of them."""
    made = Table(box=None)
    for title in titles:
        made.add_column(title, overflow="fold")
    return made
