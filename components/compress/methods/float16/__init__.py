"""Weights in half precision."""

from components.config.compress import Compressor


class Float16(Compressor):
    """A LiteRT file whose weights are stored in half precision."""

    takes = frozenset({"keras"})
