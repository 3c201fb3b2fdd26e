"""ARPA files read back, by KenLM too, and broken ones."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from components.fitting.counts.ngrams import arpa
from components.fitting.counts.ngrams.backoff import Backoff
from tests.fitting.counts.ngrams.corpus import METHODS, WORDS, drawn, fitted

try:
    import kenlm
except ImportError:
    kenlm = None

TINY = """\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-1\t<unk>\t0
-99\t<s>\t-0.5
-0.5\t</s>\t0
-0.3\ta\t-0.2

\\2-grams:
-0.1\t<s> a
-0.2\ta </s>

\\end\\
"""


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("method", METHODS)
def test_a_model_read_back_is_the_same(method, order, tmp_path):
    model = fitted(method, order)
    arpa.write(model, tmp_path / "a.arpa")

    found = arpa.read(tmp_path / "a.arpa")
    assert found.words == model.words
    for ours, theirs in zip(
        (*found.log_probabilities, *found.log_weights, *found.trie.keys),
        (*model.log_probabilities, *model.log_weights, *model.trie.keys),
        strict=True,
    ):
        assert (ours == theirs).all()
    arpa.write(found, tmp_path / "b.arpa")
    assert (tmp_path / "a.arpa").read_bytes() == (tmp_path / "b.arpa").read_bytes()


FIT = """
import sys
from pathlib import Path
from tests.fitting.counts.ngrams.corpus import METHODS, WORDS, counted, drawn
from components.fitting.counts.ngrams import arpa
for method in METHODS.values():
    arpa.write(method(counted(drawn(2000), 3), WORDS), Path(sys.argv[1]))
    sys.stdout.write(Path(sys.argv[1]).read_text())
"""


def test_a_processor_without_avx512_writes_the_same_bytes(tmp_path):
    """NumPy's logarithms differ there in their last digits."""
    disabled = {"NPY_DISABLE_CPU_FEATURES": "AVX512_SPR AVX512_ICL AVX512_SKX X86_V4"}
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}

    one, other = (
        subprocess.check_output(
            [sys.executable, "-c", FIT, tmp_path / "a.arpa"], env=os.environ | paths | more
        )
        for more in ({}, disabled)
    )
    assert one == other


@pytest.mark.skipif(kenlm is None, reason="kenlm is not installed")
@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("method", METHODS)
def test_kenlm_gives_sentences_the_same_probability(method, order, tmp_path):
    model, test = fitted(method, order), drawn(200, seed=9)
    arpa.write(model, tmp_path / "a.arpa")
    # An unknown word as a text that the vocabulary lacks.
    texts = [" ".join(WORDS[one] if one else "new" for one in each) for each in test]

    theirs = kenlm.Model(str(tmp_path / "a.arpa"))
    found = [sum(score for score, *_ in theirs.full_scores(text)) for text in texts]
    assert found == pytest.approx(model.score_sentences(test)[0], abs=1e-5)


def test_a_file_of_others_is_read_whatever_its_order(tmp_path):
    text = TINY.replace("\n", "\r\n").replace("-1\t<unk>\t0\r\n", "")
    text = text.replace("-0.3\ta\t-0.2\r\n", "-0.3 a -0.2\r\n-1\t<unk>\r\n")
    (tmp_path / "a.arpa").write_text("made by hand\n" + text, newline="")

    model = arpa.read(tmp_path / "a.arpa")
    assert model.words == ("<unk>", "<s>", "</s>", "a")
    scores, _ = model.score_tokens([[3], [0]])
    assert scores == pytest.approx([-0.1, -0.2, -0.5 - 1, -0.5])


def test_words_of_any_letters_are_read_back(tmp_path):
    words = ("<unk>", "<s>", "</s>", "naïve", "語", "🙂", "a\u200bb", "\\end\\", "ngram", "-1")
    model = fitted("kneser_ney", 2, drawn(20, size=10), 10, words)
    arpa.write(model, tmp_path / "a.arpa")

    assert arpa.read(tmp_path / "a.arpa").words == words


@pytest.mark.parametrize("word", ["", "a b", "a\tb", "a\n", "\u2028", "a\xa0b", "a\0"])
def test_a_word_that_would_break_the_file_is_refused(word, tmp_path):
    model = fitted("add_k", 1, [[3]], 4, ("<unk>", "<s>", "</s>", word))

    with pytest.raises(ValueError, match=r"^An ARPA file cannot hold the word '"):
        arpa.write(model, tmp_path / "a.arpa")
    assert not (tmp_path / "a.arpa").exists()


