"""Tables: CSV, Parquet, JSON lines, and data sets of the Hub."""

import datetime as dt
import io
import json
import os

import datasets
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet as pq
from pydantic import ValidationError

from components.base.errors import Mistakes, Stop
from components.config.ingest import Split
from components.data.features.value import Value
from components.ingest.sources.huggingface import HuggingFace
from components.ingest.sources.huggingface import read as hub_read
from components.ingest.sources.table import Table
from components.ingest.splitting import by_group
from components.ingest.stage import few


def png(value):
    buffer = io.BytesIO()
    Image.new("L", (3, 2), value).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Six images beside a CSV of their paths, labels, patients and splits."""
    lines = ["image,label,patient,part"]
    for number in range(6):
        (tmp_path / f"{number}.png").write_bytes(png(number))
        part = ("train", "train", "train", "train", "val", "test")[number]
        lines.append(f"{number}.png,{'cat' if number % 2 else 'ant'},p{number // 2},{part}")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def config(**changes):
    return Table(**{"source": "table", "file": "labels.csv", **changes})


def parquet(path, **columns):
    datasets.Dataset.from_dict(columns).to_parquet(path)


def classes(found):
    return found.schema.target.classes


def labels(found):
    """The label of each row in words."""
    return [found.schema.target.text(label) for label in found.columns["label"]]


def test_a_csv_names_images_and_labels(folder):
    found = config().listing(folder)

    assert classes(found) == ("ant", "cat")
    assert found.columns["label"].tolist() == [0, 1] * 3
    assert found.names == [f"{number}.png" for number in range(6)]
    assert found.columns["image"][3] == png(3)


def test_groups_and_splits_are_columns(folder):
    grouped = config(split=Split(by="group", group="patient")).listing(folder)
    given = config(split=Split(by="given"), split_column="part").listing(folder)

    assert grouped.groups.tolist() == ["p0", "p0", "p1", "p1", "p2", "p2"]
    assert given.given.tolist() == ["train"] * 4 + ["validation", "test"]


def test_a_parquet_file_holds_the_images(folder):
    parquet(folder / "all.parquet", picture=[png(n) for n in range(6)], kind=[0, 1, 2, 0, 1, 2])

    found = config(file="all.parquet", columns={"picture": "Image", "kind": "ClassLabel"}).listing(
        folder
    )

    assert classes(found) == ("0", "1", "2")
    assert found.columns["picture"][np.array([5, 0])] == [png(5), png(0)]
    assert found.names[4] == "row 4"
    assert few(found, np.arange(6)).schema.input.shape == (2, 3, 1)


def test_a_pattern_reads_several_files_in_their_order(folder):
    for part in range(2):
        images = [png(10 * part + n) for n in range(3)]
        parquet(folder / f"part-{part}.parquet", image=images, label=["a", "b", "a"])

    found = config(file="part-*.parquet").listing(folder)

    assert [found.columns["image"][row] for row in (0, 5)] == [png(0), png(12)]


def test_columns_that_there_are_not_are_named_at_once(folder):
    with pytest.raises(Mistakes) as caught:
        config(columns={"imag": "Image", "kind": "ClassLabel"}).listing(folder)

    assert [(one.location, one.message) for one in caught.value.problems] == [
        (("ingest", "columns", "imag"), "no column 'imag' in labels.csv; did you mean 'image'?"),
        (
            ("ingest", "columns", "kind"),
            "no column 'kind' in labels.csv; there are image, label, patient, part",
        ),
    ]


def test_images_that_are_missing_are_named(folder):
    (folder / "2.png").unlink()
    (folder / "5.png").unlink()

    with pytest.raises(Stop) as caught:
        config().listing(folder)

    assert str(caught.value) == (
        f"ingest.columns.image: 2 of 6 files are not in {folder}: 2.png, 5.png"
    )


def test_a_path_that_leaves_the_folder_is_refused(folder):
    (folder / "labels.csv").write_text("image,label\n../secret.png,a\n0.png,b\n")

    with pytest.raises(Stop) as caught:
        config().listing(folder)

    assert str(caught.value) == (
        f"ingest.columns.image: 1 paths leave {folder}, such as ../secret.png"
    )


def test_rows_without_a_label_are_named(folder):
    (folder / "labels.csv").write_text("image,label\n0.png,a\n1.png,\n2.png,b\n")

    with pytest.raises(Stop) as caught:
        config().listing(folder)

    assert str(caught.value) == (
        "ingest.columns.label: 1 rows have no value: labels.csv:3; remove them, or fill them in"
    )


def labelled(folder, *labels):
    """The listing of a CSV with these labels."""
    rows = [f"{number}.png,{label}" for number, label in enumerate(labels)]
    (folder / "labels.csv").write_text("\n".join(["image,label", *rows]) + "\n")
    return config().listing(folder)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (("01", "1", "001"), ("001", "01", "1")),
        (("1.0", "1", "1.50"), ("1", "1.0", "1.50")),
        (("None", "NA", "nan", "null"), ("NA", "None", "nan", "null")),
        (("TRUE", "True", "false"), ("TRUE", "True", "false")),
        (("1e3", "1000", "+5"), ("+5", "1000", "1e3")),
        (("-0", "0"), ("-0", "0")),
        (("cat", "10", "9"), ("10", "9", "cat")),
        (("1" * 22 + "2", "1" * 23), ("1" * 23, "1" * 22 + "2")),
    ],
)
def test_a_label_of_a_csv_is_what_is_written_there(folder, written, expected):
    found = labelled(folder, *written)

    assert classes(found) == expected
    assert labels(found) == list(written)


def test_whole_numbers_are_in_the_order_of_numbers(folder):
    assert classes(labelled(folder, "10", "9", "-3", "0", "9")) == ("-3", "0", "9", "10")
    assert classes(labelled(folder, "9" * 23, "10", "-1")) == ("-1", "10", "9" * 23)
    assert classes(labelled(folder, "10", "9", "09")) == ("09", "10", "9")


def test_a_column_of_text_in_a_parquet_file_keeps_its_order(folder):
    parquet(folder / "all.parquet", image=["0.png", "1.png"], label=["9", "10"])

    assert classes(config(file="all.parquet").listing(folder)) == ("10", "9")


def grouped(folder, *groups):
    """The groups that are read from a CSV with these."""
    rows = [f"{number % 6}.png,a,{one}" for number, one in enumerate(groups)]
    (folder / "labels.csv").write_text("\n".join(["image,label,patient", *rows]) + "\n")
    return config(split=Split(by="group", group="patient")).listing(folder).groups


def test_groups_of_a_csv_are_what_is_written_there(folder):
    ids = ["01", "1", "NA", "90071992547409931234567", "90071992547409931234568", "None"]

    assert grouped(folder, *ids).tolist() == ids
    assert grouped(folder, 2**63, 10, -1).tolist() == [2**63, 10, -1]


def test_groups_that_are_numbers_are_dealt_out_in_their_order(folder):
    ids, shares = [*range(7, 14), *range(7, 14)], Split().shares

    found = by_group(grouped(folder, *ids), shares, 3)

    expected = by_group(np.array(ids), shares, 3)
    assert {name: rows.tolist() for name, rows in found.items()} == {
        name: rows.tolist() for name, rows in expected.items()
    }


def test_paths_of_a_csv_are_what_is_written_there(folder):
    names = ["007", "NA", "1.0", "None"]
    for number, name in enumerate(names):
        (folder / name).write_bytes(png(number))
    rows = [f"{name},{name}" for name in names]
    (folder / "labels.csv").write_text("\n".join(["image,label", *rows]) + "\n")

    found = config().listing(folder)

    assert found.names == names
    assert found.columns["image"][0] == png(0)


def test_empty_cells_are_named(folder):
    (folder / "None").write_bytes(png(0))
    (folder / "labels.csv").write_text("image,label,patient\n0.png,a,p\n1.png,b,\nNone,b,p\n")

    with pytest.raises(Stop) as caught:
        config(split=Split(by="group", group="patient")).listing(folder)
    assert str(caught.value) == (
        "ingest.split.group: 1 rows have no value: labels.csv:3; remove them, or fill them in"
    )

    (folder / "labels.csv").write_text('image,label\n0.png,a\n1.png,b\n"",b\n')
    with pytest.raises(Stop) as caught:
        config().listing(folder)
    assert str(caught.value) == (
        "ingest.columns.image: 1 rows have no value: labels.csv:4; remove them, or fill them in"
    )


@pytest.mark.parametrize(
    ("file", "text"), [("labels.csv", "image,label\n"), ("labels.jsonl", "\n")]
)
def test_a_table_without_rows_is_refused(folder, file, text):
    (folder / file).write_text(text)

    with pytest.raises(Stop) as caught:
        config(file=file).listing(folder)

    assert str(caught.value) == f"{folder}/{file}: has no rows"


def test_several_csv_files_are_one_table(folder):
    (folder / "part-0.csv").write_text("image,label\n0.png,1\n1.png,2\n")
    (folder / "part-1.csv").write_text("image,label\n2.png,01\n3.png,NA\n")

    found = config(file="part-*.csv").listing(folder)

    assert found.names == ["0.png", "1.png", "2.png", "3.png"]
    assert labels(found) == ["1", "2", "01", "NA"]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("x,t,y\n1,you,a\n", "x,T,y\n2,,b\n", "p2.csv: no column 't', which p1.csv has"),
        ("x,T,y\n1,you,a\n", "x,t,y\n2,,b\n", "p1.csv: no column 't', which p2.csv has"),
    ],
)
def test_a_csv_that_lacks_a_column_of_the_others_is_refused(folder, first, second, message):
    (folder / "p1.csv").write_text(first)
    (folder / "p2.csv").write_text(second)
    columns = {"x": "Value", "t": "Text", "y": "ClassLabel"}

    with pytest.raises(Stop) as caught:
        config(file="p*.csv", columns=columns).listing(folder)

    assert str(caught.value) == f"{folder}/{message}; there are x, T, y"


def test_labels_that_are_fractions_are_refused(folder):
    parquet(folder / "all.parquet", image=["0.png", "1.png"], label=[0.5, 1.5])

    with pytest.raises(Stop, match=r"^ingest\.columns\.label: it holds fractions; labels are "):
        config(file="all.parquet").listing(folder)


def test_labels_that_are_lists_are_refused(folder):
    written(folder / "a.jsonl", {"image": "0.png", "label": ["a"]})

    with pytest.raises(Stop) as caught:
        config(file="a.jsonl").listing(folder)

    assert str(caught.value) == (
        "ingest.columns.label: it holds lists; labels are text or whole numbers"
    )


def test_a_split_of_another_name_is_a_mistake(folder):
    with pytest.raises(Mistakes) as caught:
        config(split=Split(by="given"), split_column="patient").listing(folder)

    (problem,) = caught.value.problems
    assert problem.message == "holds p0, p1, p2; it must say train, validation or test"


def test_a_file_that_is_no_table_is_named(folder):
    (folder / "bad.parquet").write_text("not parquet")

    with pytest.raises(Stop) as caught:
        config(file="bad.parquet").listing(folder)

    assert str(caught.value).startswith(f"{folder}/bad.parquet: cannot be read: ")
    with pytest.raises(ValidationError, match=r"0\.png is neither \.csv, \.parquet nor \.jsonl"):
        config(file="0.png")


def test_an_empty_cell_is_an_empty_file(folder):
    parquet(folder / "all.parquet", image=[png(1), None], label=["a", "b"])

    assert config(file="all.parquet").listing(folder).columns["image"][1] == b""


def test_a_cell_may_say_where_its_image_is(folder):
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
    cells = [{"bytes": None, "path": str(folder / "1.png")}, {"bytes": png(2), "path": "gone.png"}]
    table = datasets.Dataset.from_dict({"image": cells, "label": ["a", "b"]}, features=features)
    table.to_parquet(str(folder / "all.parquet"))

    found = config(file="all.parquet").listing(folder)

    assert found.columns["image"][0] == (folder / "1.png").read_bytes()
    assert found.columns["image"][1] == png(2)


FLATS = {"rooms": "Value", "street": {"Value": {"dtype": "string"}}, "price": "Value"}


@pytest.fixture
def flats(tmp_path):
    """Four flats, of which one has no number of rooms, as CSV, as JSON lines and as Parquet."""
    rows = [(2, "Elm", 100.5), (3, "Oak", 200), (None, "Elm", 50), (12, "01", 900)]
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    (tmp_path / "flats.csv").write_text("\n".join(["rooms,street,price", *lines]) + "\n")
    written(tmp_path / "flats.jsonl", *(dict(zip(FLATS, row, strict=True)) for row in rows))
    columns = dict(zip(FLATS, zip(*rows, strict=True), strict=True))
    parquet(tmp_path / "flats.parquet", **columns)
    return tmp_path


def written(path, *rows):
    """Writes JSON lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_number_is_learned_from_several_columns(flats, ending):
    found = config(file=f"flats.{ending}", columns=FLATS).listing(flats)

    assert found.schema.inputs == ("rooms", "street")
    assert found.schema.targets == ("price",)
    assert found.schema.target == Value("float32")
    assert np.array_equal(found.columns["rooms"], [2, 3, np.nan, 12], equal_nan=True)
    assert list(found.columns["street"]) == ["Elm", "Oak", "Elm", "01"]
    assert found.columns["price"].tolist() == [100.5, 200, 50, 900]
    assert found.names == ["row 0", "row 1", "row 2", "row 3"]


