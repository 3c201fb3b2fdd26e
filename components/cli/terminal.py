"""What the commands print on: text as it is, and nothing of it cut off."""

from rich.console import Console
from rich.table import Table


def console() -> Console:
    """Shows what a file or a log says as it is: neither `[/x]` nor `:cat:` is markup in it."""
    return Console(markup=False, emoji=False, highlight=False, soft_wrap=True)


def table(*titles: str) -> Table:
    """Without lines; where the terminal is narrow, cells have more of them."""
    made = Table(box=None)
    for title in titles:
        made.add_column(title, overflow="fold")
    return made
