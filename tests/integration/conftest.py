"""One cluster for all tests; none where what it consists of is not installed."""

import shutil
import tempfile
from pathlib import Path

import pytest
from project import Project

from scripts.cluster import needs

SEARCH = """
tune:
  space:
    train.optimizer.AdamW.weight_decay: {FloatDistribution: {low: 1.0e-4, high: 1.0e-1, log: true}}
    model.dropout: {FloatDistribution: {low: 0.0, high: 0.5}}
  trials: 4
  epochs: 2
  sampler: RandomSampler
  pruner: NopPruner
airflow: {retries: 1}
"""


@pytest.fixture(scope="session")
def installed():
    """Skips where something is missing, and says which line installs it."""
    if missing := needs.missing():
        pytest.skip(missing)


@pytest.fixture(scope="session")
def checkout(installed, tmp_path_factory):
    """The project with its smallest pipeline, made quick, and a graph of the user's own."""
    project = Project(tmp_path_factory.mktemp("user") / "project")
    shutil.copytree(Path(__file__).parent / "numbers", project.root / "numbers")
    project.edit("params.yaml", ("pipelines: [digits]", "pipelines: [diabetes]"))
    project.edit("pipelines/diabetes.yaml", ("epochs: 100", "epochs: 3"), ("max: 65", "max: 200"))
    with (project.root / "pipelines/diabetes.yaml").open("a") as file:
        file.write(SEARCH)
    project.commit("two lines")
    return project.root


@pytest.fixture(scope="session")
def seen(tmp_path_factory):
    """A folder that the stages of all workers see; nothing of the project's lies there."""
    folder = tmp_path_factory.mktemp("seen")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEN_BY_ALL", str(folder))
        yield folder


@pytest.fixture(scope="session")
def cluster(checkout, seen):
    """Two workers, on that project."""
    from cluster import Cluster

    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="millrace-", dir="/var/tmp"))
    folder.chmod(0o711)
    one = Cluster(folder / "cluster", checkout)
    yield one
    assert one.end() == 0
    shutil.rmtree(folder)
