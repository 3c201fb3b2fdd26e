"""A language model: a probability for every sentence."""

from components.config.section import PositiveInt
from components.config.task import Metric, Task


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

    samples: PositiveInt = 10
    """Sentences drawn from the model, which the report shows."""
