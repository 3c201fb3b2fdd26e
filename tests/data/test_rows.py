"""The values of a column, read when they are asked for."""

from collections import Counter

import numpy as np
import pytest
from datasets import Dataset

from components.data.rows import Cells, Files, Pieces, Selected, positions
from components.ingest.known import Known


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (10, 4, 3, 1), np.uint8)


@pytest.mark.parametrize(
    "index",
    [
        pytest.param(slice(0, 4), id="a piece"),
        pytest.param(slice(5, 7), id="inside of a piece"),
        pytest.param(slice(2, 9), id="over several pieces"),
        pytest.param(slice(None, None, 3), id="with a step"),
        pytest.param(slice(8, 3), id="nothing"),
        pytest.param(np.array([9, 0, 4, 4]), id="rows in any order"),
        pytest.param(np.array([-1, 2]), id="rows from the end"),
        pytest.param(np.array([], int), id="no rows"),
        pytest.param(7, id="one row"),
    ],
)
def test_pieces_are_indexed_like_one_array(images, index):
    pieces = Pieces([images[:4], images[4:5], images[5:]])

    assert pieces.shape == images.shape
    assert np.array_equal(pieces[index], images[index])
    assert np.array_equal(np.asarray(pieces), images)


@pytest.mark.parametrize("index", [slice(None), slice(3, None), np.arange(3000)[::-1]], ids=str)
def test_many_pieces_are_each_looked_at_once(index):
    numbers = np.arange(3000)
    looked = Counter()

    class Piece(np.ndarray):
        def __getitem__(self, rows):
            looked[id(self)] += 1
            return super().__getitem__(rows)

    pieces = Pieces([part.view(Piece) for part in np.split(numbers, 1000)])

    assert np.array_equal(pieces[index], numbers[index])
    assert set(looked.values()) == {1}


def test_rows_beyond_the_pieces_are_refused(images):
    with pytest.raises(IndexError, match=r"^a row of 0 to 10 is not in 10$"):
        Pieces([images[:4], images[4:]])[np.array([0, 10])]


def test_a_selection_reads_only_when_it_is_asked():
    read = []

    class Counting:
        def __getitem__(self, index):
            read.append(index)
            return index * 10

    selected = Selected(Counting(), np.array([5, 7]))

    assert (len(selected), read) == (2, [])
    assert selected[1] == 70


@pytest.fixture
def kinds(tmp_path):
    """The same four files as rows of every kind that has files."""
    content = [b"a", b"bb", b"ccc", b"d"]
    for number, one in enumerate(content):
        (tmp_path / str(number)).write_bytes(one)
    files = Files.of(tmp_path, list("0123"))
    nothing = np.full(4, None)
    known = Known(**vars(files), shards=nothing, rows=np.zeros(4, int), digests=nothing)
    return content, [files, known, Cells(Dataset.from_dict({"file": content}), "file")]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (slice(0, 2), [0, 1]),
        (slice(None, None, -2), [3, 1]),
        (slice(2, 2), []),
        (np.array([3, 0]), [3, 0]),
        (np.array([False, True, True, False]), [1, 2]),
    ],
    ids=str,
)
def test_files_give_several_by_a_slice_by_positions_or_by_a_mask(kinds, index, expected):
    content, rows = kinds

    for one in rows:
        assert one[index] == [content[place] for place in expected]


@pytest.mark.parametrize("length", [3, 5])
def test_a_mask_of_another_length_is_refused(length):
    with pytest.raises(IndexError, match=f"^a mask of {length} for 4 examples$"):
        positions(np.ones(length, bool), 4)
