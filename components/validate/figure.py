"""One look at a train split."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.data import shown
from components.data.dataset import Split
from components.show import pictures

LINES = 20
CLASSES, PER_CLASS = 12, 8  # that are shown
VALUES = 10_000  # of a column that are looked at for a picture


def overview(train: Split) -> Figure:
    """The classes, with examples of each; else examples; else the distributions of the columns."""
    named = [name for name in train.schema.targets if train.schema.columns[name].names]
    if named:
        return _classes(train, named[0])
    rows = np.arange(min(len(train), CLASSES * PER_CLASS // 2))
    if drawn := shown.draws(train, rows):
        figure = pictures.grid(drawn, [""] * len(drawn), columns=PER_CLASS)
        return shown.explain(figure, train.schema)
    kinds = train.schema.columns.items()
    countable = [name for name, kind in kinds if not (kind.is_encoded and kind.shape)]
    if not all(kind.is_array for kind in train.schema.columns.values()):
        texts = [shown.words(train, row) for row in range(min(len(train), LINES))]
        return pictures.lines(texts)
    return pictures.histograms({name: _values(train, name) for name in countable})


def _classes(train: Split, target: str) -> Figure:
    classes, labels = train.schema.columns[target].names, np.asarray(train[target][:])
    counts = np.bincount(labels, minlength=len(classes)).tolist()
    draws = {
        name: shown.draws(train, np.flatnonzero(labels == label)[:PER_CLASS])
        for label, name in enumerate(classes[:CLASSES])
    }
    note = f"{len(train.schema.inputs)} columns" if len(train.schema.inputs) > 1 else _size(train)
    return pictures.balance(dict(zip(classes, counts, strict=True)), draws, note)


def _size(train: Split) -> str:
    return f"{train.schema.input.shape[0]} features an example" if train.schema.input.shape else ""


def _values(train: Split, name: str) -> NDArray[np.generic]:
    kind, values = train.schema.columns[name], train[name][:VALUES]
    if kind.names or kind.dtype == "string":
        return np.array([kind.text(value) for value in values])
    return np.ravel(np.asarray(values))
