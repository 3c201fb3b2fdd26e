"""Which examples make a shard, and what is written."""

import numpy as np
import pyarrow as pa
import pytest
from datasets import load_from_disk

from components.base.errors import exit_status
from components.base.files import replacing
from components.data import dataset, shards
from components.data.dataset import Facts, Split

FACTS = Facts((2,), "float32", ("a", "b"), {"train": 5, "test": 0})


@pytest.fixture
def split():
    return Split(np.arange(10, dtype=np.float32).reshape(5, 2), np.array([0, 1, 0, 1, 1]))


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
            tmp_path / "train" / shards.file_name(0, 2), [split.take(np.arange(3))], FACTS
        ),
        shards.write(
            tmp_path / "train" / shards.file_name(1, 2),
            [split.take(np.array([3])), split.take(np.array([4]))],
            FACTS,
        ),
        shards.write(tmp_path / "test" / shards.file_name(0, 1), [split.take(np.arange(0))], FACTS),
    ]
    shards.seal(tmp_path, written, FACTS)

    back = dataset.open_split(tmp_path, "train")
    assert np.array_equal(back.array[:], split.inputs)
    assert back.labels.tolist() == split.labels.tolist()
    assert len(load_from_disk(str(tmp_path))["train"]) == 5
    second = pa.ipc.open_stream(pa.memory_map(str(tmp_path / "train/data-00001-of-00002.arrow")))
    assert second.read_all().column("input").num_chunks == 2


def test_a_failed_shard_leaves_nothing(tmp_path, split):
    def parts():
        yield split
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        shards.write(tmp_path / "train" / "data.arrow", parts(), FACTS)

    assert list((tmp_path / "train").iterdir()) == []


def test_a_full_disk_leaves_the_earlier_dataset(tmp_path, split, monkeypatch, capsys):
    shards.save({"train": split}, FACTS, tmp_path / "data")
    before = dataset.read_fingerprint(tmp_path / "data")
    real = pa.OSFile
    monkeypatch.setattr(pa, "OSFile", lambda path, mode: real("/dev/full", mode))

    large = Split(np.zeros((100_000, 2), np.float32), np.zeros(100_000, int))
    with pytest.raises(SystemExit) as caught, exit_status(), replacing(tmp_path / "data") as folder:
        shards.save({"train": large}, FACTS, folder)

    assert caught.value.code == 1
    assert capsys.readouterr().err.startswith("No space left on device")
    assert dataset.read_fingerprint(tmp_path / "data") == before


def test_the_sizes_of_files_are_their_bytes():
    assert shards.sizes(Split([b"abc", b""], np.zeros(2, int))).tolist() == [3, 0]