def test_a_word_that_occurs_twice_is_refused(tmp_path):
    model = fitted("add_k", 1, [[3]], 5, ("<unk>", "<s>", "</s>", "a", "a"))

    with pytest.raises(ValueError, match=r"^A word of the vocabulary occurs twice$"):
        arpa.write(model, tmp_path / "a.arpa")


def test_a_weight_of_1_has_no_sign(tmp_path):
    """KenLM takes -0.0 to say that no longer n-gram begins so."""
    model = fitted("kneser_ney", 2)
    weights = (np.full(len(WORDS), -0.0),)
    arpa.write(Backoff(WORDS, model.trie, model.log_probabilities, weights), tmp_path / "a.arpa")

    assert "-0.0\n" not in (tmp_path / "a.arpa").read_text()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("\\data\\", "data", "1: the file has no line \\data\\"),
        ("ngram 1=4", "ngram 1=x", "2: expected 'ngram 1=…', got 'ngram 1=x'"),
        ("ngram 2=2", "ngram 3=2", "3: expected 'ngram 2=…', got 'ngram 3=2'"),
        ("\\1-grams:", "\\2-grams:", "5: expected '\\1-grams:', got '\\\\2-grams:'"),
        ("ngram 1=4", "ngram 1=3", "9: expected '\\2-grams:', got '-0.3\\ta\\t-0.2'"),
        ("ngram 1=4", "ngram 1=5", "10: expected one of 5 n-grams of 1, got ''"),
        ("-1\t<unk>\t0", "-1\tunk\t0", "6: the 1-grams have no <unk>"),
        ("-0.3\ta", "x\ta", "9: a number is none: 'x\\ta\\t-0.2'"),
        ("-0.3\ta", "nan\ta", "9: 'a' has no logarithm of a probability"),
        ("-0.3\ta", "0.3\ta", "9: 'a' has no logarithm of a probability"),
        ("-0.3\ta", "-inf\ta", "9: 'a' has a number that is not finite"),
        ("a\t-0.2", "a\tinf", "9: 'a' has a number that is not finite"),
        ("-1\t<unk>\t0\n", "-1\t<unk>\t0\n-2\ta\t0\n", "10: expected '\\2-grams:', got"),
        ("ngram 1=4", "ngram 1=1000000", "10: expected one of 1000000 n-grams of 1, got ''"),
        ("<s> a", "<s> b", "12: '<s> b' has a word that is not among the 1-grams"),
        ("<s> a", "a </s>", "13: 'a </s>' occurs twice"),
        ("a </s>", "a", "13: expected one of 2 n-grams of 2, got '-0.2\\ta'"),
        ("a </s>", "a </s>\t0", "13: expected one of 2 n-grams of 2, got '-0.2\\ta </s>\\t0'"),
        ("a </s>", "a  </s>", "13: expected one of 2 n-grams of 2, got '-0.2\\ta  </s>'"),
        ("\\end\\\n", "", "15: the file ends without '\\end\\'"),
        ("\n\\end\\\n", "", "14: the file ends without '\\end\\'"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(old, new, problem, tmp_path):
    assert TINY.count(old) == 1
    path = tmp_path / "a.arpa"
    path.write_text(TINY.replace(old, new))

    with pytest.raises(ValueError, match=f"^{re.escape(f'{path}:{problem}')}"):
        arpa.read(path)


def test_a_word_that_occurs_twice_in_a_file_is_refused(tmp_path):
    (tmp_path / "a").write_text(TINY.replace("1=4", "1=5").replace("-1\t<u", "-2\ta\n-1\t<u"))

    with pytest.raises(ValueError, match=r"a:6: 'a' occurs twice$"):
        arpa.read(tmp_path / "a")


def test_an_ngram_without_its_first_words_is_refused(tmp_path):
    text = TINY.replace("ngram 2=2\n", "ngram 2=2\nngram 3=1\n")
    text = text.replace("\n\\end", "\n\\3-grams:\n-1\ta a a\n\n\\end")
    (tmp_path / "a").write_text(text)

    with pytest.raises(ValueError, match=r"a:17: 'a a a' lacks its first words as a shorter n-"):
        arpa.read(tmp_path / "a")


def test_every_cut_of_a_file_is_refused_with_a_line(tmp_path):
    path = tmp_path / "a.arpa"
    for size in range(len(TINY) - 1):
        path.write_text(TINY[:size])
        with pytest.raises(ValueError, match=r"a\.arpa:[0-9]+: "):
            arpa.read(path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "a").write_bytes(b"\\data\\\n\xff")

    with pytest.raises(ValueError, match=r"a: is not UTF-8: "):
        arpa.read(tmp_path / "a")
