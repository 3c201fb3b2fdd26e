"""Columns of a table as one vector, against scikit-learn and Keras."""

import re

import keras
import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from components.layers.feature_space import FeatureSpace
from components.models import keras_files

NAN = np.nan
FEATURES = {
    "age": "float_normalized",
    "sex": "categorical",
    "size": "float_normalized",
    "share": "float",
}
FEATURES_OF_TWO = {"age": "float_normalized", "sex": "categorical"}


@pytest.fixture
def table():
    """200 rows: numbers with gaps, and a category with gaps."""
    random = np.random.default_rng(0)
    numbers = random.normal(50, 7, (200, 2))
    numbers[random.random((200, 2)) < 0.1] = NAN
    places = random.choice([0, 1, 2, NAN], 200)
    columns = {"age": numbers[:, 0], "sex": places, "size": numbers[:, 1]}
    return {
        **{name: one.astype(np.float32) for name, one in columns.items()},
        "share": random.random(200).astype(np.float32),
    }


def part(table, rows):
    return {name: column[rows] for name, column in table.items()}


def fitted(table, features=FEATURES):
    layer = FeatureSpace(features)
    layer.adapt([table])
    return layer


def encoded(layer, table):
    return np.asarray(layer(table))


def test_features_are_those_of_scikit_learn(table):
    found = encoded(fitted(table), table)

    scaled = StandardScaler().fit_transform(np.stack([table["age"], table["size"]], axis=1))
    filled = SimpleImputer(strategy="constant", fill_value=0, add_indicator=True)
    (age, size, age_gap, size_gap) = filled.fit_transform(scaled).T
    hot = OneHotEncoder(sparse_output=False).fit_transform(table["sex"][:, None])
    expected = [age, age_gap, size, size_gap, table["share"], np.zeros(200), *hot.T]
    assert found.dtype == np.float32
    assert found == pytest.approx(np.stack(expected, axis=1), abs=1e-5)


def test_numbers_far_from_zero_are_standardised_too():
    values = np.random.default_rng(0).normal(1e6, 1, 500)
    layer = FeatureSpace({"age": "float_normalized"})

    layer.adapt([{"age": values[:130]}, {"age": values[130:]}])

    mean, deviation = (float(np.asarray(weight)[0]) for weight in layer.weights)
    assert mean == pytest.approx(values.mean(), rel=1e-7)
    assert deviation == pytest.approx(values.std(), rel=1e-6)


def test_parts_merge_to_the_same_weights(table):
    whole, merged = fitted(table), FeatureSpace(FEATURES)
    parts = [FeatureSpace(FEATURES) for _ in range(5)]
    # In the first of the parts neither the last category nor any age occurs.
    rows = np.argsort(np.where(np.isnan(table["sex"]), -1, table["sex"]), kind="stable")
    first = {**part(table, rows[:3]), "age": np.full(3, NAN, np.float32)}
    whole.adapt([first, part(table, rows[3:])])
    parts[0].update_state(first)
    for one, some in zip(parts[1:], np.array_split(rows[3:], 4), strict=True):
        one.update_state(part(table, some))

    merged.merge_state([*parts, FeatureSpace(FEATURES)])
    merged.finalize_state()

    assert merged.categories == whole.categories == {"sex": 3}
    for ours, theirs in zip(merged.get_weights(), whole.get_weights(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-6)


def test_a_part_keeps_its_own_state_when_it_is_merged(table):
    left, right = (FeatureSpace(FEATURES) for _ in range(2))
    left.update_state(part(table, slice(0, 77)))
    right.update_state(part(table, slice(77, 200)))
    before = {name: values.copy() for name, values in left.partial_state().items()}

    merged = FeatureSpace(FEATURES)
    merged.merge_state([left, right])

    assert before.keys() == left.partial_state().keys()
    assert all(np.array_equal(before[name], left.partial_state()[name]) for name in before)


def test_what_is_missing_or_unknown_has_a_place(table):
    layer = fitted(table)
    rows = {"age": [NAN, 50, 50], "sex": [1, NAN, 7], "size": [50, NAN, 50], "share": [0, 1, NAN]}

    found = encoded(layer, {name: np.array(one, np.float32) for name, one in rows.items()})

    assert found[0, :2].tolist() == [0, 1]
    assert found[1, 2:4].tolist() == [0, 1]
    assert found[:, 1].tolist() == [1, 0, 0]
    assert found[:, 3].tolist() == [0, 1, 0]
    assert found[:, 4:6].tolist() == [[0, 0], [1, 0], [0, 1]]
    assert found[:, 6:].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]


