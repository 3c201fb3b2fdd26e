"""The `train` section of a pipeline file, and what every learner has."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from components.base.errors import Problem
from components.config.extension import Extension, Home
from components.config.section import PositiveInt

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts, Split


Illness = Literal[
    "rate too high",
    "rate too low",
    "decay too early",
    "plateau",
    "overfitting",
    "underfitting",
    "bad initialization",
    "still improving",
]
"""What learning curves tell of a training."""


class Learner(Extension):
    """What fits a model: what `train` does once, and `tune` once a trial.

    What it does is in `fit` beside the section; a learner of one's own may have it as a method.
    """

    parts = {"trial": ("trial", "room"), "fit": ("fit",)}
    gives: ClassVar[str] = "keras"
    """The kind of predictor that comes of it, which says how it can be compressed."""

    takes_arrays: ClassVar[bool] = False
    """Whether examples must be arrays of numbers."""
    exported: ClassVar[str | None] = None
    """The method that exports a model as it is, which smaller ones are compared with."""

    learner: str
    """A learner by its name, or one's own as `package.module:Class`; left out, the one that goes
    with the model."""
    seeds: Annotated[PositiveInt, Field(le=100)] = 1
    """How often it is fitted, each time with another seed: what is reported besides is the mean and
    its 95 % interval. The model is that of the first seed, whatever the others come to."""

    @property
    def monitored(self) -> str:
        """The column of the learning curves that is shown beside the loss."""
        return "loss"

    @property
    def allowed(self) -> int:
        """Epochs that there may be, or whatever the curves count."""
        return 1

    def sketch(self) -> str | None:
        """How the fit will go, in a line of text; None where nothing is declared of that."""
        return None

    def remedies(self, file: "Pipeline") -> Iterator[tuple[Illness, str, Any]]:
        """What to try against an illness: a key of the file, and its new value."""
        yield from ()

    def figures(self, learned: Mapping[str, Any]) -> Mapping[str, "Figure"]:
        """Pictures of a fit for the report, by caption.

        Args:
            learned: What `train` has written of it, beside the learning curves.
        """
        return {}

    def unchecked(self) -> Self:
        """The same, without what is tried before a fit: one of many needs no look at itself."""
        return self

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """What in the file does not agree with the learner."""
        yield from ()

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """What in the file does not agree with the data."""
        yield from ()

    def trial(
        self,
        file: "Pipeline",
        few: "Split | None",
        counts: Mapping[str, int],
        augmentation: "keras.Model | None",
    ) -> Any:
        """Tries the fit on a few examples, and says what all of it will cost.

        Args:
            file: The pipeline file.
            few: Model-ready examples, a `Split`; None where only the file is to be looked at.
            counts: Examples in each split of the whole.
            augmentation: As in `Data`.

        Returns:
            A `components.fitting.estimate.Estimate`; None without examples.

        Raises:
            Mistakes: It cannot be.
        """
        return self.part("trial").trial(file, few, counts, augmentation)

    def room(self, file: "Pipeline", few: "Split") -> None:
        """Raises `Mistakes` where the data or the memory of this machine has no room for it."""
        self.part("trial").room(file, few)

    def suggest(self, file: "Pipeline", data: Any, seed: int) -> Any:
        """What is better chosen by measuring; None where nothing is.

        Args:
            file: The pipeline file.
            data: A `components.fitting.data.Data`.
            seed: Of all that is drawn.

        Returns:
            A `components.fitting.suggestion.Suggestion`.
        """
        return None

    def fit(self, file: "Pipeline", data: Any, seed: int, watch: Any) -> Any:
        """Fits to the train split, and keeps what is best on the validation split.

        Args:
            file: The pipeline file; `file.train` is this section.
            data: A `components.fitting.data.Data`.
            seed: Of all that is drawn.
            watch: A `components.fitting.watch.Watch`, which is told how it goes.

        Returns:
            A `components.fitting.data.Fitted`.
        """
        return self.part("fit").fit(file, data, seed, watch)


Config = Annotated[
    Learner, Home("components.fitting", "learner", Learner, key="learner", such_as="supervised")
]
"""How the model is fitted."""
