"""The whole line on an environment, every stage in this process."""

import csv
import json
import shutil
import subprocess
import sys

import mlflow.models
import numpy as np
import pytest
from pole_line import PoleLine
from stages import run_line

from components.data import dataset, rollout
from components.data.environment import Environment
from components.fitting.dqn.predictor import load
from components.register.run import register
from components.tasks.measured import number
from components.tasks.outcomes import read_outcomes


@pytest.fixture(scope="module")
def pole_line(tmp_path_factory, empty_store):
    """A project in which every stage has run in this process, the pipeline `cartpole`."""
    root = tmp_path_factory.mktemp("poles")
    project = PoleLine(root)
    shutil.copy(empty_store, root / "mlflow.db")
    with project.entered():
        project.runs = run_line(root, "cartpole")
        project.standing = dict(register(root))["cartpole"]
    return project


def rows(project, path):
    with (project.root / path).open(newline="") as file:
        return list(csv.DictReader(file))


def policy(project):
    return load(project.root / "data/cartpole/trained").actions


def test_the_seeds_are_those_of_the_file_from_beginning_to_end(pole_line):
    for stage in ("raw", "ready"):
        found = {
            name: dataset.open_split(pole_line.root / "data/cartpole" / stage, name)
            for name in dataset.SPLITS
        }
        assert {name: part.input[:].tolist() for name, part in found.items()} == {
            "train": [*range(30)],
            "validation": [30, 31, 32],
            "test": [*range(33, 45)],
        }


def test_what_is_measured_is_what_the_trained_policy_gains(pole_line):
    found = pole_line.read("reports/cartpole/evaluate.json")
    kept = read_outcomes(pole_line.root / "data/cartpole/evaluation/outcomes.csv")

    gained = rollout.returns("CartPole-v1", policy(pole_line), range(33, 45))
    random = rollout.random_returns("CartPole-v1", range(33, 45))
    assert sorted(map(float, kept.answers["return"])) == sorted(gained)
    assert found["mean_return"] == pytest.approx(gained.mean())
    assert found["mean_return_low"] <= found["mean_return"] <= found["mean_return_high"]
    assert found["mean_return_of_a_random_policy"] == random.mean()
    assert found["least_return"] == gained.min()
    assert found["examples"] == 12
    assert [
        (int(one["seed"]), float(one["return"]), float(one["return of a random policy"]))
        for one in rows(pole_line, "data/cartpole/evaluation/returns.csv")
    ] == list(zip(range(33, 45), gained, random, strict=True))


def test_the_kept_look_is_the_best_one(pole_line):
    history = pole_line.read("data/cartpole/trained/history.json")
    curves = rows(pole_line, "reports/cartpole/learning_curves.csv")

    gained = history["history"]["val_return"]
    assert gained[history["best"]] == max(gained)
    assert {(one["split"], one["metric"]) for one in curves} == {
        ("train", "loss"),
        ("train", "return"),
        ("validation", "return"),
    }
    shown = [one for one in curves if one["split"] == "validation"]
    assert [int(one["epoch"]) for one in shown] == [1, 2, 3, 4]
    assert [float(one["value"]) for one in shown] == gained
    assert pole_line.read("reports/cartpole/train.json")["best_epoch"] == history["best"] + 1


def test_people_see_the_learning_curve_the_returns_and_frames(pole_line):
    folder = pole_line.root / "reports/cartpole/evaluate"
    page = (pole_line.root / "reports/cartpole/report.html").read_text()

    gained = rollout.returns("CartPole-v1", policy(pole_line), range(33, 45))
    median = int(np.argsort(gained, kind="stable")[6])
    captions = [row[4:-5] for row in page.splitlines() if row.startswith("<h2>")]
    assert captions == [
        "Learning curves",
        "Returns",
        f"The median episode, seed {33 + median}, return {gained[median]:g}",
    ]
    assert page.count('<img src="data:image/png;base64,') == 3
    names = {path.name for path in folder.iterdir()}
    assert names == {"learning_curves.png", "returns.png", "the_median_episode.png"}


def test_it_is_registered_and_every_stage_says_what_it_found(pole_line):
    assert pole_line.standing.sentence == (
        "cartpole version 1 is the champion: there was no champion"
    )
    found = {name: run.finding for name, run in pole_line.runs.items()}
    metrics = pole_line.read("reports/cartpole/evaluate.json")
    assert found["ingest"] == "45 examples: 30 train, 3 validation, 12 test"
    assert found["preprocess"] == "45 examples, as they are"
    shown = number(metrics["mean_return"])
    assert found["evaluate"].startswith(f"test mean return {shown} (95 % interval ")
    assert found["compress"] == "nothing to do"
    assert found["package"] == "ready to be registered"


SERVED = """
import json, sys
import mlflow, numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
np.save("actions.npy", np.asarray(model.predict(np.load("seen.npy"))))
print("> " + json.dumps(sorted(name for name in sys.modules if name.startswith("components"))))
"""


def observations(act):
    """All that is observed in a few episodes."""
    environment, seen = Environment("CartPole-v1"), []
    for seed in range(3):
        seen.append(environment.reset(seed))
        while True:
            after, _, *ends = environment.step(int(act(seen[-1][np.newaxis])[0]))
            if any(ends):
                break
            seen.append(after)
    return np.stack(seen)


def test_the_registered_policy_acts_as_the_trained_one_without_our_code(pole_line, tmp_path):
    act = policy(pole_line)
    random = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
    seen = np.concatenate([observations(act), random])
    np.save(tmp_path / "seen.npy", seen)

    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVED, str(pole_line.root / "packages/cartpole/model")],
        cwd=tmp_path,
        env=pole_line.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert [json.loads(row[2:]) for row in done.stdout.splitlines() if row[:2] == "> "] == [[]]
    actions, expected = np.load(tmp_path / "actions.npy"), act(seen)
    assert set(expected) == {0, 1}
    assert np.array_equal(actions, expected)


def test_the_package_says_what_goes_in_and_out(pole_line):
    path = pole_line.root / "packages/cartpole/model"

    signature = mlflow.models.get_model_info(str(path)).signature

    assert str(signature.inputs) == "[Tensor('float32', (-1, 4))]"
    assert str(signature.outputs) == "[Tensor('int64', (-1,))]"
    first = mlflow.pyfunc.load_model(str(path)).input_example
    environment = Environment("CartPole-v1")
    assert np.array_equal(first, np.stack([environment.reset(seed) for seed in range(33, 38)]))
