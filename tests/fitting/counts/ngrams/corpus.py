"""Sentences for the tests: a drawn text, in which words follow words with a habit."""

import numpy as np

from components.fitting.counts.ngrams.addition import add_k
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.katz import katz
from components.fitting.counts.ngrams.kneser_ney import kneser_ney

SIZE = 40
WORDS = ("<unk>", "<s>", "</s>", *(f"w{one}" for one in range(3, SIZE)))
METHODS = {
    "add_k": lambda counts, words: add_k(counts, words, 0.1),
    "katz": katz,
    "kneser_ney": kneser_ney,
}


def drawn(count, seed=0, size=SIZE):
    """Sentences of ids, some empty; the last 3 words of the vocabulary never occur."""
    random = np.random.default_rng(seed)
    sentences = []
    for length in random.poisson(6, count):
        words, last = [], 0
        for _ in range(length):
            last = int((random.geometric(0.2) + 7 * last) % max(1, size - 6))
            words.append(last + 3 if random.random() > 0.05 else 0)
        sentences.append(words)
    return sentences


def counted(sentences, order, size=SIZE):
    counts = Counts(size, order)
    counts.update(sentences)
    return counts


def fitted(method, order, sentences=None, size=SIZE, words=WORDS):
    counts = counted(drawn(2000) if sentences is None else sentences, order, size)
    return METHODS[method](counts, words)
