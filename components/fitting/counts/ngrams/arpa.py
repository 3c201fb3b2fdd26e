"""ARPA files: back-off models as text, which SRILM, KenLM and many decoders read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.fitting.counts.ngrams.backoff import Backoff
from components.fitting.counts.ngrams.logarithms import Logs
from components.fitting.counts.ngrams.trie import Positions, Trie
from components.fitting.counts.ngrams.vocabulary import SPECIAL

Lines = Iterator[tuple[int, str]]

_COUNT = re.compile(r"ngram ([0-9]+)=([0-9]+)")


def write(model: Backoff, path: Path) -> None:
    r"""Writes a model: the same bytes for the same model, and read back it is the same model.

    Numbers have as many digits as tell them from their neighbours, n-grams are in order of their
    ids. UTF-8, lines end in `\n`.

    Raises:
        ValueError: A word is empty or has a blank in it, or occurs twice.
    """
    for word in model.words:
        if word.split() != [word] or "\0" in word:
            raise ValueError(f"An ARPA file cannot hold the word {word!r}")
    if len(set(model.words)) != len(model.words):
        raise ValueError("A word of the vocabulary occurs twice")
    with path.open("w", encoding="utf-8", newline="\n") as file:
        sizes = [len(one) for one in model.log_probabilities]
        file.write("\\data\\\n")
        file.writelines(f"ngram {order}={size}\n" for order, size in enumerate(sizes, 1))
        texts: list[str] = []
        for order in range(1, model.order + 1):
            texts = _texts(model, order, texts)
            file.write(f"\n\\{order}-grams:\n")
            file.writelines(_lines(model, order, texts))
        file.write("\n\\end\\\n")


def _texts(model: Backoff, order: int, shorter: list[str]) -> list[str]:
    """The n-grams of an order, from those one shorter."""
    words = model.words
    if order == 1:
        return list(words)
    prefixes, last = (part[order - 1].tolist() for part in (model.trie.prefixes, model.trie.words))
    return [f"{shorter[prefix]} {words[word]}" for prefix, word in zip(prefixes, last, strict=True)]


def _lines(model: Backoff, order: int, texts: list[str]) -> Iterator[str]:
    # Zero has no sign: KenLM reads -0.0 as "no longer n-gram begins so".
    logs = [repr(one) for one in (model.log_probabilities[order - 1] + 0.0).tolist()]
    if order == model.order:
        return (f"{log}\t{text}\n" for log, text in zip(logs, texts, strict=True))
    weights = [repr(one) for one in (model.log_weights[order - 1] + 0.0).tolist()]
    rows = zip(logs, texts, weights, strict=True)
    return (f"{log}\t{text}\t{weight}\n" for log, text, weight in rows)


def read(path: Path) -> Backoff:
    """Reads a model. `<unk>`, `<s>` and `</s>` become the first three words, the others follow.

    Raises:
        ValueError: The file is none, or broken: the message names file and line.
    """
    try:
        # Not `splitlines`, which also parts at characters that may be in a word.
        lines = iter(list(enumerate(path.read_text("utf-8").split("\n"), 1)))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8: {error}") from error
    try:
        return _model(lines)
    except _BrokenError as error:
        raise ValueError(f"{path}:{error}") from None


class _BrokenError(Exception):
    """`line: what is wrong`."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{line}: {problem}")


@dataclass(frozen=True)
class _Section:
    """N-grams of one order as they stand in the file: `(n,)` each."""

    first_line: int
    ngrams: list[list[str]]
    log_probabilities: Logs
    log_weights: Logs

    def refuse(self, is_wrong: NDArray[np.bool_], problem: str) -> None:
        """Names the first n-gram that is wrong, if one is."""
        if is_wrong.any():
            at = int(is_wrong.argmax())
            raise _BrokenError(self.first_line + at, f"{' '.join(self.ngrams[at])!r} {problem}")


def _model(lines: Lines) -> Backoff:
    sizes = _header(lines)
    section = _section(lines, 1, sizes)
    words, places = _words(section)
    ids = {word: place for place, word in enumerate(words)}
    trie = Trie(len(words), [])
    logs, weights = [section.log_probabilities[places]], [section.log_weights[places]]
    for order in range(2, len(sizes) + 1):
        section = _section(lines, order, sizes)
        keys, places = _keys(section, trie, ids)
        trie = Trie(trie.size, [*trie.keys, keys])
        logs.append(section.log_probabilities[places])
        weights.append(section.log_weights[places])
    _expect(lines, "\\end\\")
    return Backoff(words, trie, tuple(logs), tuple(weights[:-1]))