def test_the_target_may_be_any_of_the_columns(flats):
    found = config(file="flats.csv", columns=FLATS, targets=("street",)).listing(flats)

    assert found.schema.inputs == ("rooms", "price")
    assert found.schema.targets == ("street",)


def test_a_target_that_the_table_does_not_have_is_a_mistake(flats):
    with pytest.raises(Mistakes) as caught:
        config(file="flats.csv", columns={"rooms": "Value", "prise": "Value"}).listing(flats)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "columns", "prise")
    assert problem.message == "no column 'prise' in flats.csv; did you mean 'price'?"


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (("cost",), "cost is not among the columns; there are rooms, street, price"),
        (tuple(FLATS), "leaves no column to learn from"),
    ],
)
def test_targets_that_leave_nothing_to_learn_are_a_mistake(targets, message):
    with pytest.raises(ValidationError) as caught:
        config(file="flats.csv", columns=FLATS, targets=targets)

    (error,) = caught.value.errors()
    assert error["ctx"]["inside"] == ("targets",)
    assert error["msg"] == message


def test_a_vector_of_numbers_is_one_value(tmp_path):
    written(tmp_path / "a.jsonl", {"at": [1, 2.5], "label": "x"}, {"at": [3, 4], "label": "y"})

    found = config(file="a.jsonl", columns={"at": "Value", "label": "ClassLabel"}).listing(tmp_path)

    assert found.schema.input == Value("float32", (2,))
    assert found.columns["at"].tolist() == [[1, 2.5], [3, 4]]


