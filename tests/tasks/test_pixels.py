"""Measures against loops over pixels, intervals and tests against enumerations."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score

from components.base.masks import IGNORE
from components.tasks.pixels import (
    class_ious,
    confusions,
    dice,
    difference,
    interval,
    iou,
    measure,
    metrics,
    probability,
)


def drawn(seed, count=7, classes=3, quality=0.7):
    """Masks with ignored pixels, and what a model says of them."""
    random = np.random.default_rng(seed)
    masks = random.integers(0, classes, (count, 6, 9)).astype(np.uint8)
    said = np.where(random.random(masks.shape) < quality, masks, random.integers(0, classes))
    masks[random.random(masks.shape) < 0.1] = IGNORE
    return masks, said.astype(np.uint8)


def counts(seed, **settings):
    return confusions(*drawn(seed, **settings), 3)


def test_counts_are_those_of_scikit_learn():
    masks, said = drawn(0)

    for found, mask, one in zip(confusions(masks, said, 3), masks, said, strict=True):
        here = mask != IGNORE
        assert np.array_equal(found, confusion_matrix(mask[here], one[here], labels=range(3)))


def test_iou_is_that_of_scikit_learn():
    masks, said = drawn(1)
    here = masks != IGNORE

    expected = jaccard_score(masks[here], said[here], average=None)

    assert iou(confusions(masks, said, 3).sum(axis=0)) == pytest.approx(expected)


def test_dice_follows_from_iou():
    total = counts(2).sum(axis=0)
    assert dice(total) == pytest.approx(2 * iou(total) / (1 + iou(total)))


def test_iou_is_of_all_pixels_not_the_mean_of_images():
    """An image with two pixels of a class weighs as little as they do."""
    both = np.array([[[0, 0], [0, 2]], [[0, 98], [0, 0]]])

    assert class_ious(both)[1].value == pytest.approx(2 / 100)


def test_a_class_that_does_not_occur_is_left_out():
    given = np.array([[[9, 0, 0], [1, 0, 0], [0, 0, 0]]] * 6)

    assert [*class_ious(given)] == [0, 1]
    assert measure(given)["mean_iou"].value == pytest.approx(0.45)


@pytest.mark.parametrize("count", [3, 7])
def test_the_iou_of_a_class_has_the_interval_of_a_metric(count):
    given = counts(1, count=count)

    for place, found in class_ious(given).items():
        assert found == interval(given, lambda one, place=place: iou(one)[..., place])


def test_masks_of_several_sizes_are_counted():
    masks = [np.zeros((2, 3), np.uint8), np.ones((4, 1), np.uint8)]
    assert confusions(masks, masks, 2).tolist() == [[[6, 0], [0, 0]], [[0, 0], [0, 4]]]


def test_many_classes_do_not_overflow():
    mask = np.full((1, 1, 1), 200, np.uint8)
    assert confusions(mask, mask, 201)[0, 200, 200] == 1


def test_what_no_class_is_is_refused():
    with pytest.raises(ValueError, match="classes from 3 to 3; there are 3"):
        confusions(np.full((1, 2, 2), 3), np.zeros((1, 2, 2), int), 3)


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"a mask of \(2, 2\) and a prediction of \(2, 3\)"):
        confusions(np.zeros((1, 2, 2), int), np.zeros((1, 2, 3), int), 2)


def test_nothing_that_counts_is_refused():
    with pytest.raises(ValueError, match="no pixel of any image counts"):
        measure(np.zeros((6, 2, 2), int))


def test_a_value_is_always_in_its_interval():
    for seed in range(60):
        masks, said = drawn(seed, count=1 + seed % 9)
        ours, theirs = (confusions(masks, one, 3) for one in (said, np.roll(said, 1, axis=0)))
        for one in measure(ours).values():
            assert 0 <= one.low <= one.value <= one.high <= 1
        found = difference("mean_iou", ours, theirs)
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_the_interval_of_images_is_a_jackknifes():
    given = counts(3, count=30)
    metric = metrics(given)["mean_iou"]
    rows = np.arange(30)
    left = np.array([iou(given[rows != row].sum(axis=0)).mean() for row in rows])
    error = np.sqrt(29 / 30 * ((left - left.mean()) ** 2).sum())

    found = interval(given, metric)

    assert found.value == pytest.approx(iou(given.sum(axis=0)).mean())
    for end in (found.low, found.high):
        # Where the truth is an end, the value is Student's quantile of errors away.
        scale = np.sqrt(end * (1 - end) / (found.value * (1 - found.value)))
        assert abs(found.value - end) == pytest.approx(2.04523 * error * scale, rel=1e-4)


def test_many_pixels_of_few_images_do_not_narrow_an_interval():
    given = counts(4, count=8)

    small, large = (measure(one)["mean_iou"] for one in (given, 1000 * given))

    assert (small.low, small.high) == pytest.approx((large.low, large.high))


@pytest.mark.parametrize("value", [0, 1])
def test_all_right_and_all_wrong_are_not_certain(value):
    matrix = [[5, 0], [0, 5]] if value else [[0, 5], [5, 0]]

    found = measure(np.array([matrix] * 10))["mean_iou"]

    assert found.value == value
    assert 0.3 < found.high - found.low < 0.5


@pytest.mark.parametrize("count", [1, 2, 4])
def test_fewer_than_five_images_say_nothing_of_others(count):
    given = counts(5, count=count)

    value = measure(given)["mean_iou"]
    found = difference("mean_iou", given, given)

    assert (value.low, value.high) == (0, 1)
    assert (found.low, found.value, found.high) == (-1, 0, 1)


@pytest.mark.parametrize(("count", "is_enough"), [(5, False), (6, True), (20, True)])
def test_a_few_images_that_all_agree_are_not_enough(count, is_enough):
    """Of six, a coin says the same of all in one of 32 throws; of five in one of 16."""
    random = np.random.default_rng(0)
    wrong = random.integers(5, 9, count)
    ours = np.array([[[50, 0], [0, 50]]] * count)
    theirs = np.array([[[50, 0], [one, 50 - one]] for one in wrong])

    assert (difference("mean_iou", ours, theirs).low > 0) is is_enough
    assert (difference("mean_iou", theirs, ours).high < 0) is is_enough


def test_no_model_beats_itself():
    for seed in range(20):
        found = difference("mean_iou", counts(seed), counts(seed))
        assert found.value == 0
        assert found.low <= 0 <= found.high


def test_what_one_model_gains_the_other_loses():
    masks, said = drawn(6, count=25)
    ours = confusions(masks, said, 3)
    theirs = confusions(masks, drawn(7, count=25)[1], 3)

    one, other = (difference("mean_iou", *both) for both in ((ours, theirs), (theirs, ours)))

    assert (one.low, one.value, one.high) == pytest.approx((-other.high, -other.value, -other.low))


def test_counts_of_other_images_are_refused():
    with pytest.raises(ValueError, match="the two are not counts of the same images"):
        difference("mean_iou", counts(0), counts(1))


@pytest.mark.parametrize("count", [6, 14])
def test_the_test_is_an_enumeration_or_nearly(count):
    masks, said = drawn(8, count=count)
    ours = confusions(masks, said, 3)
    theirs = confusions(masks, np.where(drawn(9, count=count)[1] == 0, said, masks % 3), 3)
    metric = metrics(ours + theirs)["mean_iou"]
    gaps = []
    for coins in product((False, True), repeat=count):
        swap = np.array(coins)[:, np.newaxis, np.newaxis]
        one, other = np.where(swap, theirs, ours), np.where(swap, ours, theirs)
        gaps.append(abs(iou(one.sum(axis=0)).mean() - iou(other.sum(axis=0)).mean()))

    expected = np.mean(np.array(gaps) >= gaps[0] - 1e-9)

    assert probability(ours, theirs, metric) == pytest.approx(
        expected, abs=0 if count < 14 else 0.02
    )
