"""What files of text have in common."""

from pathlib import Path

from components.base.errors import Stop


def refuse_nul(path: Path) -> None:
    """Raises a `Stop` where a file has a NUL, which UTF-8 allows and no text has."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if b"\0" in line:
                raise Stop(
                    f"{path}:{number}: it has a NUL character, as text in UTF-16 has; "
                    "save it as UTF-8"
                )
