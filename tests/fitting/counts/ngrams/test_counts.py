"""Counts against a dictionary, and merged in every way."""

import itertools
from collections import Counter

import numpy as np
import pytest

from components.fitting.counts.ngrams import counts as counting
from components.fitting.counts.ngrams.counts import Counts, total
from tests.fitting.counts.ngrams.corpus import SIZE, counted, drawn


def by_hand(sentences, order):
    found = Counter()
    for one in sentences:
        row = (1, *one, 2)
        found.update(row[at : at + order] for at in range(len(row) - order + 1))
    return found


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
def test_counts_are_those_of_a_dictionary(order):
    sentences = drawn(300)

    counts = counted(sentences, order)
    for one in range(1, order + 1):
        ngrams = map(tuple, counts.trie.ngrams(one).tolist())
        found = dict(zip(ngrams, counts.counts[one - 1].tolist(), strict=True))
        assert {key: n for key, n in found.items() if n} == by_hand(sentences, one)


def test_ngrams_are_in_order():
    ngrams = counted(drawn(100), 3).trie.ngrams(3).tolist()

    assert ngrams == sorted(ngrams)


def bytes_of(counts, path):
    counts.save(path)
    return path.read_bytes()


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_merged_counts_are_the_same_bytes_whatever_the_parts_and_their_order(parts, tmp_path):
    sentences = drawn(200)
    expected = bytes_of(counted(sentences, 3), tmp_path / "whole.npz")
    states = [counted(sentences[at::parts], 3).partial_state() for at in range(parts)]

    for order in itertools.islice(itertools.permutations(states), 12):
        merged = Counts(SIZE, 3)
        for state in order:
            merged.add_partial_state(state)
        assert bytes_of(merged, tmp_path / "merged.npz") == expected


def test_merging_in_pairs_first_makes_no_difference(tmp_path):
    one, two, three = (counted(drawn(50, seed), 3) for seed in range(3))
    two.merge(three)
    one.merge(two)

    other = Counts(SIZE, 3)
    for seed in (2, 0, 1):
        other.update(drawn(50, seed))
    assert bytes_of(one, tmp_path / "a") == bytes_of(other, tmp_path / "b")


@pytest.mark.parametrize("parts", [0, 1, 2, 3, 7, 8])
def test_the_total_of_parts_has_the_bytes_of_one_count(parts, tmp_path):
    sentences = drawn(200) if parts else []
    states = (counted(sentences[at::parts], 3).partial_state() for at in range(parts))

    found = bytes_of(total(states, SIZE, 3), tmp_path / "total.npz")

    assert found == bytes_of(counted(sentences, 3), tmp_path / "whole.npz")


def test_an_ngram_is_moved_for_each_digit_of_the_number_of_parts(monkeypatch):
    parts = [
        counted(drawn(20, seed, size=4000), 2, size=4000).partial_state() for seed in range(64)
    ]
    moved = []
    united = counting.united

    def noted(one, other):
        moved.append(len(one.keys[0]) + len(other.keys[0]))
        return united(one, other)

    monkeypatch.setattr(counting, "united", noted)
    total(parts, 4000, 2)

    assert sum(moved) <= 7 * sum(len(one["keys_2"]) for one in parts)


def test_a_part_of_another_vocabulary_is_refused():
    states = [counted(drawn(5, size=size), 2, size).partial_state() for size in (40, 50)]

    with pytest.raises(ValueError, match=r"^Counts of 40 words and order 2 do not fit those of 50"):
        total(states, 40, 2)


def test_merging_leaves_the_other_as_it_was(tmp_path):
    one, other = counted(drawn(50), 3), counted(drawn(50, 1), 3)
    before = bytes_of(other, tmp_path / "a")

    one.merge(other)
    one.update(drawn(50, 2))
    assert bytes_of(other, tmp_path / "a") == before


def test_saved_counts_are_loaded_again(tmp_path):
    counts = counted(drawn(50), 4)
    counts.save(tmp_path / "counts.npz")

    loaded = Counts.load(tmp_path / "counts.npz")
    assert bytes_of(loaded, tmp_path / "again.npz") == (tmp_path / "counts.npz").read_bytes()


def test_counts_of_other_words_are_refused():
    with pytest.raises(ValueError, match=r"^Counts of 5 words and order 2 do not fit those of 40"):
        counted(drawn(5), 2).merge(Counts(5, 2))


@pytest.mark.parametrize("wrong", [-1, 1, 2, SIZE])
def test_an_id_of_no_word_is_refused(wrong):
    with pytest.raises(ValueError, match=f"^{wrong} is the id of no word of a vocabulary of 40$"):
        Counts(SIZE, 2).update([[5], [3, wrong]])


@pytest.mark.parametrize(("size", "order"), [(2, 1), (3, 0)])
def test_no_words_or_no_order_is_refused(size, order):
    with pytest.raises(ValueError, match=f"^Counts need 3 words and order 1 .* {size} and {order}"):
        Counts(size, order)


def test_nothing_counted_is_nothing(tmp_path):
    counts = counted([], 3)

    assert [one.sum() for one in counts.counts] == [0, 0, 0]
    counts.save(tmp_path / "counts.npz")
    assert Counts.load(tmp_path / "counts.npz").order == 3


def test_an_empty_sentence_has_one_bigram():
    counts = counted([[]], 3)

    assert counts.trie.ngrams(2).tolist() == [[1, 2]]
    assert len(counts.counts[2]) == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s | {"keys_2": s["keys_2"][::-1]}, "n-grams are not in order"),
        (
            lambda s: s | {"keys_2": np.repeat(s["keys_2"][:1], len(s["keys_2"]))},
            "n-grams are not in order",
        ),
        (lambda s: s | {"keys_2": s["keys_2"] + 10**6}, "n-grams are not in order"),
        (lambda s: s | {"counts_2": s["counts_2"][1:]}, "counts and n-grams are not as many"),
        (lambda s: s | {"counts_2": s["counts_2"] - 10**6}, "a count is too small"),
        (lambda s: s | {"counts_2": s["counts_2"] * 1.0}, "an array has another dtype or shape"),
        (lambda s: {"size": s["size"]}, "the arrays are size"),
        (lambda s: {}, "the arrays are none"),
    ],
)
def test_broken_counts_are_refused(change, problem, tmp_path):
    state = change(counted(drawn(20), 2).partial_state())
    with (tmp_path / "broken.npz").open("wb") as file:
        np.savez(file, **state)

    with pytest.raises(ValueError, match=f"broken.npz: no counts of n-grams: {problem}$"):
        Counts.load(tmp_path / "broken.npz")


def test_every_cut_of_a_file_is_refused(tmp_path):
    counted(drawn(5), 2).save(tmp_path / "counts.npz")
    whole = (tmp_path / "counts.npz").read_bytes()

    for size in range(0, len(whole), 97):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(ValueError, match="no counts of n-grams"):
            Counts.load(tmp_path / "cut.npz")


def test_a_file_that_is_missing_is_not_called_broken(tmp_path):
    with pytest.raises(FileNotFoundError):
        Counts.load(tmp_path / "none.npz")