def test_vectors_of_several_lengths_are_refused(tmp_path):
    written(tmp_path / "a.jsonl", {"at": [1, 2], "label": 0}, {"at": [1, 2, 3], "label": 1})

    with pytest.raises(Stop) as caught:
        config(file="a.jsonl", columns={"at": "Value", "label": "ClassLabel"}).listing(tmp_path)

    assert str(caught.value) == "ingest.columns.at: its values have several lengths: 2 and 3"


def test_lines_of_json_are_what_is_written_there(folder):
    names = ["2020-01-01", "01", "1", "NA", "true", "1e3"]
    rows = [{"image": f"{number}.png", "label": name} for number, name in enumerate(names)]
    written(folder / "all.jsonl", *rows)

    found = config(file="all.jsonl").listing(folder)

    assert labels(found) == names
    assert found.columns["image"][2] == png(2)


def test_a_key_that_a_line_of_json_lacks_is_a_value_that_is_missing(folder):
    written(folder / "all.jsonl", {"image": "0.png", "label": "a"}, {"image": "1.png"})

    with pytest.raises(Stop) as caught:
        config(file="all.jsonl").listing(folder)

    assert str(caught.value) == (
        "ingest.columns.label: 1 rows have no value: row 1; remove them, or fill them in"
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"image": "1.png", "label": }', "not JSON: Expecting value"),
        ('["1.png", "a"]', 'not an object, such as {"label": "cat"}'),
    ],
)
def test_a_line_that_is_no_json_is_named(folder, line, message):
    (folder / "all.jsonl").write_text(f'{{"image": "0.png", "label": "a"}}\n\n{line}\n')

    with pytest.raises(Stop) as caught:
        config(file="all.jsonl").listing(folder)

    assert str(caught.value) == f"{folder}/all.jsonl:3: {message}"


