"""An environment as a source of episodes."""

import numpy as np
import pytest
from project import ROOT
from stages import run_stage

from components.base.errors import Invalid
from components.base.workers import Workers
from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse
from components.data.dataset import SPLITS, open_split
from components.data.features.seed import Seed
from components.ingest.sources.gymnasium import Gymnasium, Seeds
from components.ingest.stage import split, write

POLE = ROOT / "pipelines/cartpole.yaml"


def source(**given):
    return Gymnasium(source="gymnasium", id="CartPole-v1", **given)


@pytest.fixture
def changed(tmp_path):
    """Writes the bundled file for another environment, and gives its path."""

    def write(environment):
        path = tmp_path / "cartpole.yaml"
        path.write_text(POLE.read_text().replace("id: CartPole-v1", f"id: {environment}"))
        return path

    return write


def test_examples_are_seeds_and_no_seed_is_in_two_splits(tmp_path):
    section = source(seeds=Seeds(train=5, validation=2, test=3))
    found = section.listing(tmp_path)

    with Workers() as workers:
        write(found, split(section, found, 0, workers), tmp_path / "raw", workers)

    parts = {name: open_split(tmp_path / "raw", name) for name in SPLITS}
    assert {name: part.input[:].tolist() for name, part in parts.items()} == {
        "train": [0, 1, 2, 3, 4],
        "validation": [5, 6],
        "test": [7, 8, 9],
    }
    assert parts["test"].schema.input == Seed("CartPole-v1")


def test_more_test_episodes_leave_the_others_what_they_are(tmp_path):
    few, many = (
        source(seeds=Seeds(train=5, validation=2, test=test)).listing(tmp_path) for test in (3, 9)
    )

    assert np.array_equal(many.columns["seed"][:10], few.columns["seed"])
    assert np.array_equal(many.given[:10], few.given)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ("CartPole-v7", "no environment 'CartPole-v7'; did you mean 'CartPole-v1'?"),
        ("cartpole-v1", "no environment 'cartpole-v1'; did you mean 'CartPole-v1'?"),
        ("qqqqqq", "no environment 'qqqqqq'"),
    ],
)
def test_an_environment_that_does_not_exist_is_named_in_the_file(
    changed, tmp_path, environment, message
):
    path = changed(environment)
    document = Document(path)

    with pytest.raises(Invalid) as checked:
        examine(document, parse(document), tmp_path, 0)
    with pytest.raises(Invalid) as caught:
        run_stage("ingest", path, tmp_path, source=tmp_path, out=tmp_path / "raw")

    assert str(checked.value) == f"{path}:8: ingest.id: {message}"
    assert str(caught.value) == str(checked.value)


def test_actions_without_number_are_named_before_anything_is_learned(changed, tmp_path):
    path = changed("Pendulum-v1")
    document = Document(path)

    with pytest.raises(Invalid) as caught:
        examine(document, parse(document), tmp_path, 0)

    assert str(caught.value) == (
        f"{path}:8: ingest.id: Pendulum-v1 has the actions Box(-2.0, 2.0, (1,), float32); "
        "Q-learning gives a value to each of finitely many, so it needs a Discrete action space, "
        "as CartPole-v1 has"
    )


def test_the_bundled_file_passes_the_deep_check(tmp_path):
    document = Document(POLE)

    assert examine(document, parse(document), tmp_path, 0) is not None
