"""How good predictions of a number are, against scikit-learn, SciPy and what is drawn at random."""

import numpy as np
import pytest
from scipy.stats import bootstrap, permutation_test
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from components.tasks.interval import Interval
from components.tasks.numbers import difference, metric

THEIRS = {"rmse": root_mean_squared_error, "mae": mean_absolute_error, "r2": r2_score}
NAMES = tuple(THEIRS)


def sample(count, seed=0, error=1.0):
    random = np.random.default_rng(seed)
    said = 2 * random.normal(size=count)
    return said + error * random.normal(size=count), said


def ends(found):
    return found.value, found.low, found.high


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_scikit_learn(name):
    targets, said = sample(50)

    assert metric(name, targets, said).value == pytest.approx(THEIRS[name](targets, said))


@pytest.mark.parametrize("name", NAMES)
def test_predictions_in_float32_lose_nothing_more(name):
    targets, said = sample(50)
    far, near = targets + 1e6, (said + 1e6).astype(np.float32)

    found = metric(name, far, near)

    assert found.value == pytest.approx(THEIRS[name](far, near.astype(np.float64)))


def test_r2_has_no_unit():
    targets, said = sample(50)

    assert ends(metric("r2", targets / 1e3, said / 1e3)) == pytest.approx(
        ends(metric("r2", targets, said))
    )


def test_a_guess_of_the_mean_has_an_r2_that_is_sharply_nothing():
    targets, _ = sample(400)

    found = metric("r2", targets, np.zeros_like(targets))

    assert found.low == pytest.approx(found.high, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_is_near_a_bootstraps(name):
    targets, said = sample(400)
    theirs = bootstrap(
        (targets, said), THEIRS[name], paired=True, vectorized=False, n_resamples=499, rng=0
    ).confidence_interval

    ours = metric(name, targets, said)

    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.15 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.15 * width)


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_holds_the_truth_19_times_out_of_20(name):
    truth = {"rmse": 1.0, "mae": np.sqrt(2 / np.pi), "r2": 0.8}[name]
    found = [metric(name, *sample(60, seed)) for seed in range(400)]

    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [2, 3, 10])
def test_an_interval_is_around_its_value_and_where_the_metric_can_be(name, count):
    for seed in range(50):
        found = metric(name, *sample(count, seed, error=5))

        assert found.low <= found.value <= found.high
        assert found.high <= 1 if name == "r2" else found.low >= 0


@pytest.mark.parametrize("name", NAMES)
def test_where_a_single_example_has_all_the_error_the_interval_is_everything(name):
    targets = np.arange(8.0)
    said = targets + 3 * (targets == 2)

    found = metric(name, targets, said)

    assert (found.low, found.high) == ((-np.inf, 1) if name == "r2" else (0, np.inf))


@pytest.mark.parametrize("name", NAMES)
def test_equal_models_are_seldom_told_apart(name):
    found = []
    for seed in range(400):
        random = np.random.default_rng(seed)
        targets = random.normal(size=25)
        ours, theirs = (targets + random.standard_t(3, size=25) for _ in range(2))
        found.append(difference(name, targets, ours, theirs).low > 0)

    assert np.mean(found) <= 0.025 + 0.02


def exchanges(name, targets, ours, theirs):
    """How often all exchanges of predictions, as SciPy makes them, differ as much."""
    losses = (np.abs(one - targets) ** (1 if name == "mae" else 2) for one in (ours, theirs))
    found = permutation_test(
        tuple(losses),
        lambda one, other, axis=-1: np.sum(one - other, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )
    return found.pvalue


@pytest.mark.parametrize("name", NAMES)
def test_two_models_are_told_apart_only_where_all_exchanges_tell_them_apart_too(name):
    apart, chances = [], []
    for seed in range(60):
        random = np.random.default_rng(seed)
        targets = 3 * random.normal(size=9)
        ours, theirs = (targets + random.normal(size=9) * spread for spread in (1, 2))
        found = difference(name, targets, ours, theirs)
        apart.append(not found.low <= 0 <= found.high)
        chances.append(exchanges(name, targets, ours, theirs))

    assert 0 < sum(apart) < 60
    assert max(chance for chance, is_apart in zip(chances, apart, strict=True) if is_apart) < 0.05


def test_with_many_examples_exchanges_are_drawn_and_say_about_the_same():
    targets, said = sample(14)
    near = said + np.where(np.arange(14) == 3, 0.0, 0.4)

    found = difference("mae", targets, near, said)
    again = difference("mae", targets, near, said)

    assert found == again
    is_apart = not found.low <= 0 <= found.high
    assert is_apart == (exchanges("mae", targets, near, said) < 0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_worse_model_is_found_worse(name):
    targets, said = sample(100)
    worse = said + 3 * np.random.default_rng(9).normal(size=100)

    found = difference(name, targets, worse, said)

    expected = THEIRS[name](targets, worse) - THEIRS[name](targets, said)
    assert found.value == pytest.approx(expected)
    assert found.high < 0 if name == "r2" else found.low > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_difference_turns_with_its_models(name):
    targets, said = sample(40)
    other = said + 0.5

    there, back = difference(name, targets, said, other), difference(name, targets, other, said)

    assert ends(there) == pytest.approx((-back.value, -back.high, -back.low))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [2, 5])
def test_five_examples_never_tell_two_models_apart(name, count):
    targets = np.arange(float(count))

    found = difference(name, targets, targets + 9, targets)

    assert found.low <= 0 <= found.high


@pytest.mark.parametrize("name", NAMES)
def test_the_same_predictions_differ_by_nothing(name):
    targets, said = sample(20)

    assert difference(name, targets, said, said) == Interval(0, 0, 0)


@pytest.mark.parametrize(("name", "value"), [("rmse", 0), ("mae", 0), ("r2", 1)])
def test_no_error_is_no_interval(name, value):
    assert metric(name, np.arange(5.0), np.arange(5.0)) == Interval(value, value, value)


def test_equal_targets_have_no_variance_to_explain():
    targets, wrong = np.ones(8), np.arange(8.0)

    assert metric("r2", targets, targets) == Interval(1, 1, 1)
    assert metric("r2", targets, wrong) == Interval(0, 0, 0)
    assert r2_score(targets, targets) == 1
    assert r2_score(targets, wrong) == 0
    assert difference("r2", targets, targets, wrong) == Interval(1, 0, 1)
    assert difference("r2", targets, wrong, targets) == Interval(-1, -1, 0)
    assert difference("r2", targets, wrong, wrong + 1) == Interval(0, 0, 0)


@pytest.mark.parametrize(
    "found",
    [
        lambda one: metric("rmse", one, one),
        lambda one: difference("rmse", one, one, one),
    ],
    ids=["metric", "difference"],
)
def test_one_example_is_too_few(found):
    with pytest.raises(ValueError, match=r"^An interval needs 2 examples or more, got 1$"):
        found(np.ones(1))
