"""Read a source, and split it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.dataset import Facts, Split
from components.errors import Stop
from components.ingest import bundled, image_folder
from components.ingest.config import Config
from components.ingest.config import Split as Shares


def read(config: Config, source: Path) -> tuple[Split, Facts]:
    """Reads every example of the source.

    Args:
        config: The section.
        source: The pipeline's folder of sources, which `path` is inside of.

    Returns:
        The examples in the source's order, and what is known about them.

    Raises:
        Stop: The source cannot be read; the message names each file that is wrong.
    """
    if config.source == "image_folder":
        return image_folder.read(folder(config, source))
    return bundled.read(config.source)


def folder(config: Config, source: Path) -> Path:
    """The folder that `path` names, which must be inside of `source`, where DVC watches it.

    Raises:
        Stop: It is not inside, or does not exist.
    """
    path = source / (config.path or ".")
    # Resolved, since `source` itself may be a link, but DVC does not look behind one inside of it.
    if not path.resolve().is_relative_to(source.resolve()):
        raise Stop(
            f"ingest.path: {config.path} is not inside {source}, the folder that DVC watches; "
            f"move the images there, or make the folder itself a link to them"
        )
    if not path.is_dir():
        raise Stop(f"ingest.path: no folder {path}")
    return path


def split(
    labels: NDArray[np.int64], classes: Sequence[str], shares: Shares, seed: int
) -> dict[str, NDArray[np.int64]]:
    """Deals the examples of every class to the splits (stratified).

    Args:
        labels: `(n,)`, positions in `classes`.
        classes: Names of the classes.
        shares: The share of each split.
        seed: Draws the same split again.

    Returns:
        For each split the rows that it gets, ascending; every class has a row in every split.

    Raises:
        Stop: A class has fewer than three examples.
    """
    random = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {"train": [], "validation": [], "test": []}
    too_small = []
    for label, name in enumerate(classes):
        members = random.permutation(np.flatnonzero(labels == label))
        if len(members) < len(rows):
            too_small.append(f"class '{name}' has {len(members)}")
            continue
        tested = max(1, round(shares.test * len(members)))
        validated = max(1, round(shares.validation * len(members)))
        tested = min(tested, len(members) - validated - 1)
        rows["test"].append(members[:tested])
        rows["validation"].append(members[tested : tested + validated])
        rows["train"].append(members[tested + validated :])
    if too_small:
        raise Stop(
            f"ingest: {', '.join(too_small)}; each needs 3 examples or more, one for every split"
        )
    return {name: np.sort(np.concatenate(parts)) for name, parts in rows.items()}


def take(examples: Split, rows: NDArray[np.int64]) -> Split:
    """The examples at the rows."""
    if isinstance(examples.inputs, np.ndarray):
        return Split(examples.inputs[rows], examples.labels[rows])
    return Split([examples.inputs[row] for row in rows], examples.labels[rows])
