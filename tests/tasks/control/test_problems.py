"""What in a pipeline file does not agree with control, or with its learner."""

import pytest

from components.base.errors import Invalid
from components.config.pipeline import load
from components.config.rules import fact_problems
from components.data.dataset import Facts
from components.data.features.seed import Seed
from components.data.schema import Schema

TEXT = """\
version: 1
description: a pole
task: control
ingest:
  source: gymnasium
  id: CartPole-v1
model: {architecture: mlp, units: [8]}
train: {learner: dqn, steps: 2560}
register: {name: pole}
"""
SOURCE = "source: gymnasium\n  id: CartPole-v1\n"
LEARNER = "{learner: dqn, steps: 2560}"
PHOTOS = "source: image_folder\n"
DIGITS = "source: sklearn.datasets.load_digits\n"
SPACE = "{CategoricalDistribution: {choices: [16, 64]}}"


@pytest.fixture
def changed(tmp_path):
    """Writes the file with changes, and gives its path."""

    def write(changes):
        text = TEXT
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "pole.yaml").write_text(text)
        return tmp_path / "pole.yaml"

    return write


def test_control_is_right(changed):
    file = load(changed({}))

    assert file.task.metric("mean_return").better == "higher"
    assert file.task.discount == 0.99
    assert file.train.monitored in file.task.monitors


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        pytest.param(
            {"task: control": "task: classification", SOURCE: DIGITS},
            ["7: train.learner: deep Q-learning is for the task control"],
            id="a classification by an agent",
        ),
        pytest.param(
            {LEARNER: "{epochs: 2, batch_size: 16}"},
            ["8: train.learner: control needs an agent; such as 'dqn'"],
            id="control by the supervised learner",
        ),
        pytest.param(
            {SOURCE: PHOTOS},
            [
                "5: ingest.source: control learns 0 targets; the source has 1 (label)",
                "5: ingest.source: control needs an environment; image_folder is none; "
                "use 'gymnasium'",
            ],
            id="a source that is no environment",
        ),
        pytest.param(
            {LEARNER: "{learner: dqn, steps: 2560, evaluate_every: 1000}"},
            ["8: train.evaluate_every: must be a multiple of train_every, 128"],
            id="a look that is due between two rounds",
        ),
        pytest.param(
            {LEARNER: "{learner: dqn, steps: 1001}"},
            ["8: train.steps: must be a multiple of train_every, 128"],
            id="an end between two rounds",
        ),
        pytest.param(
            {LEARNER: "{learner: dqn, environments: 7}"},
            ["8: train.train_every: must be a multiple of environments, 7"],
            id="environments that do not come out even",
        ),
        pytest.param(
            {LEARNER: "{learner: dqn, steps: 2560, starts: 2560}"},
            ["8: train.starts: nothing is learned in the 2560 steps before it"],
            id="a start after the end",
        ),
        pytest.param(
            {LEARNER: "{learner: dqn, replay: 4}"},
            ["8: train.replay: must have room for a batch and a step of each environment: 64"],
            id="a memory without room",
        ),
        pytest.param(
            {"model:": "preprocess: [{Rescaling: {scale: 0.5}}]\nmodel:"},
            ["7: preprocess: observations go to the network as they are"],
            id="layers in preprocess",
        ),
        pytest.param(
            {"model:": "augment: {layers: [{GaussianNoise: {stddev: 0.1}}]}\nmodel:"},
            ["7: augment: observations go to the network as they are"],
            id="layers in augment",
        ),
        pytest.param(
            {"{architecture: mlp, units: [8]}": "{architecture: cnn, filters: [8]}"},
            ["7: model.architecture: cnn does not take observations; use mlp"],
            id="a network of images",
        ),
        pytest.param(
            {"  id: CartPole-v1\n": "  id: CartPole-v1\n  split: {by: content}\n"},
            ["7: ingest.split: the splits of an environment are its seeds; leave it out"],
            id="a split of ones own",
        ),
        pytest.param(
            {"  id: CartPole-v1\n": "  id: CartPole-v1\n  seeds: {train: 0}\n"},
            ["7: ingest.seeds.train: must be greater than 0, is 0"],
            id="no episode to learn from",
        ),
        pytest.param(
            {"task: control": "task: {control: {discout: 0.9}}"},
            ["3: task.control.discout: unknown key; did you mean 'discount'?"],
            id="a setting",
        ),
        pytest.param(
            {"{name: pole}": "{name: pole, gate: {max: 475}}"},
            ["9: register.gate.max: mean_return is better the higher; the limit is 'min'"],
            id="a limit on the wrong side",
        ),
        pytest.param(
            {"register:": f"tune: {{trials: 2, space: {{train.batch_size: {SPACE}}}}}\nregister:"},
            ["9: tune.monitor: no learning curve 'val_loss'; there are loss, return, val_return"],
            id="a loss that no validation episode has",
        ),
        pytest.param(
            {
                "register:": "tune: {trials: 2, epochs: 3, monitor: val_return, "
                f"space: {{train.batch_size: {SPACE}}}}}\nregister:"
            },
            ["9: tune.epochs: deep Q-learning counts steps; a trial has as many as train.steps"],
            id="epochs of a trial",
        ),
        pytest.param(
            {"register:": "compress: {methods: [int8]}\nregister:"},
            ["9: compress.methods.0: int8 is for keras models; this one is of policy"],
            id="a policy as int8",
        ),
    ],
)
def test_what_does_not_agree_with_the_file_is_named(changed, changes, messages):
    path = changed(changes)

    with pytest.raises(Invalid) as caught:
        load(path)

    assert str(caught.value).splitlines() == [f"{path}:{one}" for one in messages]


@pytest.mark.parametrize(
    ("test", "messages"),
    [
        (
            1,
            [
                "the test split would have 1 example; control needs 2, or its metrics have no "
                "interval"
            ],
        ),
        (2, []),
    ],
)
def test_a_single_episode_to_measure_by_is_found_before_anything_is_learned(
    changed, test, messages
):
    counts = {"train": 9, "validation": 1, "test": test}

    found = fact_problems(load(changed({})), Facts(Schema({"seed": Seed("CartPole-v1")}), counts))

    assert [one.message for one in found] == messages
