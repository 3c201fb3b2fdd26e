"""Files of the MNIST family."""

import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from project import ROOT

from components.base.errors import Mistakes, Stop
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.schema import Schema
from components.ingest.sources.idx import Idx
from components.ingest.sources.idx.read import read

CODES = {"u1": 8, "i2": 11, "f4": 13}


def content(values):
    kind = np.dtype(values.dtype).str[1:]
    head = bytes([0, 0, CODES[kind], values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(f">{kind}").tobytes()


@pytest.fixture
def files(tmp_path):
    """A set of ten train and four test images, gzipped but for one file."""
    random = np.random.default_rng(0)
    for name, count in (("train", 10), ("test", 4)):
        images = random.integers(0, 256, (count, 3, 2), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 2
        (tmp_path / f"{name}-images.gz").write_bytes(gzip.compress(content(images)))
        (tmp_path / f"{name}-labels").write_bytes(content(labels))
    return tmp_path


def config(**changes):
    pair = {name: {"images": f"{name}-images.gz", "labels": f"{name}-labels"} for name in SPLITS}
    return Idx(source="idx", **{**pair, **changes})


SPLITS = ("train", "test")


def test_both_splits_are_read(files):
    found = config(classes=("even", "odd")).listing(files)

    assert found.columns["image"].shape == (14, 3, 2, 1)
    assert found.columns["image"].dtype == np.uint8
    assert found.schema == Schema(
        {"image": Image((3, 2, 1), "uint8", is_file=False), "label": ClassLabel(("even", "odd"))},
        ("label",),
    )
    assert found.given.tolist() == ["train"] * 10 + ["test"] * 4
    assert found.columns["label"].tolist() == [0, 1] * 5 + [0, 1] * 2


@pytest.mark.parametrize("kind", ["u1", "i2", "f4"])
def test_values_come_in_the_byte_order_of_this_machine(tmp_path, kind):
    values = np.array([[1, 2], [3, 250]]).astype(kind)
    (tmp_path / "file").write_bytes(content(values))

    found = read(tmp_path / "file")

    assert found.dtype == np.dtype(kind)
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param(b"PK\x03\x04", "not an IDX file", id="another kind of file"),
        pytest.param(b"", "not an IDX file", id="empty"),
        pytest.param(gzip.compress(b"text"), "not an IDX file", id="gzip of something else"),
        pytest.param(
            content(np.zeros((2, 2), "u1"))[:-1],
            "damaged: 3 bytes are not (2, 2) of uint8",
            id="cut off",
        ),
        pytest.param(
            content(np.zeros((2, 2), "u1"))[:7],
            "damaged: it ends within its header",
            id="cut off in its header",
        ),
        pytest.param(
            bytes([0, 0, 8, 255]) + bytes(2000),
            "it has 255 dimensions; labels have 1, images 3 or 4",
            id="of more dimensions than NumPy has",
        ),
        pytest.param(
            bytes([0, 0, 14, 4]) + b"\xff" * 16,
            "damaged: 0 bytes are not (4294967295, 4294967295, 4294967295, 4294967295) of >f8",
            id="of more values than there is memory",
        ),
        pytest.param(
            gzip.compress(content(np.zeros(2000, "u1")))[:-9], "damaged gzip file: ", id="cut gzip"
        ),
    ],
)
def test_a_broken_file_is_named(tmp_path, broken, message):
    path = tmp_path / "images"
    path.write_bytes(broken)

    with pytest.raises(Stop) as caught:
        read(path)

    assert str(caught.value).startswith(f"{path}: {message}")


def test_labels_of_another_number_are_refused(files):
    (files / "test-labels").write_bytes(content(np.zeros(5, "u1")))

    with pytest.raises(Stop) as caught:
        config().listing(files)

    assert str(caught.value) == (
        "ingest: test-images.gz has images of shape (4, 3, 2, 1), test-labels has labels of shape "
        "(5,): they do not go together"
    )


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 0.5, 1], "f4"), "label 2 is 0.5"),
        (np.array([0, np.nan, 1, 1], "f4"), "label 1 is nan"),
        (np.array([0, 1, 1, -1], "i2"), "label 3 is -1"),
        (np.array([0, 1, 1, 1e30], "f4"), "label 3 is 1.0000000150474662e+30"),
    ],
)
def test_labels_that_are_no_whole_numbers_from_0_are_refused(files, labels, message):
    (files / "test-labels").write_bytes(content(labels))

    with pytest.raises(Stop) as caught:
        config().listing(files)

    assert str(caught.value) == (
        f"ingest: test-labels: {message}; labels are whole numbers from 0 to 65535"
    )


def test_whole_numbers_that_are_stored_as_fractions_are_labels(files):
    (files / "test-labels").write_bytes(content(np.array([0, 1, 1, 0], "f4")))

    assert config().listing(files).columns["label"].tolist()[-4:] == [0, 1, 1, 0]


def test_a_split_without_examples_is_named(files):
    (files / "test-images.gz").write_bytes(content(np.zeros((0, 3, 2), "u1")))
    (files / "test-labels").write_bytes(content(np.zeros(0, "u1")))

    with pytest.raises(Stop) as caught:
        config().listing(files)

    assert str(caught.value) == "ingest: test-labels has no examples"


def test_no_more_is_read_of_a_gzip_file_than_its_header_says(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(content(np.zeros((2, 2), "u1")) + bytes(300_000_000)))
    tracemalloc.start()

    with pytest.raises(Stop) as caught:
        read(path)

    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value) == f"{path}: damaged: more than 4 bytes are not (2, 2) of uint8"
    assert most < 10_000_000


def test_classes_of_another_number_are_a_mistake(files):
    with pytest.raises(Mistakes) as caught:
        config(classes=("a", "b", "c")).listing(files)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "classes")
    assert problem.message == "names 3 classes; the labels have 2"


def test_a_file_that_is_nowhere_is_named(files):
    (files / "test-labels").unlink()

    with pytest.raises(Mistakes) as caught:
        config().listing(files)

    assert str(caught.value) == f"no file {files}/test-labels"


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_the_real_set_is_read_from_a_mirror(name, monkeypatch, tmp_path):
    from components.config.pipeline import load

    mirror = ROOT.parent / "shared" / "data" / name
    if not mirror.is_dir():
        pytest.skip(f"no folder {mirror}")
    monkeypatch.setenv("MILLRACE_MIRROR", str(mirror))

    found = load(ROOT / "pipelines" / f"{name}.yaml").ingest.listing(tmp_path)

    assert found.columns["image"].shape == (70_000, 28, 28, 1)
    assert len(found.schema.target.names) == 10
    assert (found.given == "test").sum() == 10_000
