"""The protocol of every layer with statistics, and the sums behind it."""

import pickle
import re

import numpy as np
import pytest

from components.layers.mean import MeanSubtraction
from components.layers.statistics import Moments
from components.layers.whitening import PCAWhitening, ZCAWhitening

LAYERS = (
    lambda: MeanSubtraction(axis=(1, 2, 3)),
    lambda: PCAWhitening(n_components=0.9),
    ZCAWhitening,
)


@pytest.fixture(params=LAYERS, ids=["mean", "PCA", "ZCA"])
def make(request):
    return request.param


def weights(layer):
    return [np.asarray(weight) for weight in layer.weights]


def equal(layer, other, tolerance=1e-6):
    pairs = zip(weights(layer), weights(other), strict=True)
    return layer.weights and all(
        one == pytest.approx(two, rel=tolerance, abs=tolerance) for one, two in pairs
    )


@pytest.mark.parametrize("is_matrix", [True, False])
def test_moments_are_those_of_numpy_even_far_from_zero(is_matrix):
    rows = np.random.default_rng(0).normal(1e6, 1, (500, 4))
    moments = Moments(4, is_matrix)

    for part in (rows[:1], rows[1:1], rows[1:137], rows[137:]):
        moments.update(part)

    covariance = np.cov(rows.T, bias=True)
    expected = covariance if is_matrix else covariance.diagonal()
    assert moments.count == 500
    assert moments.mean == pytest.approx(rows.mean(0), rel=1e-12)
    assert np.tril(moments.scatter) / 500 == pytest.approx(np.tril(expected), abs=1e-8)


def test_parts_merge_to_the_whole(make, images):
    whole, left, right = make(), make(), make()
    whole.adapt([images])
    left.update_state(images[:77])
    right.update_state(images[77:])

    left.merge_state([right, make()])
    left.finalize_state()

    assert equal(left, whole)
    assert left.moments.mean.dtype == left.moments.scatter.dtype == np.float64
    assert left.moments.scatter == pytest.approx(whole.moments.scatter, rel=1e-12, abs=1e-9)


def test_sums_travel_between_processes(make, images):
    whole, here = make(), make()
    whole.adapt([images])

    for part in np.array_split(images, 7):
        there = make()
        there.update_state(part)
        here.add_partial_state(pickle.loads(pickle.dumps(there.partial_state())))  # noqa: S301
    here.finalize_state()

    assert equal(here, whole)
    assert np.asarray(here(images)) == pytest.approx(np.asarray(whole(images)), abs=1e-4)


def test_a_partial_state_is_plain_arrays_and_comes_back_the_same(make, images):
    first, second = make(), make()
    first.update_state(images)

    second.add_partial_state(first.partial_state())

    state = second.partial_state()
    assert {type(value) for value in state.values()} == {np.ndarray}
    assert all(np.array_equal(value, state[name]) for name, value in first.partial_state().items())
    assert make().partial_state() == {}


def test_adapting_again_forgets_what_was_there(make, images):
    once, twice = make(), make()
    once.adapt([images])

    twice.adapt([images])
    twice.adapt([images])

    assert equal(twice, once, tolerance=0)


def test_batches_have_no_say(make, images):
    one, many = make(), make()

    one.adapt([images])
    many.adapt(images[start : start + 9] for start in range(0, 200, 9))

    assert equal(many, one)
    assert one.get_build_config() == many.get_build_config()


def test_whole_numbers_have_the_same_statistics(make, images):
    whole = (images * 10 + 128).clip(0, 255).astype(np.uint8)
    first, second = make(), make()

    first.adapt([whole])
    second.adapt([whole.astype(np.float64)])

    assert equal(first, second)
    assert np.array_equal(np.asarray(first(whole)), np.asarray(second(whole.astype(np.float32))))


def test_an_adapted_layer_is_saved(make, check_saving, images):
    layer = make()
    layer.adapt([images])

    check_saving(layer, images)


def test_the_result_has_the_dtype_of_the_layer(images):
    layer = MeanSubtraction(dtype="bfloat16")
    layer.adapt([images])

    assert layer(images).dtype == "bfloat16"
    assert layer.mean.dtype == "float32"


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (MeanSubtraction(), "MeanSubtraction needs 1 example or more, got 0"),
        (ZCAWhitening(), "ZCAWhitening needs 2 examples or more, got 0"),
    ],
)
def test_nothing_has_no_statistics(layer, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        layer.adapt([])


@pytest.mark.parametrize("count", [1, 2])
def test_as_few_examples_as_a_layer_needs_are_enough(make, count):
    images = np.random.default_rng(0).normal(size=(count, 3, 3, 1)).astype(np.float32)
    layer = make()
    if count < layer.least:
        with pytest.raises(ValueError, match="needs 2 examples or more"):
            layer.adapt([images])
    else:
        layer.adapt([images])
        assert weights(layer)


def test_other_features_cannot_be_merged(make, images):
    left, right = make(), make()
    left.update_state(images)
    right.update_state(np.ones((3, 4, 4, 5)))

    with pytest.raises(ValueError, match=r"^Statistics of \d+ features do not fit those of \d+$"):
        left.merge_state([right])
