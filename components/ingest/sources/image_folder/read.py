"""A folder of images with one folder for each class."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from components.base.errors import Mistakes, Problem, Stop
from components.base.words import reason
from components.config.building import build
from components.config.ingest import Split
from components.config.section import Kind
from components.data.features.class_label import ClassLabel
from components.data.features.feature import Feature
from components.data.features.image import Image
from components.data.listing import SPLITS, Listing
from components.data.rows import Files
from components.data.schema import Schema
from components.ingest.places import base, inside, refuse_unwritable
from components.ingest.sources.image_folder import ImageFolder

NAMED = 5  # files that a message names


def listing(config: ImageFolder, source: Path) -> Listing:
    """Lists what `config.path` holds, in the pipeline's folder of sources or in the archive."""
    root = base(config.archive, source)
    folder = inside(config.path, root)
    masks = folder if config.masks is None else inside(config.masks, root)
    _refuse_links(dict.fromkeys((folder, masks)), config.archive is not None)
    if config.mask is not None:
        return of_pairs(folder, masks, _mask(config.mask), config.split)
    return of_folder(folder, config.split)


def _mask(named: Kind) -> Feature:
    try:
        return build(named)  # type: ignore[no-any-return]
    except Exception as error:  # whatever it raises about its arguments
        where = ("ingest", "mask", named.name)
        raise Mistakes([Problem(where, reason(error))]) from None


def of_pairs(folder: Path, masks: Path, kind: Feature, split: Split) -> Listing:
    """Lists images, and for each the mask of its name.

    Raises:
        Mistakes: There is no such folder.
        Stop: An image has no mask, a mask no image, or a name is there twice.
    """
    for key, one in (("path", folder), ("masks", masks)):
        if not one.is_dir():
            raise Mistakes([Problem(("ingest", key), f"no folder {one}")])
    ours, theirs = _by_stem(folder, without=masks), _by_stem(masks)
    if alone := sorted(ours.keys() ^ theirs.keys()):
        names = ", ".join(str(ours.get(one, theirs.get(one))) for one in alone[:NAMED])
        names += ", ..." if alone[NAMED:] else ""
        what = f"{len(alone)} files have no counterpart of the same name: {names}"
        raise Stop(f"{folder} and {masks}: {what}")
    stems = sorted(ours)
    paths = [ours[one].relative_to(folder).as_posix() for one in stems]
    labels = [theirs[one].relative_to(masks).as_posix() for one in stems]
    return Listing(
        Schema({"image": Image(), "mask": kind}, ("mask",)),
        {"image": Files.of(folder, paths), "mask": Files.of(masks, labels)},
        paths,
        groups=_groups(paths, split.group) if split.group else None,
    )


def _by_stem(folder: Path, without: Path | None = None) -> dict[str, Path]:
    """The files of a folder, less those of a folder in it, by their paths without the ending."""
    found: dict[str, Path] = {}
    for path in _files(folder):
        if without is not None and path.is_relative_to(without):
            continue
        name = path.relative_to(folder)
        first = found.setdefault(name.with_suffix("").as_posix(), path)
        if first != path:
            other = first.relative_to(folder)
            what = "two files have the same name but for the ending"
            raise Stop(f"{folder}: {what}: {other} and {name}")
    if not found:
        raise Stop(f"{folder}: there is no image in it")
    return found


