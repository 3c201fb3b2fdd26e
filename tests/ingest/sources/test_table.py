"""Tables of images: CSV, Parquet, and data sets of the Hub."""

import io

import datasets
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from components.base.errors import Mistakes, Stop
from components.config.ingest import HuggingFace, Split, Table
from components.ingest.splitting import by_group
from components.ingest.stage import few, listing


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


def test_a_csv_names_images_and_labels(folder):
    found = listing(config(), folder)

    assert found.classes == ("ant", "cat")
    assert found.labels.tolist() == [0, 1] * 3
    assert found.names == [f"{number}.png" for number in range(6)]
    assert found.inputs[3] == png(3)


def test_groups_and_splits_are_columns(folder):
    grouped = listing(config(split=Split(by="group", group="patient")), folder)
    given = listing(config(split=Split(by="given"), split_column="part"), folder)

    assert grouped.groups.tolist() == ["p0", "p0", "p1", "p1", "p2", "p2"]
    assert given.given.tolist() == ["train"] * 4 + ["validation", "test"]


def test_a_parquet_file_holds_the_images(folder):
    parquet(folder / "all.parquet", picture=[png(n) for n in range(6)], kind=[0, 1, 2, 0, 1, 2])

    found = listing(config(file="all.parquet", image="picture", label="kind"), folder)

    assert found.classes == ("0", "1", "2")
    assert found.inputs[np.array([5, 0])] == [png(5), png(0)]
    assert found.names[4] == "row 4"
    assert few(found, np.arange(6))[1].shape == (2, 3, 1)


def test_a_pattern_reads_several_files_in_their_order(folder):
    for part in range(2):
        images = [png(10 * part + n) for n in range(3)]
        parquet(folder / f"part-{part}.parquet", image=images, label=["a", "b", "a"])

    found = listing(config(file="part-*.parquet"), folder)

    assert [found.inputs[row] for row in (0, 5)] == [png(0), png(12)]


def test_columns_that_there_are_not_are_named_at_once(folder):
    with pytest.raises(Mistakes) as caught:
        listing(config(image="imag", label="kind"), folder)

    assert [(one.location, one.message) for one in caught.value.problems] == [
        (("ingest", "image"), "no column 'imag' in labels.csv; did you mean 'image'?"),
        (
            ("ingest", "label"),
            "no column 'kind' in labels.csv; there are image, label, patient, part",
        ),
    ]


def test_images_that_are_missing_are_named(folder):
    (folder / "2.png").unlink()
    (folder / "5.png").unlink()

    with pytest.raises(Stop) as caught:
        listing(config(), folder)

    assert str(caught.value) == (f"ingest.image: 2 of 6 images are not in {folder}: 2.png, 5.png")


def test_a_path_that_leaves_the_folder_is_refused(folder):
    (folder / "labels.csv").write_text("image,label\n../secret.png,a\n0.png,b\n")

    with pytest.raises(Stop) as caught:
        listing(config(), folder)

    assert str(caught.value) == f"ingest.image: 1 paths leave {folder}, such as ../secret.png"


def test_rows_without_a_label_are_named(folder):
    (folder / "labels.csv").write_text("image,label\n0.png,a\n1.png,\n2.png,b\n")

    with pytest.raises(Stop) as caught:
        listing(config(), folder)

    assert str(caught.value) == ("ingest.label: 1 rows have no label: 1; remove or label them")


def labelled(folder, *labels):
    """The listing of a CSV with these labels."""
    rows = [f"{number}.png,{label}" for number, label in enumerate(labels)]
    (folder / "labels.csv").write_text("\n".join(["image,label", *rows]) + "\n")
    return listing(config(), folder)


