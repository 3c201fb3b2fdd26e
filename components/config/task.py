"""The `task` key of a pipeline file, and what every task has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from components.base.errors import Location, Problem
from components.config.extension import Extension, Home
from components.config.lookup import near

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts, Split
    from components.data.schema import Schema

Given = Literal["vector", "map", "sequence"]
"""What an architecture gives for an example: `(d,)`, `(height, width, d)` or `(length, d)`."""


Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""The columns, and the rows."""


@dataclass(frozen=True)
class Metric:
    """A number that is measured, and which way is better."""

    name: str
    better: Literal["higher", "lower"]
    title: str
    """As people read it."""
    highest: float | None = None
    """Where its values end."""

    @property
    def sign(self) -> int:
        """1 where more is better, else -1."""
        return 1 if self.better == "higher" else -1


LOSS = Metric("loss", "lower", "loss")
"""Every learning curve has it."""


class Task(Extension):
    """What is learned, how good an answer is, and how people see it.

    Three parts, so that a figure's colour retrains nobody: `learn` (the head and the loss),
    `measure` and `draw`, each a module beside the section. A task of one's own may have them as
    methods instead.
    """

    parts = {
        "learn": ("head",),
        "measure": ("answers", "measure", "outcomes", "value", "difference"),
        "draw": ("figures", "summary", "tables"),
    }
    metrics: ClassVar[tuple[Metric, ...]]
    """What is measured on the test split; the first one gates, unless the file says otherwise."""
    curves: ClassVar[tuple[Metric, ...]] = ()
    """What is followed besides the loss, on the train and the validation split."""
    takes: ClassVar[Given] = "vector"
    """What it needs of an architecture."""
    targets: ClassVar[tuple[str, ...]] = ()
    """Kinds of column that it learns, one target each; none learns from the inputs alone."""
    learning: ClassVar[frozenset[str]] = frozenset()
    """Settings that change what is learned."""
    measuring: ClassVar[frozenset[str]] = frozenset()
    """Settings that change what is measured or drawn."""
    least: ClassVar[int] = 1
    """Test examples without which a metric has no interval."""
    checking: ClassVar[frozenset[str]] = frozenset()
    """Settings that only refuse a file. One of none of the three is held to change everything."""

    @classmethod
    def lacking(cls) -> list[str]:
        """As of every section; and there must be a metric, of which the first one gates."""
        found, known = super().lacking(), getattr(cls, "metrics", ())
        are_metrics = bool(known) and all(isinstance(one, Metric) for one in known)
        return found if are_metrics or "metrics" in found else [*found, "metrics"]

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """What in the file does not agree with the task."""
        yield from ()

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """What in the file does not agree with the data."""
        yield from ()

    def classes(self, schema: "Schema") -> Sequence[str]:
        """The names of the classes whose numbers are the target's values; of none, where it learns
        something else."""
        return ()

    # Learning, with Keras: `learn`.

    def head(self, file: "Pipeline", train: "Split") -> Any:
        """What an architecture gets (`components.tasks.head`).

        Args:
            file: The pipeline file.
            train: The model-ready train split, or a few examples of it.
        """
        return self.part("learn").head(self, file, train)

    # Measuring: `measure`.

    def answers(self, predictor: Any, split: "Split") -> Any:
        """What a predictor says of each raw example, in the form that the other methods take."""
        return self.part("measure").answers(self, predictor, split)

    def measure(self, answers: Any, split: "Split") -> Any:
        """Every metric with its interval (`components.tasks.measured`)."""
        return self.part("measure").measure(self, answers, split)

    def outcomes(self, answers: Any, split: "Split", learned: "Schema") -> Any:
        """The truth and the answer of each example, kept with it (`components.tasks.outcomes`).

        Args:
            answers: What `answers` gave.
            split: The examples.
            learned: The schema that the model was fitted to, which an older one may have had.
        """
        return self.part("measure").outcomes(self, answers, split, learned)

    def value(self, metric: str, outcomes: Any) -> Any:
        """A metric with its 95 % interval (`components.tasks.interval.Interval`)."""
        return self.part("measure").value(metric, outcomes)

    def difference(self, metric: str, ours: Any, theirs: Any) -> Any:
        """How much larger a metric is for one model than for another on the same examples.

        Returns:
            An `Interval` without 0 only where the difference is no chance.
        """
        return self.part("measure").difference(metric, ours, theirs)

    def compared(self, metric: str, ours: Any, theirs: Any) -> Metric:
        """The metric that `difference` is of, where that which is asked for compares nothing."""
        return self.metric(metric)

    # Drawing: `draw`.

    def figures(
        self, measures: Any, answers: Any, split: "Split", shown: int
    ) -> "Mapping[str, Figure]":
        """Pictures for the report: a mapping from captions to Matplotlib figures."""
        return self.part("draw").figures(self, measures, answers, split, shown)  # type: ignore[no-any-return]

    def summary(self, measures: Any) -> "Mapping[str, Table]":
        """Small tables in the report: a mapping from captions to the columns and the rows."""
        return self.part("draw").summary(self, measures)  # type: ignore[no-any-return]

    def tables(self, measures: Any, answers: Any, split: "Split") -> "Mapping[str, Table]":
        """Tables beside the report: a mapping from names to the columns and the rows."""
        return self.part("draw").tables(self, measures, answers, split)  # type: ignore[no-any-return]

    def diagnose(
        self, history: Mapping[str, Sequence[float]], best: int, epochs: int
    ) -> str | None:
        """What the learning curves say, and what to try; None leaves that to `evaluate`."""
        return None

    def remarks(self, measures: Any) -> str:
        """What a model card says besides the numbers, in a sentence."""
        return ""

    def metric(self, name: str) -> Metric:
        """The metric of a name, on the test split."""
        return next(one for one in self.metrics if one.name == name)

    def curve(self, monitor: str) -> Metric:
        """The metric of a column of the learning curves, `val_` before it or not."""
        name = monitor.removeprefix("val_")
        return next(one for one in (LOSS, *self.curves) if one.name == name)

    @property
    def monitors(self) -> list[str]:
        """Every column of the learning curves."""
        names = [one.name for one in (LOSS, *self.curves)]
        return [*names, *(f"val_{name}" for name in names)]


def unknown_monitor(where: Location, monitor: str, known: Sequence[str]) -> Problem:
    """A column that the learning curves do not have."""
    hint = near(monitor, known) or f"; there are {', '.join(known)}"
    return Problem(where, f"no learning curve '{monitor}'{hint}")


Config = Annotated[Task, Home("components.tasks", "task", Task)]
"""A task by name, or by name with its settings."""
