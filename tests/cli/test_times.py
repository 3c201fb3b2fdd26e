"""How long a run will take, and how well that is known."""

import json

import pytest

from components.cli.times import Took, total


@pytest.mark.parametrize(
    ("file", "runs"),
    [
        ({"seconds": 2, "before": [3.0, 4]}, (2.0, 3.0, 4.0)),
        ({"seconds": 2.5, "finding": "x"}, (2.5,)),
        ({"seconds": None}, ()),
        (None, ()),
    ],
)
def test_seconds_are_read_the_last_run_first(tmp_path, file, runs):
    path = tmp_path / "train.json"
    if file is not None:
        path.write_text(json.dumps(file))

    assert Took.read(path) == Took(runs)


def test_the_error_is_what_half_of_the_runs_differed_by():
    stages = [Took((10.0, 10.0, 20.0)), Took((30.0, 33.0)), Took((20.0,))]

    assert (
        total(stages, []) == "about 60 s, give or take 6.0 s (the median of what 3 runs were off)"
    )


def test_where_nothing_ran_twice_there_is_no_error_to_tell():
    assert total([Took((10.0,))], []) == "about 10 s"


def test_what_never_ran_is_named_beside_the_rest():
    found = total([Took((100.0, 100.0))], ["train@a", "evaluate@a"])

    assert found == (
        "about 2 min, give or take 0.0 s (the median of what 1 runs were off), and what train@a, "
        "evaluate@a will take for the first time"
    )


def test_a_run_of_no_time_is_off_by_nothing():
    assert Took((0.0, 1.0)).errors == []
