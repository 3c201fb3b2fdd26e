"""Numbers in the unit that fits, and values as YAML has them."""

import numpy as np
import pytest

from components.base.words import duration, size_of, yaml_of


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (10**15, "1 PB"),
        (5 * 10**20, "500 EB"),
    ],
)
def test_a_size_is_less_than_a_thousand_of_its_unit(count, text):
    assert size_of(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (5970.1, "1.7 h"),
        (5969, "99 min"),
        (5999, "1.7 h"),
    ],
)
def test_a_time_has_two_digits(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.5), "0.5"),
        (np.int64(3), "3"),
        (np.True_, "true"),
        (np.float32("nan"), ".nan"),
        ([np.float64(0.5), "a"], "[0.5, 'a']"),
        ({"a": np.arange(2)}, "{a: [0, 1]}"),
    ],
)
def test_a_number_of_numpys_is_a_number(value, text):
    assert yaml_of(value) == text