SIZES = {"size": "Value", "label": "ClassLabel"}


def test_a_number_of_a_csv_that_becomes_text_is_named(folder):
    sizes = ["1", "2.5", "", "n/a", "1_0", "1,5"]
    lines = [f'"{size}",{number % 2}' for number, size in enumerate(sizes)]
    (folder / "sizes.csv").write_text("\n".join(["size,label", *lines]) + "\n")

    with pytest.raises(Stop) as caught:
        config(file="sizes.csv", columns=SIZES).listing(folder)

    assert str(caught.value) == (
        "ingest.columns.size: 3 of 6 are no numbers (sizes.csv:5: 'n/a', sizes.csv:6: '1_0', "
        "sizes.csv:7: '1,5'); mend them, or declare the column as {Value: {dtype: string}}"
    )


def test_every_column_of_several_files_is_named_with_file_and_line(folder):
    (folder / "part-0.csv").write_text("a,b,label\n1,2,x\n\n3,4,y\n")
    (folder / "part-1.csv").write_text('a,b,label\n1,2,"x\ny"\n5,no,x\n?,6,y\n')
    columns = {"a": "Value", "b": "Value", "label": "ClassLabel"}

    with pytest.raises(Stop) as caught:
        config(file="part-*.csv", columns=columns).listing(folder)

    what = "mend them, or declare the column as {Value: {dtype: string}}"
    assert str(caught.value).splitlines() == [
        f"ingest.columns.a: 1 of 5 are no numbers (part-1.csv:5: '?'); {what}",
        f"ingest.columns.b: 1 of 5 are no numbers (part-1.csv:4: 'no'); {what}",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("b,y\n0,1,0\n1,3,7\n", "t.csv:2: 3 values; the header has 2 columns"),
        ("b,y\n0,1,\n1,3,7\n", "t.csv:3: 3 values; the header has 2 columns"),
        ("b,y,y\n0,1,0\n", "t.csv:1: two columns have the name 'y'"),
        ("\ufeffb,y,b\n0,1,0\n", "t.csv:1: two columns have the name 'b'"),
        ("\n\nb,y,b\n0,1,0\n", "t.csv:3: two columns have the name 'b'"),
    ],
)
def test_a_csv_whose_columns_would_be_mistaken_is_refused(folder, text, message):
    (folder / "t.csv").write_text(text, encoding="utf-8")

    with pytest.raises(Stop) as caught:
        config(file="t.csv", columns={"b": "Value", "y": "Value"}).listing(folder)

    assert str(caught.value) == f"{folder}/{message}"


