"""Where the values of a configuration come from."""

import pytest

from components.cli import show
from components.config.document import Document


@pytest.mark.parametrize(
    ("change", "own", "default"),
    [
        pytest.param(
            ("task: {classification: {label_preserving_flips: none}}", "task: classification"),
            {},
            {"task.classification.label_preserving_flips"},
            id="a task by its name",
        ),
        pytest.param(
            ("{cosine: {initial: 2.0e-3, warmup: 2}}", "1.0e-3"),
            {"train.learning_rate.constant.initial": 29},
            {"train.learning_rate.constant.warmup"},
            id="a number for a schedule",
        ),
        pytest.param(
            ("{AdamW: {weight_decay: 1.0e-4}}", "AdamW"),
            {"train.optimizer.AdamW": 28},
            set(),
            id="a class without arguments",
        ),
        pytest.param(
            ("methods: [float16, int8]", "methods: [int8]"),
            {"airflow.schedule.cron": 5},
            {"compress.methods.0.int8.calibration_examples", "airflow.schedule.ready"},
            id="a method by its name, and text for a schedule",
        ),
    ],
)
def test_after_a_short_form_its_own_value_has_a_line_and_the_rest_are_defaults(
    edited, monkeypatch, capsys, change, own, default
):
    monkeypatch.setenv("COLUMNS", "300")
    path = edited(change)

    show.show(Document(path))

    rows = [row.split() for row in capsys.readouterr().out.splitlines()]
    origins = {row[0]: row[-1] for row in rows}
    assert {key: origins[key] for key in own} == {k: f"{path}:{line}" for k, line in own.items()}
    assert {key: origins[key] for key in default} == dict.fromkeys(default, "default")
