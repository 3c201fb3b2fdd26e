"""Two methods of compression in one module."""

from components.compress.litert import convert, write
from components.config.compress import Compressor


class Plain(Compressor):
    """The model as it is."""

    takes = frozenset({"keras"})

    def compress(self, predictor, train, seed, path):
        return write(convert(predictor, train.schema), predictor, train.schema, path)


class Other(Plain):
    """The same."""
