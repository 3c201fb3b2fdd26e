"""An agent that has learned, and what is said and kept of it."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from project import ROOT

from components.base.errors import Mistakes
from components.base.files import read_json
from components.fitting.diverged import Diverged
from components.fitting.dqn.fit import HOME, fit, optimizer, settings_of
from components.fitting.dqn.predictor import load
from components.fitting.watch import Watch, Work
from tests.fitting.dqn.made import episodes, fitted, pipeline
from tests.fitting.told import Told

AGAIN = """
import sys
from pathlib import Path
from tests.fitting.dqn.made import fitted
fitted().save(Path(sys.argv[1]))
"""


def test_the_same_seed_gives_the_bytes_of_the_same_file_in_two_processes(tmp_path):
    found = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        subprocess.run(
            [sys.executable, "-c", AGAIN, str(tmp_path / name)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(len(found))},
            check=True,
            capture_output=True,
        )
        content = (tmp_path / name / "model.keras").read_bytes()
        found.append(hashlib.sha256(content).hexdigest())

    assert found[0] == found[1]


def test_whoever_watches_is_told_of_each_look_and_the_best_is_kept():
    found = fitted(told := Told())

    assert (told.works, told.ends) == ([Work(4, 1, 128)], 1)
    assert [number for number, _ in told.epochs] == [0, 1, 2, 3]
    for name, values in found.history.items():
        assert values == [row[name] for _, row in told.epochs]
    assert list(found.history) == ["loss", "return", "val_return"]
    assert found.history["val_return"][found.best] == max(found.history["val_return"])
    assert found.numbers == {"parameters": 4 * 16 + 16 + 16 * 2 + 2}


def test_the_weights_are_those_of_the_best_look(tmp_path):
    from components.data.rollout import returns

    found = fitted()
    found.save(tmp_path)

    policy = load(tmp_path).actions
    gained = returns("CartPole-v1", policy, range(50, 53)).mean()
    assert gained == found.history["val_return"][found.best]
    assert read_json(tmp_path / "predictor.json")["home"] == HOME


def test_whoever_watches_may_end_it():
    assert len(fitted(Told(last=1)).history["loss"]) == 2


@pytest.mark.parametrize(
    ("steps", "evaluate_every", "looks"), [(512, 128, 4), (512, 256, 2), (448, 256, 2)]
)
def test_there_are_as_many_looks_as_were_promised(steps, evaluate_every, looks):
    found = fitted(steps=steps, evaluate_every=evaluate_every)

    assert len(found.history["val_return"]) == looks
    assert pipeline(steps=steps, evaluate_every=evaluate_every).train.allowed == looks


def test_a_loss_that_is_no_number_ends_it():
    with pytest.raises(Diverged) as caught:
        fitted(learning_rate=1e30, optimizer="SGD", loss="MeanSquaredError")

    assert str(caught.value) == (
        "the loss is not a number at step 64; a lower learning rate, a smaller discount or "
        "clipnorm keeps it finite"
    )


def test_the_share_of_random_actions_falls_in_a_straight_line_and_stays():
    settings = pipeline(first_epsilon=1.0, last_epsilon=0.1, epsilon_steps=100).train

    found = [settings.share(step) for step in (0, 50, 100, 900)]

    assert found == pytest.approx([1, 0.55, 0.1, 0.1])


@pytest.mark.parametrize("environment", ["FrozenLake-v1", "Acrobot-v1"])
def test_an_environment_of_other_observations_and_actions_is_learned_from(environment):
    file = pipeline(environment, steps=128, evaluate_every=128)

    found = fit(file, episodes(environment), 0, Watch())

    assert np.isfinite(found.history["val_return"]).all()


def test_an_environment_that_no_values_of_actions_fit_is_named_where_it_stands():
    with pytest.raises(Mistakes) as caught:
        fit(pipeline("Pendulum-v1"), episodes("Pendulum-v1"), 0, Watch())

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "id")
    assert problem.message == (
        "Pendulum-v1 has the actions Box(-2.0, 2.0, (1,), float32); Q-learning gives a value to "
        "each of finitely many, so it needs a Discrete action space, as CartPole-v1 has"
    )


def test_an_argument_that_an_optimizer_refuses_is_named_where_it_stands():
    with pytest.raises(Mistakes) as caught:
        fitted(optimizer={"SGD": {"momentum": 7}})

    (problem,) = caught.value.problems
    assert problem.location == ("train", "optimizer")
    assert problem.message == "`momentum` must be a float between [0, 1]."


@pytest.mark.parametrize(
    ("steps", "starts", "updates"),
    [
        pytest.param(512, 64, 7 * 4, id="(512 - 64) / 64 rounds of 4"),
        pytest.param(128, 100, 4, id="less than one round"),
    ],
)
def test_the_rate_falls_until_the_last_update(steps, starts, updates):
    settings = settings_of(pipeline(steps=steps, starts=starts))

    rate = optimizer(settings)._learning_rate

    assert rate.decay_steps == updates
    assert float(rate(0)) == pytest.approx(1e-2)
    assert float(rate(updates)) == float(rate(10 * updates)) < 1e-3
