"""How much the distributions of two sets of examples differ."""

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from components.base.files import read_json, write_json
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.validate.drift import Statistics, differences, significant, statistics
from tests.validate.made import arrays, checked, tabular

CLASSES = ("a", "b", "c")
FEATURE = "measure features feature 0"
TITLES = {FEATURE: "feature 0 of features"}


def table(values, labels=None):
    """Examples of one feature."""
    labels = np.zeros(len(values), int) if labels is None else labels
    names = pd.Series([CLASSES[label] for label in labels], dtype="str")
    return pd.DataFrame({"value label": names, FEATURE: np.asarray(values, float)})


def between(before, now):
    """The differences by what differs."""
    return {one.what: one for one in differences(statistics(before), now, TITLES)}


def test_distance_and_p_value_of_a_feature_are_those_of_scipy():
    rng = np.random.default_rng(0)
    before, now = rng.normal(0, 1, 1000), rng.normal(0.5, 1.2, 300)
    edges = [-np.inf, *np.quantile(before, np.linspace(0.1, 0.9, 9)), np.inf]
    counts = [np.histogram(one, edges)[0] for one in (before, now)]

    found = between(table(before), table(now))["feature 0 of features"]

    assert found.distance == pytest.approx(jensenshannon(*counts, base=2))
    assert found.p_value == pytest.approx(chi2_contingency(counts).pvalue)


def test_distance_and_p_value_of_labels_are_those_of_scipy():
    counts = np.array([[50, 30, 20], [10, 10, 40]])
    before, now = (table(np.zeros(one.sum()), np.repeat([0, 1, 2], one)) for one in counts)

    found = between(before, now)["label"]

    assert found.distance == pytest.approx(jensenshannon(*counts, base=2))
    assert found.p_value == pytest.approx(chi2_contingency(counts).pvalue)


@pytest.mark.parametrize(
    ("before", "now", "distance"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], 0, id="the same"),
        pytest.param([1, 2, 3], [], 0, id="nothing now"),
        pytest.param([], [1, 2, 3], 0, id="nothing before"),
        pytest.param([np.nan] * 3, [1, 2, 3], 0, id="nothing that was measured before"),
        pytest.param([1, 2, 3], [np.nan] * 3, 0, id="nothing that was measured now"),
        pytest.param([5, 5, 5], [5, 5], 0, id="one value"),
        pytest.param([5, 5, 5], [6, 6], 1, id="one value, another now"),
        pytest.param([5, 5, 5], [4, 4], 1, id="one value, a smaller one now"),
    ],
)
def test_distances_at_the_edge(before, now, distance):
    assert between(table(before), table(now))["feature 0 of features"].distance == pytest.approx(
        distance
    )


@pytest.mark.parametrize(("before", "now"), [(0.05, 0.95), (0.95, 0.05)])
def test_a_feature_of_few_values_drifts(before, now):
    def flags(share):
        return table(np.arange(200) < 200 * share)

    counts = np.array([[1 - before, before], [1 - now, now]]) * 200

    found = between(flags(before), flags(now))["feature 0 of features"]

    assert found.distance == pytest.approx(jensenshannon(*counts, base=2))


def test_values_that_were_not_measured_do_not_count():
    values = np.arange(50.0)

    with_gaps = between(table(values), table([*values, np.nan]))["feature 0 of features"]

    assert with_gaps == between(table(values), table(values))["feature 0 of features"]


def test_a_class_that_the_reference_does_not_know_counts():
    reference = Statistics(categories={"value label": {"a": 5}}, edges={}, counts={})

    found = differences(reference, table([0] * 4, [0, 0, 1, 1]), TITLES)

    assert found[0].distance == pytest.approx(jensenshannon([5, 0], [2, 2], base=2))


def test_a_measure_that_the_reference_does_not_know_is_passed_over():
    unknown = "measure features feature 9"
    known = {"value label": {"a": 1}, "value place": {"b": 1}}
    reference = Statistics(categories=known, edges={unknown: [0.0]}, counts={unknown: [1, 1]})

    assert [one.what for one in differences(reference, table([1]), TITLES)] == ["label"]


@pytest.mark.parametrize("seed", range(5))
def test_chance_is_no_drift_however_many_features_are_compared(seed):
    rng = np.random.default_rng(seed)
    names = [f"measure features feature {place}" for place in range(1000)]
    before, now = (
        pd.DataFrame(rng.normal(size=(count, 1000)), columns=names).assign(**{"value label": "a"})
        for count in (500, 60)
    )

    found = differences(statistics(before), now, {})

    assert max(one.distance for one in found) > 0.2
    assert significant(found, max_distance=0.1) == []


def vectors(count, seed, shift=0.0):
    """Three features of `count` examples, the first one shifted, and labels of two classes."""
    inputs = np.random.default_rng(seed).normal(size=(count, 3))
    return inputs + np.array([shift, 0, 0]), np.arange(count) % 2


