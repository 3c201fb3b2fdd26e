"""Intervals and tests against formulas and enumerations that are written otherwise."""

import time
from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest, t
from sklearn.metrics import f1_score

from components.tasks.comparison import difference, matched, metric

METRICS = ("accuracy", "macro_f1")
Z = 1.959964


def drawn(seed):
    """Labels of a few examples, and what two models say of them, by names."""
    random = np.random.default_rng(seed)
    count, classes = random.integers(1, 60), random.integers(1, 7)
    weights = random.dirichlet(np.ones(classes))
    labels = random.choice(classes, count, p=weights)
    said = [
        np.where(random.random(count) < random.random(), labels, random.choice(classes, count))
        for _ in range(2)
    ]
    return [[f"class {one}" for one in row] for row in (labels, *said)]


def macro_f1(labels, said, classes):
    """Of these classes, with 0 for one that does not occur."""
    hits = np.array([((labels == one) & (said == one)).sum() for one in classes])
    sizes = np.array([(labels == one).sum() + (said == one).sum() for one in classes])
    return (2 * hits / np.maximum(1, sizes)).mean()


def jackknife(statistic, count):
    """Its standard error, by leaving each example out."""
    rows = np.arange(count)
    left = np.array([statistic(rows != row) for row in rows])
    return np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum())


@pytest.mark.parametrize("name", METRICS)
def test_a_value_is_always_in_its_interval(name):
    for seed in range(300):
        labels, ours, theirs = drawn(seed)
        for found, least in (
            (metric(name, labels, ours), 0),
            (difference(name, labels, ours, theirs), -1),
        ):
            assert least <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize("name", METRICS)
def test_the_value_of_a_difference_is_that_of_the_values(name):
    for seed in range(20):
        labels, *said = drawn(seed)
        ours, theirs = (metric(name, labels, one).value for one in said)
        assert difference(name, labels, *said).value == pytest.approx(ours - theirs)


@pytest.mark.parametrize("name", METRICS)
def test_what_one_model_gains_the_other_loses(name):
    for seed in range(50):
        labels, ours, theirs = drawn(seed)
        one, other = difference(name, labels, ours, theirs), difference(name, labels, theirs, ours)
        assert (one.low, one.value, one.high) == pytest.approx(
            (-other.high, -other.value, -other.low)
        )


@pytest.mark.parametrize("name", METRICS)
def test_no_model_beats_itself(name):
    for seed in range(100):
        labels, ours, _ = drawn(seed)
        found = difference(name, labels, ours, ours)
        assert found.value == 0
        assert found.low <= 0 <= found.high


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(("count", "is_enough"), [(3, False), (5, False), (6, True)])
def test_a_few_examples_that_all_agree_are_not_enough(name, count, is_enough):
    """Of six, a coin says the same of all in one of 32 throws; of five in one of 16."""
    labels = ["a", "b"] * 100
    theirs = [{"a": "b", "b": "a"}[one] for one in labels[:count]] + labels[count:]

    assert (difference(name, labels[:count], labels[:count], theirs[:count]).low > 0) is is_enough
    assert (difference(name, labels, labels, theirs).low > 0) is is_enough


def test_an_interval_of_matched_shares_and_the_sign_test_never_disagree():
    for gained, lost, same in product(range(25), range(25), (0, 20, 1000)):
        if total := gained + lost + same:
            found = matched(gained, lost, total)
            centre = (gained - lost) / (total + 2)
            reach = Z * np.sqrt(gained + lost + 1 - (gained - lost) ** 2 / (total + 2))
            ahead = centre > reach / (total + 2)
            p = binomtest(gained, max(1, gained + lost), alternative="greater").pvalue
            assert (found.low > 0) is bool(ahead and p < 0.025)
            assert (found.low, found.high) == pytest.approx(
                (-matched(lost, gained, total).high, -matched(lost, gained, total).low)
            )


def test_macro_f1_that_is_perfect_has_the_interval_of_a_share():
    labels = ["a", "b", "c"] * 10

    found = metric("macro_f1", labels, labels)
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(1 / (1 + t.ppf(0.975, 29) ** 2 / 30))