def _header(lines: Lines) -> list[int]:
    """How many n-grams of each order the file promises."""
    if all(line.strip() != "\\data\\" for _, line in lines):
        raise _BrokenError(1, "the file has no line \\data\\")
    number, sizes = 0, list[int]()
    for number, line in lines:
        found = _COUNT.fullmatch(line.strip())
        if found and int(found[1]) == len(sizes) + 1:
            sizes.append(int(found[2]))
        elif line.strip() or not sizes:
            raise _BrokenError(number, f"expected 'ngram {len(sizes) + 1}=…', got {line!r}")
        else:
            return sizes
    raise _BrokenError(number, "the file ends in its header")


def _expect(lines: Lines, wanted: str) -> int:
    """The number of the next line that is not empty, which must be this one."""
    number = 0
    for number, line in lines:
        if line.strip() == wanted:
            return number
        if line.strip():
            raise _BrokenError(number, f"expected '{wanted}', got {line!r}")
    raise _BrokenError(number, f"the file ends without '{wanted}'")


def _section(lines: Lines, order: int, sizes: list[int]) -> _Section:
    first, size = _expect(lines, f"\\{order}-grams:") + 1, sizes[order - 1]
    most = order + 1 if order == len(sizes) else order + 2
    ngrams: list[list[str]] = []
    logs: list[float] = []
    weights: list[float] = []
    for number, line in islice(lines, size):
        fields = line.replace("\t", " ").split(" ")
        if not order < len(fields) <= most:
            raise _BrokenError(number, f"expected one of {size} n-grams of {order}, got {line!r}")
        try:
            logs.append(float(fields[0]))
            weights.append(float(fields[-1]) if len(fields) > order + 1 else 0.0)
        except ValueError:
            raise _BrokenError(number, f"a number is none: {line!r}") from None
        ngrams.append(fields[1 : order + 1])
    if len(ngrams) < size:
        raise _BrokenError(first + len(ngrams), f"the file ends before {size} n-grams of {order}")
    section = _Section(first, ngrams, np.array(logs, np.float64), np.array(weights, np.float64))
    section.refuse(~(section.log_probabilities <= 0), "has no logarithm of a probability")
    section.refuse(~np.isfinite(logs) | ~np.isfinite(weights), "has a number that is not finite")
    return section


def _words(section: _Section) -> tuple[tuple[str, ...], Positions]:
    """The vocabulary, and where its words are in the file."""
    found = {ngram[0]: place for place, ngram in enumerate(section.ngrams)}
    missing = [one for one in SPECIAL if one not in found]
    if missing:
        raise _BrokenError(section.first_line, f"the 1-grams have no {missing[0]}")
    is_first = np.zeros(len(section.ngrams), bool)
    is_first[list(found.values())] = True
    section.refuse(~is_first, "occurs twice")
    words = (*SPECIAL, *(one for one in found if one not in SPECIAL))
    return words, np.array([found[one] for one in words], np.int64)


def _keys(section: _Section, trie: Trie, ids: dict[str, int]) -> tuple[Positions, Positions]:
    """N-grams as the numbers of a trie, ascending, and where they are in the file."""
    order = trie.order + 1
    flat = (ids.get(word, -1) for ngram in section.ngrams for word in ngram)
    tokens = np.fromiter(flat, np.int64).reshape(-1, order)
    section.refuse(np.asarray((tokens < 0).any(axis=1)), "has a word that is not among the 1-grams")
    prefixes = tokens[:, 0]
    for shorter in range(2, order):
        prefixes = trie.child(shorter, prefixes, tokens[:, shorter - 1])
    section.refuse(prefixes < 0, "lacks its first words as a shorter n-gram")
    keys = prefixes * trie.size + tokens[:, -1]
    places = np.argsort(keys, kind="stable")
    is_double = np.zeros(len(keys), bool)
    is_double[places[1:]] = np.diff(keys[places]) == 0
    section.refuse(is_double, "occurs twice")
    return keys[places], places
