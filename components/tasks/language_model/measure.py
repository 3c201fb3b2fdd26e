"""How well sentences are predicted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.data.dataset import Split
from components.data.schema import Schema
from components.tasks.interval import Interval
from components.tasks.language_model import LanguageModel
from components.tasks.language_model import perplexity as of
from components.tasks.measured import Measures
from components.tasks.outcomes import Outcomes
from components.tasks.outcomes import outcomes as paired

COLUMNS = {"perplexity": "log10", "adjusted_perplexity": "adjusted"}
SEED = 0  # of the sentences that are drawn for the report


@dataclass(frozen=True)
class Answers:
    """What a model says of `n` sentences, and of its own accord."""

    logs: NDArray[np.float64]
    """Logarithms, to base 10, of their probabilities, `(n,)`."""
    tokens: NDArray[np.int64]
    """Words, and the end of each, `(n,)`."""
    unknown: NDArray[np.int64]
    """Words that the model does not know, `(n,)`."""
    adjusted: NDArray[np.float64]
    """As `logs`, with those words told from each other, `(n,)`."""
    is_lower: bool
    """Whether the words are those of the sentences without their capitals."""
    samples: list[str]


def answers(task: LanguageModel, predictor: Any, split: Split) -> Answers:
    """Scores raw sentences."""
    found = predictor.score(list(split.input))
    adjusted = of.adjusted(found.logs, found.unknown, found.kinds_of_unknown)
    drawn = predictor.sample(task.samples, SEED)
    return Answers(found.logs, found.tokens, found.unknown, adjusted, predictor.lower, drawn)


def outcomes(task: LanguageModel, answers: Answers, split: Split, learned: Schema) -> Outcomes:
    """The length of each sentence, and its probability; with capitals or without is another one."""
    tokens = [str(one) for one in answers.tokens.tolist()]
    case = ["lower" if answers.is_lower else "as written"] * len(split)
    logs, adjusted = ([repr(one) for one in x.tolist()] for x in (answers.logs, answers.adjusted))
    return paired(split, {"tokens": tokens, "case": case}, {"log10": logs, "adjusted": adjusted})


def _read(found: Outcomes, column: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    logs = np.array(found.answers[column], np.float64)
    return logs, np.array(found.truth["tokens"], np.int64)


def value(metric: str, found: Outcomes) -> Interval:
    """Perplexity, with an interval whose unit is the sentence."""
    return of.perplexity(*_read(found, COLUMNS[metric]))


def compared(metric: str, ours: Outcomes, theirs: Outcomes) -> str:
    """The metric that was asked for, or where the two know other words, the adjusted one.

    Perplexities of two vocabularies do not compare. Of one vocabulary, what tells unknown words
    from each other costs both the same in each sentence.
    """
    is_alike = np.allclose(_cost(ours), _cost(theirs), rtol=0, atol=1e-9)
    return metric if is_alike else "adjusted_perplexity"


def _cost(found: Outcomes) -> NDArray[np.float64]:
    return _read(found, "log10")[0] - _read(found, "adjusted")[0]


def difference(metric: str, ours: Outcomes, theirs: Outcomes) -> Interval:
    """How much higher the metric of `compared` is, on the same sentences in pairs."""
    column = COLUMNS[compared(metric, ours, theirs)]
    (mine, tokens), (other, _) = _read(ours, column), _read(theirs, column)
    return of.difference(mine, other, tokens)


def measure(task: LanguageModel, answers: Answers, split: Split) -> Measures:
    """Measures probabilities of sentences.

    Returns:
        In `numbers` the share of unknown words; in `details` the `samples`.
    """
    words = int((answers.tokens - 1).sum())
    return Measures(
        metrics={
            "perplexity": of.perplexity(answers.logs, answers.tokens),
            "adjusted_perplexity": of.perplexity(answers.adjusted, answers.tokens),
        },
        examples=len(split),
        numbers={
            "words": words,
            "share_of_unknown_words": float(answers.unknown.sum() / max(1, words)),
            "bits_a_word": float(-answers.logs.sum() / answers.tokens.sum() / np.log10(2)),
        },
        details={"samples": answers.samples},
    )