def test_a_comma_at_the_end_of_each_line_is_no_value(folder):
    (folder / "t.csv").write_text("b,y\n0,1,\n2,3,\n")

    found = config(file="t.csv", columns={"b": "Value", "y": "Value"}).listing(folder)

    assert [found.columns[name].tolist() for name in "by"] == [[0, 2], [1, 3]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"b": 1, "y": 2, "b": 3}', "two columns have the name 'b'"),
        ("[" * 100_000, "nested too deeply"),
        ('{"b": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_a_line_of_json_that_would_be_mistaken_is_refused(folder, line, message):
    (folder / "t.jsonl").write_text('{"b": 1, "y": 2}\n' + line + "\n")

    with pytest.raises(Stop) as caught:
        config(file="t.jsonl", columns={"b": "Value", "y": "Value"}).listing(folder)

    assert str(caught.value) == f"{folder}/t.jsonl:2: {message}"


def test_empty_lists_are_no_values(folder):
    (folder / "t.jsonl").write_text('{"b": [], "y": 2}\n{"b": [], "y": 2}\n')

    with pytest.raises(Stop, match=r"^ingest\.columns\.b: its values are empty lists$"):
        config(file="t.jsonl", columns={"b": "Value", "y": "Value"}).listing(folder)


def test_a_column_of_parquet_that_nobody_reads_may_be_of_any_type(folder):
    table = pa.table(
        {
            "b": [1.0, 2.0],
            "y": [3.0, 4.0],
            "more": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())),
        }
    )
    pq.write_table(table, folder / "t.parquet")

    found = config(file="t.parquet", columns={"b": "Value", "y": "Value"}).listing(folder)

    assert found.columns["y"].tolist() == [3, 4]
    with pytest.raises(Mistakes) as caught:
        config(file="t.parquet", columns={"b": "Value", "z": "Value"}).listing(folder)
    assert [one.message for one in caught.value.problems] == [
        "no column 'z' in t.parquet; there are b, y, more"
    ]


def test_two_columns_of_parquet_of_one_name_are_refused(folder):
    table = pa.Table.from_arrays([pa.array([1.0]), pa.array([2.0])], ["b", "b"])
    pq.write_table(table, folder / "t.parquet")

    with pytest.raises(Stop, match=r"t\.parquet: two columns have the name 'b'$"):
        config(file="t.parquet", columns={"b": "Value"}).listing(folder)


def test_a_pattern_that_means_nothing_is_named(folder):
    with pytest.raises(Mistakes) as caught:
        config(file="a**.csv").listing(folder)

    (one,) = caught.value.problems
    assert one.location == ("ingest", "file")
    assert one.message.startswith("a**.csv: Invalid pattern")


def test_labels_of_a_csv_that_become_text_are_text_from_the_beginning(folder):
    (folder / "part-0.csv").write_text("size,label\n1,10\n2,9\n")
    (folder / "part-1.csv").write_text("size,label\n1,010\n2,cat\n")

    found = config(file="part-*.csv", columns=SIZES).listing(folder)

    assert classes(found) == ("010", "10", "9", "cat")
    assert labels(found) == ["10", "9", "010", "cat"]


@pytest.mark.parametrize(
    ("first", "then", "before", "after"),
    [
        (1, "01", "numbers", "text"),
        ("cat", 1, "text", "numbers"),
        (True, "true", "true or false", "text"),
        (1, True, "numbers", "true or false"),
        (1, [1], "numbers", "lists"),
    ],
)
def test_a_column_that_changes_its_type_in_lines_of_json_is_refused(
    folder, first, then, before, after
):
    rows = [{"size": 1, "label": first}, {"size": 2, "label": None}, {"size": 3, "label": then}]
    written(folder / "sizes.jsonl", *rows)
    written(folder / "part-0.jsonl", rows[0])
    written(folder / "part-1.jsonl", *rows[1:])

    for file, place, other in (
        ("sizes.jsonl", "sizes.jsonl:3", "sizes.jsonl:1"),
        ("part-*.jsonl", "part-1.jsonl:2", "part-0.jsonl:1"),
    ):
        with pytest.raises(Stop) as caught:
            config(file=file, columns=SIZES).listing(folder)
        assert str(caught.value) == (
            f"{folder}/{place}: column 'label' holds {after}; in {other} it holds {before}"
        )


def test_a_column_that_changes_its_type_in_lines_of_json_is_no_matter_where_nobody_reads_it(folder):
    written(folder / "a.jsonl", {"size": 1, "label": 0, "x": 1}, {"size": 2, "label": 1, "x": "y"})

    assert labels(config(file="a.jsonl", columns=SIZES).listing(folder)) == ["0", "1"]


