"""What a model by counts says of sentences."""

import numpy as np

from components.data.dataset import Split
from components.data.rows import Values
from components.fitting.counts.predictor import Scores
from tests.fitting.counts.made import SCHEMA

TEXTS = ["the sea", "a ship , again", "no", "whales !"]
LOGS = np.array([-3.0, -10.0, -0.5, -4.0])
TOKENS = np.array([3, 5, 2, 3])
UNKNOWN = np.array([0, 1, 0, 2])
KINDS = 2


class Predictor:
    """Says always the same."""

    lower = False

    def score(self, texts):
        assert texts == TEXTS
        return Scores(LOGS, TOKENS, UNKNOWN, KINDS)

    def sample(self, count, seed):
        return [f"<unk> & {number} {seed}" if number else "" for number in range(count)]


def sentences() -> Split:
    """The sentences, from some rows of a file."""
    names = [f"a.txt:{row}" for row in (2, 4, 6, 8)]
    return Split(SCHEMA, {"text": Values(TEXTS)}, names, np.array([7, 3, 5, 1]))
