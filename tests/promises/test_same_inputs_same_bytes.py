"""Promise 1: same inputs, same bytes."""

import pytest
import yaml
from project import STAGES, ran

from tests.conftest import one_backend


@one_backend
def test_a_run_in_another_folder_gives_the_bytes_of_the_first(line, survivor):
    """Whatever has happened to it on its way."""
    lock = (survivor.root / "dvc.lock").read_text()

    assert lock == line.lock
    assert survivor.outputs() == line.outputs()


@pytest.mark.parametrize("line", ["jax"], indirect=True)  # the other is in the test above
def test_what_keras_computes_in_another_folder_is_the_first_to_the_byte(line, tmp_path):
    theirs = line.clone(tmp_path / "theirs")
    theirs.dvc("repro", "--pull")
    stages = [f"{stage}@digits" for stage in ("preprocess", "train", "compress")]

    output = theirs.dvc("repro", "--force", "--single-item", *stages)

    assert ran(output) == stages
    assert (theirs.root / "dvc.lock").read_text() == line.lock
    assert theirs.outputs() == line.outputs()


def test_every_output_has_a_hash_that_is_compared(line):
    graph = yaml.safe_load((line.root / "dvc.yaml").read_text())["stages"]
    locked = yaml.safe_load(line.lock)["stages"]

    for name in STAGES:
        kinds = [graph[name].get(kind, []) for kind in ("outs", "metrics", "plots")]
        declared = sum(map(len, kinds))
        assert len(locked[f"{name}@digits"]["outs"]) == declared
        assert all(out["md5"] for out in locked[f"{name}@digits"]["outs"])


def test_no_output_names_a_folder_a_server_or_a_run(line):
    """A second run in the same place would not show these."""
    words = [str(line.root), "sqlite:", "mlflow.db", "millrace.run", "/home/", "/tmp/"]  # noqa: S108

    for folder in ("data", "reports", "packages"):
        for path in (line.root / folder).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                found = [word for word in words if word.encode() in content]
                assert not found, f"{path}: {found}"


def test_what_a_machine_measures_is_no_output(line):
    for stage in STAGES:
        assert line.read(f"measured/digits/{stage}.json")["seconds"] > 0
    stages = yaml.safe_load(line.lock)["stages"].values()
    written = [out["path"] for stage in stages for out in stage.get("outs", [])]
    assert not [path for path in written if path.startswith("measured")]
    assert line.run("git", "check-ignore", "measured/digits/train.json")