def test_whole_numbers_and_fractions_are_numbers_in_lines_of_json(folder):
    written(folder / "sizes.jsonl", {"size": 1, "label": "a"}, {"size": 1.5, "label": "b"})

    found = config(file="sizes.jsonl", columns=SIZES).listing(folder)

    assert found.columns["size"].tolist() == [1, 1.5]


@pytest.mark.parametrize(
    ("first", "then", "before", "after"),
    [
        ([1, 2], ["01", "2"], "numbers", "text"),
        (["a", "01"], [1, 2], "text", "numbers"),
        ([True, False], [1, 2], "true or false", "numbers"),
        ([[1], [2]], [["1"], ["2"]], "lists of numbers", "lists of text"),
    ],
)
def test_a_column_that_changes_its_type_between_parquet_files_is_refused(
    folder, first, then, before, after
):
    parquet(folder / "part-0.parquet", size=[1, 2], label=first)
    parquet(folder / "part-1.parquet", size=[1.5, 2.5], label=then)

    with pytest.raises(Stop) as caught:
        config(file="part-*.parquet", columns=SIZES).listing(folder)

    assert str(caught.value) == (
        f"{folder}/part-1.parquet: column 'label' holds {after}; "
        f"in part-0.parquet it holds {before}"
    )


def test_fractions_after_whole_numbers_in_parquet_files_are_never_cut_off(folder):
    parquet(folder / "part-0.parquet", size=[1, 2], label=[0, 1])
    parquet(folder / "part-1.parquet", size=[1.5, 2.5], label=[0, 1])

    with pytest.raises(Stop, match=r"cannot be read: Float value 1\.5\d* was truncated"):
        config(file="part-*.parquet", columns=SIZES).listing(folder)


@pytest.mark.parametrize(
    ("dtype", "size"), [("int32", "1.5"), ("uint8", "256"), ("uint8", "-1"), ("int32", "")]
)
def test_a_number_that_its_type_would_make_another_one_of_is_refused(folder, dtype, size):
    (folder / "sizes.csv").write_text(f"size,label\n1,a\n{size},b\n")
    columns = {"size": {"Value": {"dtype": dtype}}, "label": "ClassLabel"}

    with pytest.raises(Stop) as caught:
        config(file="sizes.csv", columns=columns).listing(folder)

    shown = repr(size) if size else "None"
    assert str(caught.value) == f"ingest.columns.size: sizes.csv:3: {shown} is no {dtype}"


def test_a_type_that_there_is_not_is_a_mistake_of_the_column(folder):
    columns = {"label": {"Value": {"dtype": "flaot32"}}, "patient": "ClassLabel"}

    with pytest.raises(Mistakes) as caught:
        config(columns=columns).listing(folder)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "columns", "label", "Value")
    assert problem.message == "data type 'flaot32' not understood"


def timed(folder, *times):
    """The order in which the rows of a CSV, with these times, are dealt out."""
    rows = [f"{number},{number % 2},{time}" for number, time in enumerate(times)]
    (folder / "times.csv").write_text("\n".join(["size,label,when", *rows]) + "\n")
    section = config(file="times.csv", columns=SIZES, split=Split(by="time", time="when"))
    return np.argsort(section.listing(folder).times, kind="stable").tolist()


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(("9", "10", "11"), id="whole numbers"),
        pytest.param(("-1", "9.5", "10.25"), id="fractions"),
        pytest.param(
            ("1700000000000000001", "1700000000000000002", "1700000000000000010"), id="ns"
        ),
        pytest.param(("2025-12-31", "2026-01-01", "2026-01-02"), id="dates"),
        pytest.param(
            ("2026-01-01T10:30+05:00", "2026-01-01T06:00Z", "2026-01-01T07:00"), id="time zones"
        ),
        pytest.param(("2026-01-01", "2026-01-01 00:00:01", "2026-01-01T00:00:02"), id="parts"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_times_have_the_order_of_what_they_mean(folder, times, order):
    places = timed(folder, *(times[place] for place in order))

    assert [order[place] for place in places] == [0, 1, 2]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (("1", "", "2"), "1 rows have no value: times.csv:3; remove them, or fill them in"),
        (("1", "nan", "2"), "column 'when' is no number in row 1"),
        (
            ("2026-01-01", "nan", "2026-01-02"),
            "column 'when' holds 'nan'; all must be numbers, or all dates such as 2026-01-31",
        ),
        (
            ("2026-01-01", "Monday", "2026-01-02"),
            "column 'when' holds 'Monday'; all must be numbers, or all dates such as 2026-01-31",
        ),
    ],
)
def test_times_that_have_no_order_are_refused(folder, times, message):
    with pytest.raises(Stop) as caught:
        timed(folder, *times)

    assert str(caught.value) == f"ingest.split.time: {message}"