def test_a_category_that_the_train_split_does_not_have_is_as_one_that_nobody_knows():
    layer = fitted({"sex": np.array([0, 2, 2, NAN], np.float32)}, {"sex": "categorical"})

    found = encoded(layer, {"sex": np.array([0, 1, 2, 3], np.float32)})

    assert found.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_a_category_of_which_only_gaps_were_seen_has_a_place_for_gaps():
    layer = fitted({"sex": np.array([NAN, NAN], np.float32)}, {"sex": "categorical"})

    found = encoded(layer, {"sex": np.array([0, NAN], np.float32)})

    assert found.tolist() == [[0, 1], [0, 1]]


@pytest.mark.parametrize(
    "column", [pytest.param([NAN] * 4, id="nothing"), pytest.param([3.0] * 4, id="one value")]
)
def test_a_column_without_spread_is_only_centred(column):
    table = {"age": np.array(column, np.float32)}

    found = encoded(fitted(table, {"age": "float_normalized"}), table)

    assert found.tolist() == [[0, float(np.isnan(column[0]))]] * 4


@pytest.mark.parametrize("value", [0.1, -1e9 / 3])
def test_a_column_of_one_value_that_rounds_is_only_centred(value):
    layer = FeatureSpace({"age": "float_normalized"})

    layer.adapt([{"age": np.full(60, value)}, {"age": np.full(7, value)}])

    deviation = float(np.asarray(layer.weights[1])[0])
    assert deviation == 1


def test_what_was_seen_before_is_forgotten(table):
    layer = fitted({"age": np.array([7.0, 9]), "sex": np.array([0, 2])}, FEATURES_OF_TWO)
    now = part({name: table[name] for name in FEATURES_OF_TWO}, slice(0, 50))

    layer.adapt([now])

    again = fitted(now, FEATURES_OF_TWO)
    assert np.array_equal(encoded(layer, now), encoded(again, now))


def model(layer, table):
    inputs = {name: keras.Input((), name=name) for name in table}
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize("features", [FEATURES, {"age": "float"}, {"sex": "categorical"}], ids=len)
def test_a_saved_layer_is_the_same_layer(table, features, tmp_path):
    table = {name: table[name] for name in features}
    made = model(fitted(table, features), table)

    for name in ("a.keras", "b.keras"):
        keras_files.save(made, tmp_path / name)
    loaded = keras_files.load(tmp_path / "a.keras")

    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    assert np.array_equal(encoded(loaded, table), encoded(made, table))
    assert made.output_shape == (None, *encoded(made, table).shape[1:])


@pytest.mark.parametrize("kind", ["float", "float_normalized", "categorical"])
@pytest.mark.parametrize("batches", [[], [{"age": np.zeros(0)}]], ids=["no batch", "an empty one"])
def test_no_example_is_too_few(kind, batches):
    with pytest.raises(ValueError, match=r"^FeatureSpace needs 1 example or more, got 0$"):
        FeatureSpace({"age": kind}).adapt(batches)


def test_an_encoding_that_there_is_not_is_refused():
    message = (
        "Argument `features` must name categorical, float, float_normalized. "
        "Received: string_categorical"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        FeatureSpace({"age": "float", "sex": "string_categorical"})


def test_a_column_that_is_not_encoded_is_refused(table):
    message = (
        "Argument `features` must name each column. Received: age; the columns are "
        "age, sex, share, size"
    )

    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        model(FeatureSpace({"age": "float"}), table)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="strings need TensorFlow")
def test_it_says_what_a_feature_space_of_keras_says():
    random = np.random.default_rng(3)
    numbers = random.normal(50, 7, 100).astype(np.float32)
    names = random.choice(["a", "b", "b", "c"], 100)
    space = keras.utils.FeatureSpace({"n": "float_normalized", "s": "string_categorical"})
    space.adapt({"n": numbers, "s": names})
    theirs = np.array(space({"n": numbers, "s": names}))
    order = ["abc".index(str(one)) for one in space.preprocessors["s"].get_vocabulary()[1:]]

    table = {"n": numbers, "s": np.array(["abc".index(one) for one in names], np.float32)}
    ours = encoded(fitted(table, {"n": "float_normalized", "s": "categorical"}), table)

    assert ours[:, 0] == pytest.approx(theirs[:, 0], abs=1e-5)
    assert np.array_equal(ours[:, 2:5][:, order], theirs[:, 2:])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="LiteRT needs TensorFlow")
def test_it_becomes_litert_with_built_in_operators_alone(table, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    layer = fitted(table)
    inputs = {name: keras.Input((), batch_size=1, name=name) for name in table}
    made = keras.Model(inputs, layer(inputs))

    made.export(tmp_path / "model.tflite", format="litert", verbose=False)

    run = Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()
    for row in range(20):
        (found,) = run(**part(table, slice(row, row + 1))).values()
        assert found == pytest.approx(encoded(layer, part(table, slice(row, row + 1))), abs=1e-5)
