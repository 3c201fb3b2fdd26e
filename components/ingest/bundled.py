"""The data sets that come with scikit-learn."""

import numpy as np
from sklearn import datasets

from components.dataset import Facts, Split


def read(source: str) -> tuple[Split, Facts]:
    """Reads a bundled set: images `(n, 8, 8, 1)` uint8, or features `(n, d)` float32.

    Args:
        source: `sklearn.datasets.load_NAME`.
    """
    bunch = getattr(datasets, source.rpartition(".")[2])()
    if "images" in bunch:
        inputs = bunch.images.astype(np.uint8)[..., np.newaxis]
    else:
        inputs = bunch.data.astype(np.float32)
    classes = tuple(str(name) for name in bunch.target_names)
    facts = Facts(inputs.shape[1:], str(inputs.dtype), classes, {"all": len(inputs)})
    return Split(inputs, bunch.target.astype(np.int64)), facts