def of_folder(folder: Path, split: Split) -> Listing:
    """Lists `folder/CLASS/**` or, with the split given, `folder/SPLIT/CLASS/**`.

    The names of the class folders, sorted, are the classes. Hidden files are passed over; so is
    what lies beside the class folders, or in a folder that is no split, which is reported.

    Raises:
        Mistakes: There is no such folder.
        Stop: There are no classes, one has no files, two folders are one split, or no group is
            found in a path.
    """
    if not folder.is_dir():
        raise Mistakes([Problem(("ingest", "path"), f"no folder {folder}")])
    roots = _splits(folder) if split.by == "given" else {"": folder}
    classes = sorted({name for root in roots.values() for name in _folders(root)})
    problems = []
    if len(classes) < 2:
        problems.append(f"{folder}: needs two folders or more, one for each class")
    elif split.by != "given" and set(classes) <= set(SPLITS):
        problems.append(
            f"{folder}: {', '.join(classes)} are splits, not classes; ingest.split: {{by: given}}"
        )
    if problems:
        raise Stop("\n".join(problems))
    found = [
        (path, label, name)
        for name, root in roots.items()
        for label, one in enumerate(classes)
        for path in _files(root / one)
    ]
    seen = {label for _, label, _ in found}
    if empty := [one for label, one in enumerate(classes) if label not in seen]:
        raise Stop(f"{folder}: a class has examples; there is no file in {', '.join(empty)}")
    paths = [path.relative_to(folder).as_posix() for path, _, _ in found]
    labels = np.array([label for _, label, _ in found], np.int64)
    return Listing(
        Schema({"image": Image(), "label": ClassLabel(classes)}, ("label",)),
        {"image": Files.of(folder, paths), "label": labels},
        paths,
        given=np.array([name for _, _, name in found]) if split.by == "given" else None,
        groups=_groups(paths, split.group) if split.group else None,
        passed_over=tuple(_beside(folder, roots)),
    )


def _splits(folder: Path) -> dict[str, Path]:
    """The folders of the splits."""
    found: dict[str, Path] = {}
    for one in _folders(folder):
        if one not in SPLITS:
            continue
        first = found.setdefault(SPLITS[one], folder / one)
        if first.name != one:
            what = f"{first.name} and {one} are both the {SPLITS[one]} split; make one folder of"
            raise Stop(f"{folder}: {what} them")
    if not {"train", "test"} <= set(found):
        raise Stop(f"{folder}: split: {{by: given}} needs folders train and test in it")
    return found


def _groups(paths: list[str], expression: str) -> np.ndarray:
    pattern = re.compile(expression)
    matches = [pattern.search(path) for path in paths]
    # Of a group that may be absent, `(a)?b`, there is a match without it.
    missing = [
        path
        for path, match in zip(paths, matches, strict=True)
        if match is None or match[1] is None
    ]
    if missing:
        raise Stop(
            f"ingest.split.group: {expression} is not found in {len(missing)} paths, "
            f"such as {missing[0]}"
        )
    return np.array([match[1] for match in matches if match])


def _folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, without hidden ones."""
    if not folder.is_dir():
        return []
    return sorted(one.name for one in os.scandir(folder) if one.is_dir() and one.name[0] != ".")


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, sorted by path, without hidden ones."""
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if one[0] != ".")
        found = [Path(root, one) for one in sorted(files) if one[0] != "."]
        refuse_unwritable(found)
        yield from found


def _refuse_links(folders: Iterable[Path], is_unpacked: bool) -> None:
    """Raises a `Stop` that names the links in the folders, and what to do about them.

    Args:
        folders: Of images, and of masks.
        is_unpacked: Whether an archive has them: DVC watches that, and its links lead nowhere else.
    """
    found: dict[Path, str] = {}
    for folder in folders:
        for root, inner, files in os.walk(folder):
            links = [path for one in (*inner, *files) if (path := Path(root, one)).is_symlink()]
            for path in links:
                if not is_unpacked:
                    what = f"a link, which DVC does not look behind; make {folder} itself one"
                    found.setdefault(path, what)
                elif not path.is_file():
                    what = "a link to no file; what it leads to must be in the archive in its place"
                    found.setdefault(path, what)
    if found:
        raise Stop("\n".join(f"{path}: {what}" for path, what in found.items()))


def _beside(folder: Path, roots: Mapping[str, Path]) -> Iterator[str]:
    """Files that lie beside the folders of splits and classes, or in a folder that is no split."""
    others = [folder / one for one in _folders(folder)] if "" not in roots else []
    passed = [path for one in others if one not in roots.values() for path in _files(one)]
    for root in dict.fromkeys((folder, *roots.values())):
        passed += [Path(one) for one in os.scandir(root) if one.is_file() and one.name[0] != "."]
    refuse_unwritable(passed)
    yield from sorted(path.relative_to(folder).as_posix() for path in passed)
