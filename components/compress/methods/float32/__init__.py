"""The model as it is."""

from components.config.compress import Compressor


class Float32(Compressor):
    """A LiteRT file of the model as it is, for the others to be compared with.

    It is made wherever there are others, and is not to be asked for.
    """

    takes = frozenset({"keras"})