def test_a_column_of_times_that_there_is_not_is_a_mistake(folder):
    with pytest.raises(Mistakes) as caught:
        config(split=Split(by="time", time="took")).listing(folder)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "split", "time")
    assert problem.message == (
        "no column 'took' in labels.csv; there are image, label, patient, part"
    )


def test_times_of_lines_of_json_and_of_parquet_have_the_same_order(folder):
    days = [dt.date(2026, 1, day) for day in (10, 9, 11)]
    parquet(folder / "a.parquet", size=[1, 2, 3], label=["a", "b", "a"], when=days)
    rows = [{"size": 1, "label": "a", "when": day.isoformat()} for day in days]
    written(folder / "a.jsonl", *rows)

    for file in ("a.parquet", "a.jsonl"):
        section = config(file=file, columns=SIZES, split=Split(by="time", time="when"))
        assert np.argsort(section.listing(folder).times).tolist() == [1, 0, 2]


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A data set by name, without the network: a folder of that name in the working directory."""
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "someone" / "pets" / "data"
    data.mkdir(parents=True)
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])}
    )
    for name, count in (("train", 6), ("test", 2)):
        rows = {"image": [{"bytes": png(n)} for n in range(count)], "label": [0, 1] * (count // 2)}
        table = datasets.Dataset.from_dict(rows, features=features)
        table.to_parquet(data / f"{name}-00000-of-00001.parquet")
    return tmp_path


def test_a_data_set_of_the_hub_is_read_by_its_name(hub):
    config = HuggingFace(source="huggingface", dataset="someone/pets", split=Split(by="given"))

    found = config.listing(hub)

    assert classes(found) == ("cat", "dog")
    assert found.given.tolist() == ["train"] * 6 + ["test"] * 2
    assert found.columns["image"][7] == png(1)
    assert found.columns["image"].select(np.array([2, 3]))[np.array([1])] == [png(3)]


def test_a_data_set_of_the_hub_without_splits_is_refused(hub, monkeypatch):
    table = datasets.Dataset.from_dict({"image": [b""], "label": [0]})
    monkeypatch.setattr(hub_read, "load_dataset", lambda *_, **__: datasets.DatasetDict(full=table))

    with pytest.raises(Stop) as caught:
        HuggingFace(source="huggingface", dataset="someone/pets").listing(hub)

    assert str(caught.value) == (
        "ingest: data set someone/pets: no split is called train, validation or test; there are "
        "full; another name: of it may have some"
    )


def test_rows_of_the_hub_without_a_label_are_named(hub):
    path = hub / "someone/pets/data/train-00000-of-00001.parquet"
    table = datasets.Dataset.from_parquet(str(path))
    rows = {**table.to_dict(), "label": [0, -1, 1, 0, -1, 1]}
    datasets.Dataset.from_dict(rows, features=table.features).to_parquet(str(path))

    with pytest.raises(Stop) as caught:
        HuggingFace(source="huggingface", dataset="someone/pets").listing(hub)

    assert str(caught.value) == (
        "ingest.columns.label: 2 rows have no value: row 1, row 4; remove them, or fill them in"
    )


def test_whole_numbers_below_nought_are_labels_like_any_other(folder):
    (folder / "labels.csv").write_text("image,label\n0.png,-1\n1.png,1\n2.png,-1\n")

    found = config().listing(folder)

    assert classes(found) == ("-1", "1")
    assert found.columns["label"].tolist() == [0, 1, 0]


def test_a_data_set_that_there_is_not_is_named(hub, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)

    with pytest.raises(Stop, match=r"^ingest: data set someone/cars cannot be read: "):
        HuggingFace(source="huggingface", dataset="someone/cars").listing(hub)


NOTES = config(file="t.csv", columns={"a": "Value", "y": "Value"})


def noted(folder, notes, end="\n"):
    """A CSV of 12 rows with texts in some of them."""
    rows = [f"{notes.get(row, 'well')},{row},{row % 2}" for row in range(12)]
    path = folder / "t.csv"
    path.write_text(end.join(["note,a,y", *rows]) + end, newline="")
    return path


@pytest.mark.parametrize(
    ("notes", "line"),
    [
        ({3: '"hi', 7: '"hi'}, 5),
        ({3: '"hi'}, 5),
        ({3: '"hi" there'}, 5),
        ({2: '"over\ntwo lines"', 3: '"5" of it'}, 6),
    ],
    ids=["two that open", "one that opens", "text after one", "after a value of two lines"],
)
def test_a_quote_that_hides_rows_is_refused_with_its_line(tmp_path, notes, line):
    path = noted(tmp_path, notes)

    with pytest.raises(Stop) as caught:
        NOTES.listing(tmp_path)

    assert str(caught.value) == (
        f"{path}:{line}: a value begins with a quote, and ends with none before a comma or the end "
        'of a row; close it, or write "" for a quote inside of quotes'
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_that_belong_to_a_value_hide_nothing(tmp_path, end):
    noted(tmp_path, {1: '"a, b"', 2: f'"two{end}lines"', 3: '"say ""no"""', 4: '5" pipe'}, end)

    assert NOTES.listing(tmp_path).columns["a"].tolist() == list(range(12))


