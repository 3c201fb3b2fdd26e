"""The model as it is."""

from components.config.compress import Compressor


class Float32(Compressor):
    """A LiteRT file of the model as it is, which the others are compared with."""

    takes = frozenset({"keras"})
