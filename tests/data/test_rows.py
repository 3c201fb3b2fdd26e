"""The values of a column, read when they are asked for."""

import numpy as np
import pytest

from components.data.rows import Pieces, Selected


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
