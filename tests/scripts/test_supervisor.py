"""When a part that has died is started again."""

from scripts.standalone.supervisor import LIVED_S, Part, is_healthy


def waits(*lives):
    """Seconds until each next start of a part that lived so long."""
    part = Part("scheduler", ())
    return [part.died(1, now=part.begun + life) for life in lives]


def test_each_death_doubles_the_wait_up_to_a_minute():
    assert waits(*[2] * 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_part_that_has_lived_starts_from_the_shortest_wait_again():
    assert waits(2, 2, LIVED_S + 1, 2) == [1, 2, 1, 2]


def test_what_does_not_answer_is_not_healthy():
    assert not is_healthy("127.0.0.1", 1)
