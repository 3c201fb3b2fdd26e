"""A served n-gram model: log10 probabilities of texts, from an ARPA file.

MLflow keeps this script in the model's folder and runs it where the model is loaded ("models from
code"), so it imports nothing of Millrace's.
"""

import json
import re
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.models import set_model
from numpy.typing import NDArray

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s\0]")
"""As `components.fitting.counts.tokens`, which this file must not import."""


class NgramModel(mlflow.pyfunc.PythonModel):
    """Reads `model.arpa`; each n-gram is the number of its prefix times all words, plus its last.

    Keys ascend, so that they are found by bisection, and a model takes 24 bytes an n-gram.
    """

    def load_context(self, context: Any) -> None:
        """Reads the file, once."""
        folder = Path(context.artifacts["model"])
        self.lower = json.loads((folder / "tokens.json").read_text())["lower"]
        sections = _sections(folder / "model.arpa")
        self.ids = {row[1]: place for place, row in enumerate(sections[0])}
        shorter: dict[str, int] = {}
        self.keys: list[NDArray[np.int64]] = []
        self.logs: list[NDArray[np.float64]] = []
        self.weights: list[NDArray[np.float64]] = []
        for rows in sections:
            texts = [row[1] for row in rows]
            keys = np.array([self._key(text, shorter) for text in texts], np.int64)
            places = np.argsort(keys, kind="stable")
            shorter = {texts[place]: rank for rank, place in enumerate(places.tolist())}
            self.keys.append(keys[places])
            self.logs.append(np.array([float(row[0]) for row in rows])[places])
            weights = [float(row[2]) if len(row) > 2 else 0.0 for row in rows]
            self.weights.append(np.array(weights)[places])

    # Without types: MLflow would take them for the signature.
    def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
        """Scores texts.

        Args:
            context: Not used.
            model_input: Its column `text` has sentences; a word that is not known counts as
                `<unk>`.
            params: Not used.

        Returns:
            `log10_probability` of each sentence with its end, `tokens` in it, its end among them,
            and how many of these are `unknown`.

        Raises:
            ValueError: A row has no text.
        """
        texts = list(model_input["text"])
        if wrong := [row for row, text in enumerate(texts) if not isinstance(text, str)]:
            raise ValueError(f"row {wrong[0]} has no text")
        rows = [self._score(self._words(text)) for text in texts]
        return pd.DataFrame(rows, columns=["log10_probability", "tokens", "unknown"])

    def _words(self, text: str) -> list[str]:
        return WORD.findall(text.lower() if self.lower else text)

    def _score(self, words: list[str]) -> tuple[float, int, int]:
        unknown = self.ids["<unk>"]
        ids = [unknown if one in ("<s>", "</s>") else self.ids.get(one, unknown) for one in words]
        row = [self.ids["<s>"], *ids, self.ids["</s>"]]
        # Where the n-grams are that end before the word, the shortest first; -1 where none is.
        score, contexts = 0.0, [row[0]]
        for word in row[1:]:
            here, found = [word], self.logs[0][word]
            for order, place in enumerate(contexts[: len(self.keys) - 1], 2):
                here.append(self._find(order, place, word))
                if here[-1] >= 0:
                    found = self.logs[order - 1][here[-1]]
                elif place >= 0:
                    found += self.weights[order - 2][place]
            score, contexts = score + float(found), here
        return score, len(row) - 1, ids.count(unknown)

    def _find(self, order: int, prefix: int, word: int) -> int:
        keys, key = self.keys[order - 1], prefix * len(self.ids) + word
        place = int(np.searchsorted(keys, key))
        return place if prefix >= 0 and place < len(keys) and keys[place] == key else -1

    def _key(self, text: str, shorter: dict[str, int]) -> int:
        prefix, _, word = text.rpartition(" ")
        return (shorter[prefix] * len(self.ids) if prefix else 0) + self.ids[word]


def _sections(path: Path) -> list[list[list[str]]]:
    """The rows of each order: probability, n-gram, and weight where there is one."""
    text = path.read_text("utf-8")
    _, *parts = text[: text.rindex("\n\\end\\")].split("-grams:\n")
    return [[line.split("\t") for line in part.split("\n") if "\t" in line] for part in parts]


set_model(NgramModel())
