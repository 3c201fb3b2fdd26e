"""Reads the data sets that come with scikit-learn."""

from pathlib import Path

import numpy as np
from datasets import Dataset
from sklearn import datasets

from components.data.features.class_label import ClassLabel
from components.data.features.feature import Feature
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.schema import Schema
from components.ingest import columns
from components.ingest.sources.sklearn import Bundled


def listing(config: Bundled, folder: Path) -> Listing:
    """Reads a bundled set: images `(n, 8, 8, 1)` uint8, features `(n, d)` float32, or columns."""
    load = getattr(datasets, config.source.rpartition(".")[2])
    if config.columns:
        # Scaled, diabetes has no categories any more: a sex of 0.05 or -0.04.
        scaled = {"scaled": False} if config.source.endswith("load_diabetes") else {}
        table = Dataset.from_pandas(load(as_frame=True, **scaled).frame)
        columns.check(table, config, config.source)
        return columns.listing(table, config, None, folder)
    bunch = load()
    if "images" in bunch:
        values = bunch.images.astype(np.uint8)[..., np.newaxis]
        kind: Feature = Image(values.shape[1:], "uint8", is_file=False)
    else:
        values = bunch.data.astype(np.float32)
        kind = Value("float32", values.shape[1:])
    target = ClassLabel(bunch.target_names) if "target_names" in bunch else Value()
    example, learned = config.kinds
    schema = Schema({example: kind, learned: target}, (learned,))
    return Listing(schema, {example: values, learned: bunch.target.astype(target.dtype)})
