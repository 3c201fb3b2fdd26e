"""A data set of the Hugging Face Hub."""

from pathlib import Path

import numpy as np
from datasets import DatasetDict, concatenate_datasets, load_dataset
from datasets.exceptions import DatasetGenerationError, DatasetNotFoundError

from components.base.errors import Stop
from components.data.listing import SPLITS, Listing
from components.ingest import columns
from components.ingest.sources.huggingface import HuggingFace


def listing(config: HuggingFace, source: Path) -> Listing:
    """Lists the examples of a data set of the Hub.

    Raises:
        Stop: There is no such data set, it cannot be reached, or has no such splits.
        Mistakes: It has no such column.
    """
    try:
        found = load_dataset(config.dataset, config.name, revision=config.revision)
    except (DatasetNotFoundError, DatasetGenerationError, ValueError, OSError) as error:
        raise Stop(f"ingest: data set {config.dataset} cannot be read: {error}") from None
    parts = found if isinstance(found, DatasetDict) else DatasetDict({"train": found})
    there = ", ".join(map(str, parts))
    parts = DatasetDict({name: parts[name] for name in parts if name in SPLITS})
    if not parts:
        what = f"no split is called train, validation or test; there are {there}"
        raise Stop(f"ingest: data set {config.dataset}: {what}; another name: of it may have some")
    columns.check(next(iter(parts.values())), config, config.dataset)
    given = np.repeat([SPLITS[name] for name in parts], [len(part) for part in parts.values()])
    return columns.listing(concatenate_datasets(list(parts.values())), config, given, Path())
