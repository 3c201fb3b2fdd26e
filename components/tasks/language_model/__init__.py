"""A language model: a probability for every sentence."""

from typing import TYPE_CHECKING

from components.config.section import PositiveInt
from components.config.task import Metric, Task

if TYPE_CHECKING:
    from components.tasks.outcomes import Outcomes


class LanguageModel(Task):
    """A probability for every sentence; nothing but the sentences is given."""

    metrics = (
        Metric("perplexity", "lower", "perplexity"),
        Metric("adjusted_perplexity", "lower", "adjusted perplexity"),
    )
    parts = {name: Task.parts[name] for name in ("measure", "draw")}
    """No head: nothing of Keras learns it yet."""
    takes = "sequence"
    measuring = frozenset({"samples"})

    def compared(self, metric: str, ours: "Outcomes", theirs: "Outcomes") -> Metric:
        """The adjusted perplexity, where the two models know other words."""
        return self.metric(self.part("measure").compared(metric, ours, theirs))

    samples: PositiveInt = 10
    """Sentences drawn from the model, which the report shows."""
