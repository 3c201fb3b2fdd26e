"""An MLflow model of a table takes the table as it is read from a file."""

import io

import keras
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from components.base.files import read_json
from components.data.dataset import Split
from components.data.features.feature import TableColumn
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from components.fitting import pyfunc, pyfunc_code
from components.layers.feature_space import FeatureSpace

SEX = Value("string", categories=("1", "2"))
SCHEMA = Schema({"age": Value(missing=True), "sex": SEX, "target": Value()}, ("target",))
ROWS = {
    "age": np.array([20, 60, np.nan], np.float32),
    "sex": Values(["1", "2", "2"]),
    "target": np.zeros(3, np.float32),
}


@pytest.fixture(scope="module")
def examples():
    return Split(SCHEMA, ROWS)


@pytest.fixture(scope="module")
def model():
    """Says age in deviations, its gap, and the sex one-hot."""
    layer = FeatureSpace({"age": "float_normalized", "sex": "categorical"})
    layer.adapt([{"age": np.array([30.0, 50]), "sex": np.array([0, 1])}])
    inputs = {name: keras.Input((), name=name) for name in ("age", "sex")}
    return keras.Model(inputs, layer(inputs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, examples, model):
    path = tmp_path_factory.mktemp("pyfunc") / "model"
    pyfunc.save(model, examples, model.output_shape[1:], path)
    return path


@pytest.fixture(scope="module")
def loaded(folder):
    return mlflow.pyfunc.load_model(str(folder))


def test_a_table_has_its_own_columns(loaded, folder):
    found = loaded.predict(pd.DataFrame({"sex": ["1", "2", "2"], "age": [20.0, 60.0, np.nan]}))

    assert found.tolist() == [[-2, 0, 1, 0, 0], [2, 0, 0, 1, 0], [0, 1, 0, 1, 0]]
    assert found.dtype == np.float32
    assert read_json(folder / "artifacts/predictor/columns.json") == {
        "age": None,
        "sex": ["1", "2"],
    }


def test_what_is_missing_or_unknown_is_encoded_as_such(loaded):
    table = pd.DataFrame({"age": [40.0, np.nan, 40.0], "sex": ["3", "1", None]})

    assert loaded.predict(table).tolist() == [[0, 0, 0, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 0, 1]]


def test_whole_numbers_are_taken_as_pandas_reads_them(loaded):
    table = pd.read_csv(io.StringIO("age,sex\n20,1\n60,2\n"))

    assert loaded.predict(table).tolist() == [[-2, 0, 1, 0, 0], [2, 0, 0, 1, 0]]


def test_categories_that_pandas_makes_floats_of_are_still_known(loaded):
    table = pd.read_csv(io.StringIO("age,sex\n20,1\n60,2\n40,\n"))

    found = loaded.predict(table)

    assert table["sex"].dtype == np.float64
    assert found.tolist() == [[-2, 0, 1, 0, 0], [2, 0, 0, 1, 0], [0, 0, 0, 0, 1]]


def test_a_single_row_may_have_nothing_but_gaps(loaded):
    found = loaded.predict(pd.DataFrame({"age": [None], "sex": [None]}))

    assert found.tolist() == [[0, 1, 0, 0, 1]]


def test_a_column_that_is_not_given_is_named(loaded):
    with pytest.raises(MlflowException) as caught:
        loaded.predict(pd.DataFrame({"age": [20.0]}))

    assert str(caught.value).endswith(". Error: Model is missing inputs ['sex'].")


def test_many_rows_are_answered_in_their_order(loaded, monkeypatch):
    ages = np.arange(3.0 * pyfunc_code.BATCH)

    found = loaded.predict(pd.DataFrame({"age": ages, "sex": ["2"] * len(ages)}))

    assert found[:, 0] == pytest.approx((ages - 40) / 10, rel=1e-5)


def test_the_signature_names_the_columns(loaded):
    taken = loaded.metadata.signature

    assert str(taken.inputs) == "['age': Any (required), 'sex': Any (required)]"
    assert str(taken.outputs) == "[Tensor('float32', (-1, 5))]"
    assert loaded.input_example.to_dict("list")["sex"] == ["1", "2", "2"]


def test_it_says_what_it_needs(folder):
    needed = (folder / "requirements.txt").read_text().split()

    assert {one.partition("==")[0] for one in needed} == {
        "mlflow",
        "numpy",
        "pandas",
        "tensorflow",
    }


@pytest.mark.parametrize("value", [None, float("nan"), "", "red", 3, 3.0, 2.5, True, "3.0"])
def test_a_category_is_read_as_the_dataset_reads_it(value):
    column = TableColumn("sex", [value], None, None, "", 1)

    _, rows = Value("string").gather(column)

    place = pyfunc_code._column([value], [rows[:][0]])
    assert np.isnan(place).all() if rows[:][0] == "" else place == [0]


@pytest.mark.parametrize("value", ["1_0", "ten"])
def test_a_number_that_the_dataset_refuses_is_refused(value):
    with pytest.raises(ValueError, match=rf"^could not convert string to float: '{value}'$"):
        pyfunc_code._column([value], None)


@pytest.mark.parametrize(
    ("value", "known", "place"),
    [
        (1.0, ["1.0", "2.0"], 0),  # as pandas reads `1.0` from a file without being told
        (2, ["01", "02"], 1),
        (np.int64(2), ["01", "02"], 1),
        (1, ["1", "1.0"], 0),
        (1, ["01", "1.0"], np.nan),  # either could be meant
        ("1", ["1.0"], np.nan),
        (True, ["1"], np.nan),
        (10, ["1_0"], np.nan),
        (pd.NA, ["1"], np.nan),
    ],
)
def test_a_number_is_the_category_that_is_written_in_another_way(value, known, place):
    found = pyfunc_code._column([value], known)

    assert found == [place] or np.isnan([*found, place]).all()


def test_gaps_are_those_of_a_file_however_pandas_has_them(loaded):
    ages = pd.array([None, 60], "Int64")
    texts = pd.array([None, "2"], "string")

    found = loaded.predict(pd.DataFrame({"age": ages, "sex": texts}))
    written = loaded.predict(pd.DataFrame({"age": ["", "60"], "sex": ["", "2"]}))

    assert found.tolist() == written.tolist() == [[0, 1, 0, 0, 1], [2, 0, 0, 1, 0]]


def test_no_rows_have_no_answers(loaded):
    assert loaded.predict(pd.DataFrame({"age": [], "sex": []})).shape == (0, 5)
