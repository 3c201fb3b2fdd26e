"""Where the files of the `ingest` section are."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from components.base.errors import Mistakes, Problem, Stop
from components.base.files import leaving
from components.config.ingest import File
from components.ingest import archive, fetch


def located(file: File, source: Path) -> Sequence[Path]:
    """Where a file of the section is; several where its name is a pattern.

    Raises:
        Mistakes: It is nowhere.
    """
    if not isinstance(file, str):
        return [fetch.fetch(file.url, file.sha256)]
    try:
        paths = sorted(source.glob(file)) if set(file) & set("*?[") else [source / file]
    except ValueError as error:  # `**` is no name of a folder
        raise Mistakes([Problem(("ingest", "file"), f"{file}: {error}")]) from None
    if not paths or not paths[0].exists():
        raise Mistakes([Problem(("ingest",), f"no file {source / file}")])
    # A pipe, for one, which nobody may ever write to.
    if odd := [path for path in paths if not path.is_file()]:
        raise Mistakes([Problem(("ingest",), f"{odd[0]} is not a regular file; remove it")])
    refuse_unwritable(paths)
    return [inside(path.relative_to(source).as_posix(), source) for path in paths]


def base(file: File | None, source: Path) -> Path:
    """The folder that an archive is unpacked to; where there is none, the folder of sources."""
    if file is None:
        return source
    path = located(file, source)[0]
    return archive.extract(path, None if isinstance(file, str) else file.sha256)


def refuse_unwritable(paths: Iterable[Path]) -> None:
    """Raises a `Stop` where a name is not UTF-8, and so could stand in no dataset."""
    for path in paths:
        try:
            str(path).encode()
        except UnicodeEncodeError:
            raise Stop(f"{str(path)!a}: its name is not UTF-8; rename it") from None


def inside(path: str, folder: Path) -> Path:
    """A path of the section, in the folder that it may not leave.

    Raises:
        Stop: It is a link out of it.
    """
    # DVC looks behind a link that the folder is, and behind none inside of it.
    if leaving([path], folder):
        raise Stop(
            f"ingest: {path} is not inside {folder}, the folder that DVC watches; "
            f"move the files there, or make the folder itself a link to them"
        )
    return folder / path
