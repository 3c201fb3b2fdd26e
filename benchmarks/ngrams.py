"""A million words counted, smoothed and written as a language model of trigrams.

Seconds of each step in one process, from texts to the ARPA file, with the counts merged part by
part as the workers' are; beside it `collections.Counter` over tuples of the same words, which does
the counting alone.

    python benchmarks/ngrams.py [text file] [words]
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import common  # noqa: F401  finds the components
import numpy as np

from components.fitting.counts.fit import PART
from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.counts import Counts
from components.fitting.counts.ngrams.kneser_ney import kneser_ney
from components.fitting.counts.ngrams.vocabulary import encode, ids_of, vocabulary
from components.fitting.counts.tokens import tokenize

ORDER, WORDS, KNOWN = 3, 1_000_000, 30_000


def drawn(words: int) -> list[str]:
    """Sentences whose words are as frequent as Zipf says, each with a few likely followers."""
    random = np.random.default_rng(0)
    first, second = np.minimum(random.zipf(1.2, (2, words)), KNOWN)
    follows = random.random(words) < 0.5
    ids = np.where(follows, (np.roll(first, 1) * 7 + second % 5) % KNOWN, first).tolist()
    ends = np.cumsum(1 + random.poisson(18, words // 10))
    parts = np.split(np.arange(words), ends[ends < words])
    return [" ".join(f"w{ids[place]}" for place in part.tolist()) for part in parts]


def read(path: Path, words: int) -> list[str]:
    """The lines of a text with so many words."""
    texts, total = [], 0
    for line in path.read_text("utf-8-sig").split("\n"):
        if total < words and (found := len(tokenize(line, True))):
            texts.append(line)
            total += found
    return texts


def plain(sentences: list[list[str]]) -> list[Counter[tuple[str, ...]]]:
    """How often n-grams occur, in dictionaries."""
    found: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(ORDER)]
    for words in sentences:
        row = ("<s>", *words, "</s>")
        for order, counter in enumerate(found, 1):
            counter.update(row[at : at + order] for at in range(len(row) - order + 1))
    return found


def main(texts: list[str], folder: Path) -> None:
    """Prints a line for each step."""
    seconds: dict[str, float] = {}
    start = time.perf_counter()

    def step(name: str) -> None:
        nonlocal start
        seconds[name] = time.perf_counter() - start
        print(f"{name:28} {seconds[name]:6.2f} s", flush=True)
        start = time.perf_counter()

    sentences = [tokenize(one, True) for one in texts]
    step("texts to words")
    words = vocabulary(sentences, 2)
    counts = Counts(len(words), ORDER)
    for at in range(0, len(sentences), PART):
        counts.update(encode(sentences[at : at + PART], ids_of(words)))
    step("counted")
    model = kneser_ney(counts, words)
    step("smoothed")
    arpa.write(model, folder / "model.arpa")
    step("written")
    total = sum(map(len, sentences))
    ours = sum(seconds.values())
    size = (folder / "model.arpa").stat().st_size
    grams = sum(map(len, model.log_probabilities))
    print(f"{total:,} words, {len(words):,} known, {grams:,} n-grams, {size / 1e6:.1f} MB")
    start = time.perf_counter()
    plain(sentences)
    step("Counter, the counting alone")
    alone = seconds["Counter, the counting alone"]
    print(f"{total / ours:,.0f} words/s; ratio of all steps to the Counter {ours / alone:.2f}")
    print(f"ratio of the counting alone {seconds['counted'] / alone:.2f}")


if __name__ == "__main__":
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else WORDS
    given = read(Path(sys.argv[1]), wanted) if len(sys.argv) > 1 else drawn(wanted)
    with tempfile.TemporaryDirectory() as scratch:
        main(given, Path(scratch))
