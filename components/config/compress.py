"""The `compress` section of a pipeline file, and what every method has."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from components.config.extension import Extension, Home
from components.config.section import NonNegativeFloat, Section

if TYPE_CHECKING:
    from components.data.dataset import Split


class Compressor(Extension):
    """A way to make a model smaller; what it does is in `export` beside its section."""

    parts = {"export": ("compress",)}
    takes: ClassVar[frozenset[str]]
    """The kinds of predictor that it can make smaller (`Learner.gives`)."""

    def compress(self, predictor: Any, train: "Split", seed: int, path: Path) -> Any:
        """Makes a smaller predictor of one.

        Args:
            predictor: What is made smaller.
            train: The train split, raw.
            seed: Of what is drawn.
            path: Of the file that is written, without its ending.

        Returns:
            A predictor that has been read from that file, with its `path` and `latency_ms(split)`,
            the milliseconds that it takes for one example.

        Raises:
            RuntimeError, ValueError: The model has an operation that the method cannot convert.
        """
        return self.part("export").compress(self, predictor, train, seed, path)


Method = Annotated[Compressor, Home("components.compress.methods", "method", Compressor)]
"""A method by its name, or by its name with its settings."""


class Gate(Section):
    """What a compressed model must keep."""

    max_drop: NonNegativeFloat = 0.01
    """By how much the task's first metric may get worse than that of the uncompressed model, in its
    own units, on the test split. A method is left out where it surely loses more: by the lower end
    of the 95 % interval of its loss."""


class Config(Section):
    """Smaller models for small machines."""

    methods: tuple[Method, ...] = ()
    """float16: weights halved. int8: weights and activations in whole numbers."""
    gate: Gate = Gate()
    """A method that fails it is left out; the line goes on with the others."""