@pytest.mark.parametrize(
    ("written", "classes"),
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
def test_a_label_of_a_csv_is_what_is_written_there(folder, written, classes):
    found = labelled(folder, *written)

    assert found.classes == classes
    assert [found.classes[label] for label in found.labels] == list(written)


def test_whole_numbers_are_in_the_order_of_numbers(folder):
    assert labelled(folder, "10", "9", "-3", "0", "9").classes == ("-3", "0", "9", "10")
    assert labelled(folder, "9" * 23, "10", "-1").classes == ("-1", "10", "9" * 23)
    assert labelled(folder, "10", "9", "09").classes == ("09", "10", "9")


def test_a_column_of_text_in_a_parquet_file_keeps_its_order(folder):
    parquet(folder / "all.parquet", image=["0.png", "1.png"], label=["9", "10"])

    assert listing(config(file="all.parquet"), folder).classes == ("10", "9")


def grouped(folder, *groups):
    """The groups that are read from a CSV with these."""
    rows = [f"{number % 6}.png,a,{one}" for number, one in enumerate(groups)]
    (folder / "labels.csv").write_text("\n".join(["image,label,patient", *rows]) + "\n")
    return listing(config(split=Split(by="group", group="patient")), folder).groups


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

    found = listing(config(), folder)

    assert found.names == names
    assert found.inputs[0] == png(0)


def test_empty_cells_are_named(folder):
    (folder / "None").write_bytes(png(0))
    (folder / "labels.csv").write_text('image,label,patient\n0.png,a,p\n1.png,b,\n"",b,p\n')

    with pytest.raises(Stop, match=r"^ingest\.split\.group: 1 rows have no group: 1; remove or gr"):
        listing(config(split=Split(by="group", group="patient")), folder)
    with pytest.raises(Stop, match=r"^ingest\.image: 1 rows have no image: 2; remove or complete"):
        listing(config(), folder)


def test_a_csv_without_rows_is_refused(folder):
    (folder / "labels.csv").write_text("image,label\n")

    with pytest.raises(Stop) as caught:
        listing(config(), folder)

    assert str(caught.value) == f"{folder}/labels.csv: has no rows"


def test_several_csv_files_are_one_table(folder):
    (folder / "part-0.csv").write_text("image,label\n0.png,1\n1.png,2\n")
    (folder / "part-1.csv").write_text("image,label\n2.png,01\n3.png,NA\n")

    found = listing(config(file="part-*.csv"), folder)

    assert found.names == ["0.png", "1.png", "2.png", "3.png"]
    assert [found.classes[label] for label in found.labels] == ["1", "2", "01", "NA"]


def test_labels_that_are_fractions_are_refused(folder):
    parquet(folder / "all.parquet", image=["0.png", "1.png"], label=[0.5, 1.5])

    with pytest.raises(Stop, match=r"column 'label' holds fractions; labels are text or whole n"):
        listing(config(file="all.parquet"), folder)


def test_a_split_of_another_name_is_a_mistake(folder):
    with pytest.raises(Mistakes) as caught:
        listing(config(split=Split(by="given"), split_column="patient"), folder)

    (problem,) = caught.value.problems
    assert problem.message == "holds p0, p1, p2; it must say train, validation or test"


def test_a_file_that_is_no_table_is_named(folder):
    (folder / "bad.parquet").write_text("not parquet")

    with pytest.raises(Stop) as caught:
        listing(config(file="bad.parquet"), folder)

    assert str(caught.value).startswith(f"{folder}/bad.parquet: cannot be read: ")
    with pytest.raises(ValidationError, match=r"0\.png is neither \.csv nor \.parquet"):
        config(file="0.png")


def test_an_empty_cell_is_an_empty_file(folder):
    parquet(folder / "all.parquet", image=[png(1), None], label=["a", "b"])

    assert listing(config(file="all.parquet"), folder).inputs[1] == b""


def test_a_cell_may_say_where_its_image_is(folder):
    features = datasets.Features({"image": datasets.Image(), "label": datasets.Value("string")})
    cells = [{"bytes": None, "path": str(folder / "1.png")}, {"bytes": png(2), "path": "gone.png"}]
    table = datasets.Dataset.from_dict({"image": cells, "label": ["a", "b"]}, features=features)
    table.to_parquet(str(folder / "all.parquet"))

    found = listing(config(file="all.parquet"), folder)

    assert found.inputs[0] == (folder / "1.png").read_bytes()
    assert found.inputs[1] == png(2)


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

    found = listing(config, hub)

    assert found.classes == ("cat", "dog")
    assert found.given.tolist() == ["train"] * 6 + ["test"] * 2
    assert found.inputs[7] == png(1)
    assert found.inputs.select(np.array([2, 3]))[np.array([1])] == [png(3)]


def test_rows_of_the_hub_without_a_label_are_named(hub):
    path = hub / "someone/pets/data/train-00000-of-00001.parquet"
    table = datasets.Dataset.from_parquet(str(path))
    rows = {**table.to_dict(), "label": [0, -1, 1, 0, -1, 1]}
    datasets.Dataset.from_dict(rows, features=table.features).to_parquet(str(path))

    with pytest.raises(Stop) as caught:
        listing(HuggingFace(source="huggingface", dataset="someone/pets"), hub)

    assert str(caught.value) == "ingest.label: 2 rows have no label: 1, 4; remove or label them"


def test_whole_numbers_below_nought_are_labels_like_any_other(folder):
    (folder / "labels.csv").write_text("image,label\n0.png,-1\n1.png,1\n2.png,-1\n")

    found = listing(config(), folder)

    assert found.classes == ("-1", "1")
    assert found.labels.tolist() == [0, 1, 0]


def test_a_data_set_that_there_is_not_is_named(hub, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)

    with pytest.raises(Stop, match=r"^ingest: data set someone/cars cannot be read: "):
        listing(HuggingFace(source="huggingface", dataset="someone/cars"), hub)
