"""What a source lists, held against what it says of it: a source may be anybody's."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from components.base.errors import Mistakes, Stop, explained
from components.base.sources import is_own, place
from components.base.words import said
from components.config.ingest import Config
from components.data.dataset import SPLITS
from components.data.features.feature import Feature
from components.data.listing import Listing
from components.data.rows import Cells, Files

TYPES: dict[str, type] = {"string": str, "binary": bytes}
"""By the type on disk that of a value, where it is no number."""


def listed(config: Config, folder: Path) -> Listing:
    """The examples of a source.

    Raises:
        Stop: They cannot be read, or are not what the source says that they are.
        Mistakes: The section names what the source does not have.
    """
    where = f"ingest.source: {config.source}"
    try:
        found = config.listing(folder)
    except (Mistakes, Stop):
        raise
    except Exception as error:  # whatever the code of a source raises
        if ":" not in config.source or _of_machine(error):
            raise
        what = f"{where} cannot list its examples: {said(error)}{_folder(error, folder)}"
        raise Stop(f"{place(error) or _defined(config)}{what}") from error
    if not isinstance(found, Listing):
        raise Stop(f"{_defined(config)}{where} gives {_type(found)}; it should give a Listing")
    if wrong := list(_wrong(found)) or list(_unlike(config, found)):
        raise Stop("\n".join(f"{_defined(config)}{where}: {what}" for what in wrong))
    return found if found.given is None else replace(found, given=np.asarray(found.given))


def _of_machine(error: Exception) -> bool:
    """Whether the disk or the network says it, which every command tells in its own words."""
    return isinstance(error, MemoryError | OSError) and explained(error) is not None


def _folder(error: Exception, folder: Path) -> str:
    """Where the files of a source lie, for one that is looked for and not there."""
    is_missing = isinstance(error, FileNotFoundError)
    return f"; its files lie in {folder}/, which `listing` is given" if is_missing else ""


def _defined(config: Config) -> str:
    """`FILE:LINE: ` of the method of a source of one's own that lists; else nothing."""
    code = getattr(config.listing, "__code__", None)
    if code is None or not is_own(code.co_filename):
        return ""
    return f"{code.co_filename}:{code.co_firstlineno}: "


def _wrong(found: Listing) -> Iterator[str]:
    """Everything that is not as the schema says, a sentence each."""
    columns = found.schema.columns
    if list(found.columns) != list(columns) or not columns:
        there, said = (", ".join(one) or "none" for one in (found.columns, columns))
        yield f"its columns are {there}; its schema says {said}"
        return
    if strange := [name for name in found.schema.targets if name not in columns]:
        yield f"'{strange[0]}' is to be learned, and not among its columns {', '.join(columns)}"
    parts: dict[str, Any] = {f"column '{name}'": one for name, one in found.columns.items()}
    for name in ("names", "given", "groups", "times"):
        if (values := getattr(found, name)) is not None:
            parts[name] = values
    if odd := {name: one for name, one in parts.items() if not _is_sequence(one)}:
        yield from (f"{name} is {_type(one)}; it should be an array" for name, one in odd.items())
        return
    first, *others = parts
    if not len(found):
        yield "it has no examples"
        return
    for name in others:
        if len(parts[name]) != len(found):
            yield f"{name} has {len(parts[name])} values; {first} has {len(found)}"
    for name, kind in columns.items():
        for has, should in _differing(kind, found.columns[name]):
            yield f"column '{name}' holds {has}; its kind, {type(kind).__name__}, holds {should}"
    if strange := sorted(set(map(str, () if found.given is None else found.given)) - set(SPLITS)):
        yield f"given holds {strange[0]}; it should say {', '.join(SPLITS)}"


def _unlike(config: Config, found: Listing) -> Iterator[str]:
    """What is there otherwise than a source of one's own says that it is."""
    if not _defined(config):
        return
    columns = found.schema.columns.items()
    there = {name: type(kind).__name__ for name, kind in columns}
    told = {name: kind.name for name, kind in config.kinds.items()}
    if there != told:
        yield f"it lists {_named(there)}; its `kinds` says {_named(told)}"
    if tuple(found.schema.targets) != tuple(config.learned):
        has, says = (", ".join(one) or "none" for one in (found.schema.targets, config.learned))
        yield f"the targets of its schema are {has}; its `learned` says {says}"


def _named(kinds: Mapping[str, str]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in kinds.items())


def _is_sequence(values: Any) -> bool:
    return hasattr(values, "__len__") and hasattr(values, "__getitem__")


def _differing(kind: Feature, values: Any) -> Iterator[tuple[str, str]]:
    """What values are, and what their kind says that they are."""
    if (wanted := TYPES.get(kind.stored)) is not None:
        if not isinstance(values, Files | Cells):
            strange = [one for one in values[:] if not isinstance(one, wanted)]
            for one in strange[:1]:
                yield _type(one), wanted.__name__
        return
    try:
        array = values if hasattr(values, "dtype") else np.asarray(values[:])
    except ValueError:  # lists of several lengths
        yield "values of several shapes", _shape(kind.shape)
        return
    given = np.dtype(array.dtype)
    if not np.can_cast(given, kind.dtype, "same_kind"):
        yield str(given), kind.dtype
    elif np.dtype(kind.dtype).kind in "iu" and not np.can_cast(given, kind.dtype):
        ends, held = np.iinfo(kind.dtype), np.asarray(array[:])
        if held.min() < ends.min or held.max() > ends.max:
            yield f"{held.min()} to {held.max()}", f"{ends.min} to {ends.max}"
    shape = tuple(array.shape[1:])
    is_alike = [said in (None, one) for one, said in zip(shape, kind.shape, strict=False)]
    if len(shape) != len(kind.shape) or not all(is_alike):
        yield _shape(shape), _shape(kind.shape)


def _shape(shape: tuple[int | None, ...]) -> str:
    return f"arrays of shape {shape}" if shape else "single numbers"


def _type(value: Any) -> str:
    return "None" if value is None else type(value).__name__
