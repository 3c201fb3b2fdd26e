"""What the gate says of two models, and where the other's outcomes come from."""

from math import nan

import pytest
from mlflow import MlflowException, artifacts

from components.base.errors import Stop
from components.config.register import Gate
from components.register.judge import Verdict, judge, outcomes_of
from components.tasks.language_model import LanguageModel
from components.tasks.outcomes import Outcomes
from components.tasks.regression import Regression
from tests.register.made import TASK, outcomes

OURS = outcomes(20)


def numbers(off):
    """What a model says of four numbers that is so far off each."""
    truth = [str(float(row)) for row in range(4)]
    said = [str(row + off) for row in range(4)]
    return Outcomes([f"{row}" for row in range(4)], {"value": truth}, {"value": said})


@pytest.mark.parametrize("error", [MlflowException("gone"), OSError("gone")])
def test_a_champion_whose_files_cannot_be_had_is_not_beaten(monkeypatch, error):
    def refuse(**_):
        raise error

    monkeypatch.setattr(artifacts, "list_artifacts", refuse)

    found = judge(Gate(), TASK, 2, OURS, 1, lambda: outcomes_of("pets", 1, OURS, pytest.fail))

    reason = "its files cannot be had: gone"
    assert found == Verdict(
        is_promoted=False,
        reason=f"it cannot be compared with the champion, version 1: {reason}",
        is_final=False,
    )


@pytest.mark.parametrize(
    ("gate", "champion", "wrong", "is_promoted", "reason"),
    [
        ({}, 2, 20, False, "it was the champion already"),
        ({}, None, 20, True, "there was no champion"),
        ({"must_beat": None}, 1, 0, True, "the gate compares with no other version"),
        ({}, 1, 60, True, "it beats version 1 on 200 test examples: accuracy differs by +0.2000 "),
        ({}, 1, 24, False, "it does not beat version 1 on 200 test examples: accuracy differs"),
        ({}, 1, 0, False, "it does not beat version 1 on 200 test examples: accuracy differs"),
    ],
)
def test_the_alias_moves_to_what_is_better_by_more_than_chance(
    gate, champion, wrong, is_promoted, reason
):
    found = judge(Gate(**gate), TASK, 2, OURS, champion, lambda: outcomes(wrong))

    assert found.is_promoted is is_promoted
    assert found.is_final
    assert found.reason.startswith(reason)


def test_the_metric_that_was_compared_is_named():
    def said(adjusted):
        columns = {
            "log10": ["-4.0"] * 8,
            "adjusted": [str(adjusted + row / 100) for row in range(8)],
        }
        truth = {"tokens": ["2"] * 8, "case": ["lower"] * 8}
        return Outcomes([str(row) for row in range(8)], truth, columns)

    found = judge(Gate(), LanguageModel(), 2, said(-5.0), 1, lambda: said(-6.0))

    assert found.is_promoted
    assert found.reason.startswith(
        "it beats version 1 on 8 test examples: adjusted_perplexity differs by -"
    )


@pytest.mark.parametrize(("ours", "theirs", "is_promoted"), [(1, nan, True), (nan, nan, True)])
def test_what_is_no_number_is_beaten(ours, theirs, is_promoted):
    found = judge(Gate(), Regression(), 2, numbers(ours), 1, lambda: numbers(theirs))

    assert found.is_promoted is is_promoted


def test_a_small_difference_is_not_said_to_be_none():
    found = judge(Gate(metric="mae"), Regression(), 2, numbers(1e-5), 1, lambda: numbers(3e-5))

    what = "mae differs by -2e-05 (-2e-05 to +0.0000)"
    assert found.reason == f"it does not beat version 1 on 4 test examples: {what}"


def test_where_it_cannot_be_measured_again_it_is_not_final():
    def refuse():
        raise Stop("another class")

    assert not judge(Gate(), TASK, 2, OURS, 1, refuse).is_final


def test_a_champion_that_is_asked_something_else_is_not_beaten(monkeypatch, tmp_path):
    """Its task, measured today, takes the examples for others: words without their capitals."""
    monkeypatch.setattr(artifacts, "list_artifacts", lambda **_: [])
    monkeypatch.setattr(artifacts, "download_artifacts", lambda *_, **__: str(tmp_path))

    with pytest.raises(Stop, match="something else"):
        outcomes_of("pets", 1, OURS, lambda _: outcomes(60, "yesterday"))
    assert outcomes_of("pets", 1, OURS, lambda _: outcomes(60)) == outcomes(60)