def test_a_table_in_utf_16_is_told_so(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,y\n1,2\n".encode("utf-16-le"))

    with pytest.raises(Stop) as caught:
        NOTES.listing(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/t.csv:1: it has a NUL character, as text in UTF-16 has; save it as UTF-8"
    )


def test_a_cell_may_be_of_any_length(tmp_path):
    noted(tmp_path, {1: "n" * 200_000, 2: f'"{"n" * 200_000}"'})

    assert len(NOTES.listing(tmp_path)) == 12


@pytest.mark.parametrize("blanks", ["", " ", " \t "])
def test_a_line_of_blanks_counts_as_a_line_and_is_no_row(tmp_path, blanks):
    (tmp_path / "t.csv").write_text(f"{blanks}\na,y\n1,2\n{blanks}\n3,4\nfive,6\n")

    with pytest.raises(Stop) as caught:
        NOTES.listing(tmp_path)

    assert str(caught.value) == (
        "ingest.columns.a: 1 of 3 are no numbers (t.csv:6: 'five'); mend them, or declare the "
        "column as {Value: {dtype: string}}"
    )


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (str(2**70), "column 'a' holds what no table can: "),
        (r'"\ud800"', "column 'a' holds what no table can: "),
        ("9" * 5000, "it has a number of more digits than can be read"),
    ],
    ids=["more than 64 bits", "half a character", "too many digits"],
)
def test_a_value_of_json_that_no_table_holds_is_named_with_its_line(tmp_path, value, what):
    first = '"b"' if '"' in value else "1"
    (tmp_path / "t.jsonl").write_text(f'{{"a": {first}, "y": 1}}\n\n{{"a": {value}, "y": 2}}\n')

    with pytest.raises(Stop) as caught:
        config(file="t.jsonl", columns={"a": "Value", "y": "Value"}).listing(tmp_path)

    assert str(caught.value).startswith(f"{tmp_path}/t.jsonl:3: {what}")


def test_a_label_of_more_digits_than_python_reads_is_text(tmp_path):
    (tmp_path / "t.csv").write_text(f"a,y\n1,2\n2,{'9' * 5000}\n")

    found = config(file="t.csv", columns={"a": "Value", "y": "ClassLabel"}).listing(tmp_path)

    assert classes(found) == ("2", "9" * 5000)


def test_a_parquet_file_without_rows_is_told_so_or_adds_none(folder):
    columns = {"a": "Value", "y": "Value"}
    for name, rows in (("t-0.parquet", []), ("t-1.parquet", [1.0, 2.0])):
        numbers = pa.array(rows, pa.float64())
        pq.write_table(pa.table({"a": numbers, "y": numbers}), folder / name)

    with pytest.raises(Stop) as caught:
        config(file="t-0.parquet", columns=columns).listing(folder)

    assert str(caught.value) == f"{folder}/t-0.parquet: has no rows"
    assert len(config(file="t-*.parquet", columns=columns).listing(folder)) == 2


def test_a_pipe_among_the_files_of_a_pattern_is_named(tmp_path):
    noted(tmp_path, {})
    os.mkfifo(tmp_path / "t2.csv")

    with pytest.raises(Mistakes) as caught:
        config(file="t*.csv", columns=NOTES.columns).listing(tmp_path)

    assert str(caught.value) == f"{tmp_path}/t2.csv is not a regular file; remove it"


@pytest.mark.parametrize(
    ("labels", "named", "what"),
    [
        (
            ["true", "false"],
            [True, False],
            "false, true is not among the classes; YAML reads them as False, True: quote them",
        ),
        (
            ["01", "02"],
            [1, 2],
            "01, 02 is not among the classes; YAML reads them as 1, 2: quote them",
        ),
        (["a" * 500], ["b"], f"{'a' * 100}... is not among the classes"),
    ],
)
def test_classes_that_yaml_reads_as_something_else_are_to_be_quoted(tmp_path, labels, named, what):
    (tmp_path / "t.csv").write_text("a,y\n" + "".join(f"1,{one}\n" for one in labels))
    columns = {"a": "Value", "y": {"ClassLabel": {"classes": named}}}

    with pytest.raises(Stop) as caught:
        config(file="t.csv", columns=columns).listing(tmp_path)

    assert str(caught.value) == f"ingest.columns.y: {what}"
