"""Which examples make a shard, and what is written."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import load_from_disk

from components.base.errors import Stop, exit_status
from components.base.files import replacing
from components.data import dataset, shards
from components.data.dataset import Facts, Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.value import Value
from components.data.schema import Schema

SCHEMA = Schema({"features": Value(shape=(2,)), "label": ClassLabel(("a", "b"))}, ("label",))
FACTS = Facts(SCHEMA, {"train": 5, "test": 0})


def made(features, labels):
    return Split(SCHEMA, {"features": features, "label": labels})


@pytest.fixture
def split():
    return made(np.arange(10, dtype=np.float32).reshape(5, 2), np.array([0, 1, 0, 1, 1]))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param([], [[]], id="an empty split has an empty shard"),
        pytest.param([5, 5], [[0, 1]], id="all fit"),
        pytest.param([5, 5, 5], [[0, 1], [2]], id="a full shard ends"),
        pytest.param([25, 1, 1], [[0], [1, 2]], id="a large example is alone"),
        pytest.param([9, 9, 9], [[0, 1], [2]], id="the last may reach over the limit"),
    ],
)
def test_examples_are_cut_into_shards(sizes, expected):
    assert [list(part) for part in shards.cut(np.array(sizes, int), limit=10)] == expected


def test_a_dataset_is_written_shard_by_shard(tmp_path, split):
    written = [
        shards.write(
            tmp_path / "train" / shards.file_name(0, 2), [split.take(np.arange(3))], SCHEMA
        ),
        shards.write(
            tmp_path / "train" / shards.file_name(1, 2),
            [split.take(np.array([3])), split.take(np.array([4]))],
            SCHEMA,
        ),
        shards.write(
            tmp_path / "test" / shards.file_name(0, 1), [split.take(np.arange(0))], SCHEMA
        ),
    ]
    shards.seal(tmp_path, written, FACTS)

    back = dataset.open_split(tmp_path, "train")
    assert np.array_equal(back.input[:], split.input)
    assert back.target.tolist() == split.target.tolist()
    assert len(load_from_disk(str(tmp_path))["train"]) == 5
    second = pa.ipc.open_stream(pa.memory_map(str(tmp_path / "train/data-00001-of-00002.arrow")))
    assert second.read_all().column("features").num_chunks == 2


def test_a_failed_shard_leaves_nothing(tmp_path, split):
    def parts():
        yield split
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        shards.write(tmp_path / "train" / "data.arrow", parts(), SCHEMA)

    assert list((tmp_path / "train").iterdir()) == []


def test_values_of_another_shape_than_the_schema_says_are_refused(tmp_path):
    turned = made(np.zeros((2, 1, 2), np.float32), np.zeros(2, int))

    with pytest.raises(Stop) as caught:
        shards.write(tmp_path / "train" / "data.arrow", [turned], SCHEMA)

    assert str(caught.value) == (
        "column 'features': values of 1x2 where the dataset has 2; "
        "a Resizing as the first layer of preprocess gives all images one size"
    )


def test_a_full_disk_leaves_the_earlier_dataset(tmp_path, split, monkeypatch, capsys):
    shards.save({"train": split}, tmp_path / "data")
    before = dataset.read_fingerprint(tmp_path / "data")
    real = pa.OSFile
    monkeypatch.setattr(pa, "OSFile", lambda path, mode: real("/dev/full", mode))

    large = made(np.zeros((100_000, 2), np.float32), np.zeros(100_000, int))
    with pytest.raises(SystemExit) as caught, exit_status(), replacing(tmp_path / "data") as folder:
        shards.save({"train": large}, folder)

    assert caught.value.code == 75
    assert capsys.readouterr().err.startswith("No space left on device")
    assert dataset.read_fingerprint(tmp_path / "data") == before


def test_the_size_of_an_example_is_the_bytes_of_its_columns():
    schema = Schema({"image": Image(), "label": ClassLabel("ab"), "width": Value(shape=(3,))})
    columns = {"image": [b"abc", b""], "label": np.zeros(2, int), "width": np.zeros((2, 3), "f4")}

    assert shards.sizes(Split(schema, columns)).tolist() == [3 + 8 + 12, 8 + 12]
