"""Which example goes to which split."""

import hashlib

import numpy as np
import pytest

from components.base.errors import Stop
from components.ingest import splitting

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def digests(count):
    return [hashlib.sha256(str(number).encode()).digest() for number in range(count)]


def test_every_example_goes_to_one_split_and_classes_alike():
    labels = np.repeat([0, 1], [100, 20])

    rows = splitting.by_class(labels, "ab", {"train": 0.7, "validation": 0.2, "test": 0.1}, 0)

    assert sorted(np.concatenate(list(rows.values()))) == list(range(120))
    counts = {name: np.bincount(labels[members]).tolist() for name, members in rows.items()}
    assert counts == {"train": [70, 14], "validation": [20, 4], "test": [10, 2]}


@pytest.mark.parametrize(
    "draw",
    [
        lambda seed: splitting.by_class(np.arange(60) % 3, "abc", SHARES, seed),
        lambda seed: splitting.by_group(np.arange(60) // 3, SHARES, seed),
        lambda seed: splitting.by_content(digests(60), SHARES, seed),
    ],
    ids=["class", "group", "content"],
)
def test_a_seed_draws_the_same_split_again(draw):
    first, again, other = (draw(seed)["train"].tolist() for seed in (0, 0, 1))

    assert first == again
    assert first != other


def test_classes_are_drawn_one_after_the_other():
    labels, random = np.random.default_rng(1).integers(0, 3, 60), np.random.default_rng(0)
    expected = [random.permutation(np.flatnonzero(labels == label)) for label in range(3)]

    rows = splitting.by_class(labels, "abc", SHARES, 0)

    test = [part[: round(SHARES["test"] * len(part))] for part in expected]
    assert rows["test"].tolist() == sorted(np.concatenate(test))


def test_a_class_of_three_is_in_every_split():
    rows = splitting.by_class(np.array([0] * 50 + [1] * 3), "ab", SHARES, 0)

    assert all(members.max() >= 50 for members in rows.values())


def test_a_class_with_one_image_is_named():
    with pytest.raises(Stop) as caught:
        splitting.by_class(np.array([0, 0, 0, 1, 2, 2]), "abc", SHARES, 0)

    assert str(caught.value) == (
        "ingest: class 'b' has 1, class 'c' has 2; each needs 3 examples or more, "
        "one for every split"
    )


def test_a_fifth_with_few_numbers_is_named():
    with pytest.raises(Stop) as caught:
        splitting.by_class(np.array([0, 0, 0, 1, 1, 1, 2, 2]), (), SHARES, 0)

    assert str(caught.value) == (
        "ingest: fifth 3 of the target has 2; each needs 3 examples or more, one for every split"
    )


def test_no_group_is_in_two_splits_and_the_shares_are_met():
    groups = np.random.default_rng(0).integers(0, 80, 2000)

    rows = splitting.by_group(groups, SHARES, 0)

    seen = [set(groups[members]) for members in rows.values()]
    assert sum(map(len, seen)) == len(set(groups))
    for name, share in SHARES.items():
        assert len(rows[name]) / 2000 == pytest.approx(share, abs=0.02)


def test_too_few_groups_are_refused():
    with pytest.raises(Stop, match=r"^ingest\.split: 2 groups cannot fill 3 splits$"):
        splitting.by_group(np.array(["x", "y", "x"]), SHARES, 0)


def test_a_grown_set_keeps_every_example_in_its_split():
    before = splitting.by_content(digests(1000), SHARES, 0)
    after = splitting.by_content(digests(1500), SHARES, 0)

    for name, share in SHARES.items():
        assert [row for row in after[name] if row < 1000] == before[name].tolist()
        assert len(after[name]) / 1500 == pytest.approx(share, abs=0.04)


def test_copies_join_the_split_of_their_equal():
    rows = splitting.by_content(digests(50) * 2, SHARES, 0)

    for members in rows.values():
        assert set(members % 50) == {row for row in members if row < 50}


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(np.random.default_rng(0).permutation(20), id="whole numbers"),
        pytest.param(np.random.default_rng(1).permutation(20) / 7, id="fractions"),
        pytest.param(
            np.datetime64("2026-01-01") + np.random.default_rng(2).permutation(20), id="dates"
        ),
        pytest.param(
            np.array([f"2026-01-{day:02}" for day in range(20, 0, -1)], object), id="text"
        ),
    ],
)
def test_what_was_first_is_learned_from_and_what_was_last_is_measured_on(times):
    rows = splitting.by_time(times, {"train": 0.7, "validation": 0.2, "test": 0.1})

    assert {name: len(members) for name, members in rows.items()} == {
        "train": 14,
        "validation": 4,
        "test": 2,
    }
    assert times[rows["train"]].max() < times[rows["validation"]].min()
    assert times[rows["validation"]].max() < times[rows["test"]].min()
    assert all((np.diff(members) > 0).all() for members in rows.values())


def test_of_one_time_the_first_rows_are_the_earlier_ones():
    rows = splitting.by_time(np.zeros(20), {"train": 0.7, "validation": 0.2, "test": 0.1})

    assert np.concatenate(list(rows.values())).tolist() == list(range(20))


def test_times_that_cannot_be_compared_are_refused():
    with pytest.raises(Stop) as caught:
        splitting.by_time(np.array([1, "2026-01-01"], object), SHARES)

    assert str(caught.value) == (
        "ingest.split.time: it holds text and numbers, which have no order"
    )


def test_given_splits_stay_as_they_are():
    given = np.array(["test", "train", "validation", "train"])

    rows = splitting.given(given, np.zeros(4, int), "a", None, 0)

    assert {name: members.tolist() for name, members in rows.items()} == {
        "train": [1, 3],
        "validation": [2],
        "test": [0],
    }


@pytest.mark.parametrize(("validation", "expected"), [(None, 10), (0.25, 25)])
def test_a_validation_split_is_taken_from_the_train_split(validation, expected):
    given = np.array(["test"] * 20 + ["train"] * 100)
    labels = np.arange(120) % 5

    rows = splitting.given(given, labels, "abcde", validation, 0)

    assert rows["test"].tolist() == list(range(20))
    assert len(rows["validation"]) == expected
    assert min(rows["validation"]) >= 20
    assert np.ptp(np.bincount(labels[rows["validation"]])) == 0


def test_a_source_without_a_test_split_is_refused():
    with pytest.raises(Stop) as caught:
        splitting.given(np.array(["train"]), np.zeros(1, int), "a", None, 0)

    assert str(caught.value) == "ingest.split: by: given, but the source has no test split"
