"""The data sets that come with scikit-learn."""

from pathlib import Path

import numpy as np
from sklearn import datasets

from components.config.ingest import Bundled
from components.ingest.listing import Listing


def listing(config: Bundled, source: Path) -> Listing:
    """Reads a bundled set: images `(n, 8, 8, 1)` uint8, or features `(n, d)` float32."""
    bunch = getattr(datasets, config.source.rpartition(".")[2])()
    if "images" in bunch:
        inputs = bunch.images.astype(np.uint8)[..., np.newaxis]
    else:
        inputs = bunch.data.astype(np.float32)
    classes = tuple(str(name) for name in bunch.target_names)
    return Listing(inputs, bunch.target.astype(np.int64), classes)
