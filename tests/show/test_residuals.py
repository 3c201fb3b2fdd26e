"""Pictures of how predictions of a number miss."""

import io

import numpy as np
import pytest

from components.show.residuals import SHOWN, residuals


def points(axes):
    return np.asarray(axes.collections[0].get_offsets())


def test_every_example_is_in_each_of_the_three_pictures():
    targets, said = np.array([1.0, 2, 4]), np.array([1.5, 2, 3], np.float32)

    left, middle, right = residuals(targets, said, "euro").axes

    assert points(left).tolist() == [[1, 1.5], [2, 2], [4, 3]]
    assert points(middle).tolist() == [[1.5, 0.5], [2, 0], [3, -1]]
    assert sum(bar.get_height() for bar in right.patches) == 3
    assert (left.get_xlabel(), left.get_ylabel()) == ("true euro", "predicted euro")
    assert (middle.get_xlabel(), middle.get_ylabel()) == ("predicted euro", "predicted less true")
    assert (right.get_xlabel(), right.get_ylabel()) == ("predicted less true", "examples")


def test_the_lines_are_no_error_and_the_mean_of_the_errors():
    left, middle, right = residuals(np.array([1.0, 2, 4]), np.array([2.0, 2, 6])).axes

    (diagonal,) = left.lines
    assert [list(ends) for ends in diagonal.get_data()] == [[1, 6], [1, 6]]
    assert list(middle.lines[0].get_ydata()) == [0, 0]
    assert [list(line.get_xdata()) for line in right.lines] == [[0, 0], [1, 1]]
    assert left.get_xlabel() == "true"


def test_of_many_examples_some_are_points_and_all_are_counted():
    targets = np.arange(3.0 * SHOWN)

    left, middle, right = residuals(targets, targets + 1).axes

    assert len(points(left)) == len(points(middle)) == SHOWN
    assert sum(bar.get_height() for bar in right.patches) == len(targets)


@pytest.mark.parametrize("count", [1, 2])
def test_a_few_equal_numbers_are_drawn_without_a_warning(count):
    figure = residuals(np.full(count, 3.0), np.full(count, 3.0))

    file = io.BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
