"""Seeds of an environment."""

import numpy as np
import pytest
from datasets import Dataset, load_from_disk

from components.data import dataset, shards
from components.data.dataset import Split
from components.data.features.feature import Look, TableColumn, digest
from components.data.features.seed import Seed
from components.data.schema import Schema


def kept(tmp_path, seeds):
    """Seeds that are written and read back."""
    schema = Schema({"seed": Seed("CartPole-v1")})
    shards.save({"test": Split(schema, {"seed": seeds})}, tmp_path)
    return dataset.open_split(tmp_path, "test")


@pytest.mark.parametrize("seeds", [[0, 7, 2**53 + 1], []], ids=["some", "none"])
def test_seeds_come_back_as_they_were(tmp_path, seeds):
    found = kept(tmp_path, np.array(seeds, np.int64))

    assert found["seed"].dtype == np.int64
    assert found["seed"].tolist() == seeds


def test_the_environment_is_known_to_whoever_reads_them(tmp_path):
    found = kept(tmp_path, np.arange(3))

    assert found.schema.input == Seed("CartPole-v1")
    assert found.schema.targets == ()
    assert load_from_disk(str(tmp_path))["test"]["seed"][:] == [0, 1, 2]


def test_seeds_of_a_table_are_whole_numbers():
    table = Dataset.from_dict({"seed": [3, 5]})
    column = TableColumn("seed", table["seed"], table.features["seed"], table, "", True)

    kind, seeds = Seed("CartPole-v1").gather(column)

    assert kind == Seed("CartPole-v1")
    assert (seeds.dtype, seeds.tolist()) == (np.int64, [3, 5])


def test_a_seed_is_nothing_to_compute_with_and_no_layer_changes_it():
    kind = Seed("CartPole-v1")

    assert not kind.is_array
    assert kind.after((4,)) is kind
    assert kind.measures == ()


def test_only_the_same_seed_is_the_same_episode():
    kind = Seed("CartPole-v1")

    assert kind.look(3, None) == Look({}, digest(np.int64(3)))
    assert kind.look(3, None).digest != kind.look(4, None).digest