def test_the_macro_f1_of_one_example_tells_nothing_of_others():
    found = metric("macro_f1", ["a"], ["a"])
    gap = difference("macro_f1", ["a"], ["a"], ["b"])

    assert (found.low, found.value, found.high) == (0, 1, 1)
    assert (gap.low, gap.value, gap.high) == (-1, 1, 1)


def test_macro_f1_is_not_certain_where_no_example_alone_tells():
    found = metric("macro_f1", list("aaaaabb"), list("aaaaacc"))

    assert found.value == pytest.approx(1 / 3)
    assert found.low < 0.2
    assert found.high > 0.5


def test_the_interval_of_macro_f1_is_wilsons_of_its_jackknife():
    for seed in range(10):
        labels, said = (np.array(one) for one in drawn(seed)[:2])
        classes = np.unique([labels, said])
        value = macro_f1(labels, said, classes)
        error = jackknife(lambda rows: macro_f1(labels[rows], said[rows], classes), len(labels))  # noqa: B023
        if error == 0:
            continue
        found = metric("macro_f1", labels, said)
        assert found.value == pytest.approx(value)
        assert value == pytest.approx(f1_score(labels, said, average="macro"))
        for end in (found.low, found.high):
            # Where the truth is an end, the value is Student's quantile of errors away.
            scale = end * (1 - end) / (value * (1 - value))
            quantile = t.ppf(0.975, len(labels) - 1)
            assert abs(value - end) == pytest.approx(quantile * error * np.sqrt(scale))


def enumerated(labels, ours, theirs, classes):
    """How many of all exchanges differ as much in macro F1: Fisher's test."""
    differ = np.flatnonzero(ours != theirs)
    gaps = []
    for exchanged in product((False, True), repeat=len(differ)):
        rows = differ[list(exchanged)]
        one, other = ours.copy(), theirs.copy()
        one[rows], other[rows] = theirs[rows], ours[rows]
        gaps.append(abs(macro_f1(labels, one, classes) - macro_f1(labels, other, classes)))
    return np.mean(np.array(gaps) >= gaps[0] - 1e-9)


def test_macro_f1_differs_where_a_jackknife_and_all_exchanges_agree():
    random = np.random.default_rng(0)
    verdicts = []
    while len(verdicts) < 30:
        labels = random.integers(0, 3, 30)
        ours = np.where(random.random(30) < 0.95, labels, random.integers(0, 3, 30))
        theirs = np.where(random.random(30) < 0.7, labels, random.integers(0, 3, 30))
        if (ours != theirs).sum() > 8:
            continue
        p = enumerated(labels, ours, theirs, range(3))
        value = macro_f1(labels, ours, range(3)) - macro_f1(labels, theirs, range(3))
        error = jackknife(
            lambda rows: (
                macro_f1(labels[rows], ours[rows], range(3))  # noqa: B023
                - macro_f1(labels[rows], theirs[rows], range(3))  # noqa: B023
            ),
            30,
        )
        found = difference("macro_f1", labels, ours, theirs)
        half = t.ppf(0.975, 29) * error
        ends = (max(-1, value - half), min(1, value + half))
        is_sure = p < 0.05 and (ends[0] > 0 or ends[1] < 0)
        verdicts.append((is_sure, p < 0.05, ends[0] > 0))
        expected = ends if is_sure else (min(0, ends[0]), max(0, ends[1]))
        assert (found.low, found.high) == pytest.approx(expected)
    assert len(set(verdicts)) > 2  # each side alone says yes somewhere


def test_ten_thousand_examples_take_no_time():
    random = np.random.default_rng(0)
    labels, ours, theirs = random.integers(0, 10, (3, 10_000))
    ours = np.where(random.random(10_000) < 0.05, labels, ours)

    start = time.monotonic()
    found = difference("macro_f1", labels, ours, theirs)

    assert found.low > 0
    assert time.monotonic() - start < 10
