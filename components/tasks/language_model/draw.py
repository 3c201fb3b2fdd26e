"""What a report shows of a language model."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from components.data.dataset import Split
from components.show import pictures
from components.tasks.language_model import LanguageModel
from components.tasks.language_model.measure import Answers
from components.tasks.measured import Measures


def figures(
    task: LanguageModel, measures: Measures, answers: Answers, test: Split, shown: int
) -> dict[str, Figure]:
    """How surprising the sentences are."""
    bits = -answers.logs / answers.tokens / np.log10(2)
    figure = pictures.histograms({"bits a word": bits})
    figure.axes[0].set_ylabel("test sentences")
    return {"Bits a word, of each test sentence; the fewer, the better predicted": figure}


def summary(
    task: LanguageModel, measures: Measures
) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Sentences drawn from the model."""
    rows = [(one or "(the end at once)",) for one in measures.details["samples"]]
    caption = "Drawn from the model; <unk> stands for any word that it does not know"
    return {caption: (["sentence"], rows)}


def tables(
    task: LanguageModel, measures: Measures, answers: Answers, test: Split
) -> dict[str, tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """Every sentence, the most surprising first."""
    order = np.argsort(answers.logs / answers.tokens, kind="stable").tolist()
    columns = ["row", "name", "log10_probability", "tokens", "unknown", "text"]
    return {"sentences": (columns, (_row(test, answers, place) for place in order))}


def _row(test: Split, answers: Answers, place: int) -> tuple[Any, ...]:
    return (
        test.row(place),
        test.name(place) or "",
        float(answers.logs[place]),
        int(answers.tokens[place]),
        int(answers.unknown[place]),
        test.input[place],
    )