def drifted(report):
    """What is said of drift."""
    return [detail for one in report.findings if one.kind == "drift" for detail in one.details]


def test_splits_alike_have_no_drift(tmp_path):
    splits = arrays(train=vectors(400, 0), test=vectors(100, 1))

    report = checked(tmp_path / "set", splits)

    assert drifted(report) == []
    assert {one.what for one in report.drift["the test split"]} == {
        "label",
        "feature 0 of features",
        "feature 1 of features",
        "feature 2 of features",
    }


@pytest.mark.parametrize("policy", ["warn", "error"])
def test_a_shifted_feature_is_drift(tmp_path, policy):
    splits = arrays(train=vectors(400, 0), test=vectors(100, 1, shift=2))

    report = checked(tmp_path / "set", splits, drift=policy)

    worst = report.drift["the test split"][0]
    sentence = (
        "the test split differs from the train split in feature 0 of features: "
        f"Jensen-Shannon distance {worst.distance:.3f}, chi-squared test p = {worst.p_value:.2g}"
    )
    assert drifted(report) == [sentence]
    assert report.problems == (
        [f"drift: {sentence}; to go on all the same, set validate.drift: warn"]
        if policy == "error"
        else []
    )


def test_a_drift_within_the_limit_passes(tmp_path):
    splits = arrays(train=vectors(400, 0), test=vectors(100, 1, shift=2))

    assert drifted(checked(tmp_path / "set", splits, max_drift=1)) == []


def test_other_labels_are_drift(tmp_path):
    inputs, _ = vectors(100, 1)
    splits = arrays(train=vectors(400, 0), test=(inputs, np.arange(100) % 10 == 0))

    (sentence,) = drifted(checked(tmp_path / "set", splits))

    assert sentence.startswith("the test split differs from the train split in label: ")


def test_brighter_images_are_drift(tmp_path):
    rng = np.random.default_rng(0)
    dark, bright = (rng.integers(low, low + 100, (100, 6, 6, 1)) for low in (0, 60))
    labels = np.arange(100) % 2
    splits = arrays(
        train=(dark.astype(np.uint8), labels), validation=(bright.astype(np.uint8), labels)
    )

    found = drifted(checked(tmp_path / "set", splits))

    assert [one.split(": ")[0] for one in found] == [
        "the validation split differs from the train split in mean of channel 0 of image"
    ]


@pytest.mark.parametrize("name", ["width", "petal width", "mean of channel 0"])
def test_a_shifted_number_is_named_by_its_column(tmp_path, name):
    numbers = np.random.default_rng(0).normal(size=500)
    label = {"label": np.arange(400) % 2}
    kinds = {name: Value(), "label": ClassLabel("ab")}
    splits = tabular(
        kinds,
        train={name: numbers[:400], **label},
        test={name: numbers[400:] + 3, "label": np.arange(100) % 2},
    )

    (sentence,) = drifted(checked(tmp_path / "set", splits))

    assert sentence.startswith(f"the test split differs from the train split in {name}: ")


def test_other_categories_are_drift_and_a_number_that_is_missing_is_none(tmp_path):
    kinds = {
        "place": Value("string"),
        "width": Value(missing=True),
        "label": ClassLabel("ab"),
    }
    values = {"width": np.arange(200.0), "label": np.arange(200) % 2}
    gaps = np.where(np.arange(200) % 3, np.arange(200), np.nan)
    splits = tabular(
        kinds,
        train={"place": ["north", "south"] * 100, **values},
        test={"place": ["north", "west"] * 100, **values, "width": gaps},
    )

    (sentence,) = drifted(checked(tmp_path / "set", splits))

    assert sentence.startswith("the test split differs from the train split in place: ")


@pytest.mark.parametrize(("shift", "count"), [(0, 0), (2, 1)])
def test_a_train_split_is_compared_with_the_accepted_version(tmp_path, shift, count):
    old = arrays(train=vectors(400, 0))
    new = arrays(train=vectors(400, 1, shift))
    before = checked(tmp_path / "old", old)
    write_json(before.statistics.model_dump(), tmp_path / "statistics.json")
    accepted = Statistics.model_validate(read_json(tmp_path / "statistics.json"))

    report = checked(tmp_path / "new", new, accepted)

    assert accepted == before.statistics
    found = drifted(report)
    assert len(found) == count
    assert all(
        one.startswith(
            "the accepted version differs from the train split in feature 0 of features: "
        )
        for one in found
    )


def test_the_same_version_again_has_no_distance(tmp_path):
    splits = arrays(train=vectors(40, 0))
    before = checked(tmp_path / "old", splits)

    report = checked(tmp_path / "new", splits, before.statistics)

    assert {one.distance for one in report.drift["the accepted version"]} == {0}
