"""The learning rate in a line of text."""

import pytest

from components.fitting.supervised.schedule import Course, Schedule
from components.fitting.supervised.sketch import WIDTH, sketch
from tests.fitting.made import SECTIONS, pipeline


def drawn(config, epochs=10):
    settings = Schedule.model_validate(config).chosen[1]
    return sketch(Course(settings, epochs, 100, 32))


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"constant": {"initial": 0.01}}, f"{'█' * WIDTH} at most 0.01"),
        (
            {"linear": {"initial": 0.8, "warmup": 1}},
            "▁▃▅▇█████▇▇▇▇▆▆▆▆▆▅▅▅▅▄▄▄▄▃▃▃▃▃▂▂▂▂▁▁▁▁▁ at most 0.8",
        ),
        (
            {"step": {"initial": 0.1, "boundaries": [5, 8]}},
            f"{'█' * 20}{'▁' * 20} at most 0.1",
        ),
        (
            {"warm_restarts": {"initial": 0.1, "first_decay": 2, "m_mul": 0.8}},
            "██▇▆▄▃▁▁▇▇▇▆▆▅▅▄▃▃▂▂▁▁▁▁▆▆▆▅▅▅▅▅▅▅▄▄▄▄▃▃ at most 0.1",
        ),
    ],
)
def test_a_bar_is_as_high_as_the_rate(config, line):
    assert drawn(config) == line


def test_a_training_of_one_step_is_drawn():
    settings = Schedule.model_validate({"cosine": {"initial": 0.1}}).chosen[1]

    assert sketch(Course(settings, 1, 1, 1)).endswith("at most 0.1")


def test_what_is_counted_in_steps_is_not_drawn_before_the_examples_are_counted():
    steps = {"cosine": {"initial": 0.1, "warmup": 5, "unit": "steps"}}

    file = pipeline(train={**SECTIONS["train"], "learning_rate": steps})

    assert file.train.sketch() is None
    assert pipeline().train.sketch() == f"learning rate {'█' * WIDTH} at most 0.05, 8 epochs"
