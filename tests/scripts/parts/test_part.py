"""When a part that has died is started again."""

from scripts.parts.part import LIVED_S, Part, Running


def waits(*lives):
    """Seconds until each next start of a part that lived so long."""
    one = Running(Part("scheduler", (), {}))
    return [one.died(1, now=one.begun + life) for life in lives]


def test_each_death_doubles_the_wait_up_to_a_minute():
    assert waits(*[2] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_part_that_has_lived_starts_from_the_shortest_wait_again():
    assert waits(2, 2, LIVED_S + 1, 2) == [1, 2, 1, 2]
