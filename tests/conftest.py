"""What the tests share."""

import json
import os
import random
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import mlflow
import pytest
from mask_line import MaskLine
from photo_line import PhotoLine
from project import ROOT, Project
from prose_line import ProseLine
from small_line import SmallLine
from stages import run_line
from xdist.scheduler import LoadScopeScheduling

from components.register.run import register

# Airflow makes its home on import, and reads its settings there; not in the user's.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"

LONG = {
    f"tests/{name}.py"
    for name in (
        "promises/test_a_killed_training_goes_on",
        "promises/test_nothing_is_lost",
        "promises/test_same_inputs_same_bytes",
        "promises/test_training_and_serving_cannot_drift_apart",
        "promises/test_what_changed_reruns_and_nothing_else",
        "register/test_run",
        "test_end_to_end",
        "test_photos",
    )
}
"""The files that share the fixtures which take longest, `lines`, `survivors` and `photo_line`."""


class ByFile(LoadScopeScheduling):
    """Each file is done by one worker, and the long ones, which begin, by the same."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "long" if file in LONG else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """With `-n auto`: one more than there are processors, as many tests wait for a process."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n`."""
    return ByFile(config, log)


def pytest_collection_modifyitems(config, items):
    """With `-n`, the long ones first; alone, a process does them in the order it was asked for."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.location[0] not in LONG)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """What stages keep between runs is not the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILLRACE_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("MILLRACE_MIRROR", raising=False)
        patch.delenv("MILLRACE_TRIALS", raising=False)
        patch.delenv("MILLRACE_STATE", raising=False)
        patch.setenv("DVC_NO_ANALYTICS", "1")  # else each `dvc init` leaves a file of its own
        yield


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """The file of an MLflow store in which nothing is: to make its tables takes a second."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    mlflow.MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def mlflow_store(tmp_path, monkeypatch, empty_store):
    """An empty MLflow store of this test's own, in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield tmp_path
    mlflow.set_tracking_uri(before)


@pytest.fixture
def processes(monkeypatch):
    """However small the work is, other processes do it."""
    monkeypatch.setattr("components.base.workers.START_S", 0)


@pytest.fixture
def edited(tmp_path):
    """Writes the digits file with changes to its text, and gives its path."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (ROOT / "pipelines" / "digits.yaml").read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "digits.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def project(tmp_path):
    """A checkout in which nothing has run."""
    return Project(tmp_path)


SMALL = (("epochs: 40", "epochs: 12"), ("[2, 2]", "[1, 1]"), ("min: 0.97", "min: 0.9"))
"""Changes that make the bundled pipeline quick."""


BACKENDS = ("tensorflow", "jax")
one_backend = pytest.mark.parametrize("line", BACKENDS[:1], indirect=True)
"""Where what is tried has nothing to do with what Keras runs on."""
KILLED = ("ingest", "train", "compress", "register")


@pytest.fixture(scope="session", params=BACKENDS)
def line(request, lines):
    """A checkout in which `dvc repro` has run, on each backend, and a remote that has it all.

    Whoever changes a file puts it back.
    """
    return lines[request.param]


@pytest.fixture(scope="session")
def lines(request, tmp_path_factory):
    """By backend, as far as tests ask for it; at once, as most of the time is not computing."""
    specs = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    asked = {spec["line"] for spec in specs if spec.get("line") in BACKENDS}

    def made(backend):
        folder = tmp_path_factory.mktemp(backend)
        (folder / "remote").mkdir()
        (folder / "checkout").mkdir()
        project = Project(folder / "checkout")
        project.backend = backend
        project.edit("params.yaml", ("backend: tensorflow", f"backend: {backend}"))
        project.edit("pipelines/digits.yaml", *SMALL)
        project.dvc("remote", "add", "-d", "shared", str(folder / "remote"), "-q")
        project.commit("small")
        project.output = project.dvc("repro")
        project.dvc("push", "--run-cache", "-q")
        project.lock = (project.root / "dvc.lock").read_text()
        return project

    with ThreadPoolExecutor() as pool:
        return dict(zip(asked, pool.map(made, asked), strict=True))


@pytest.fixture(scope="session")
def survivor(line, tmp_path_factory):
    """Another checkout of the same, killed several times, and then left to end.

    It knows nothing of what the first has run, and its user has settings of Keras's of their own.
    """
    keras_home = tmp_path_factory.mktemp("keras")
    settings = {"floatx": "float64", "epsilon": 0.01, "image_data_format": "channels_first"}
    (keras_home / "keras.json").write_text(json.dumps(settings))
    draw = random.Random(line.backend)  # noqa: S311
    project = line.clone(tmp_path_factory.mktemp("survivor") / "checkout")
    project.dvc("remote", "remove", "shared")
    project.commit("alone")
    project.settings = {"KERAS_HOME": str(keras_home)}
    project.left = {}
    for stage in KILLED:
        project.killed(
            *(sys.executable, "-m", "dvc", "repro"),
            when=project.begins(stage),
            delay_s=draw.uniform(0, 3),
            alone=stage == "train",
        )
        project.left[stage] = project.outputs()
    project.output = project.dvc("repro")
    return project


@pytest.fixture(scope="session")
def photo_line(tmp_path_factory, empty_store):
    """A project in which every stage has run in this process, on photos of three sizes.

    The names that `path` gives are the paths of its files, `runs` has the runs of its stages.
    """
    root = tmp_path_factory.mktemp("photos")
    project = PhotoLine(root)
    shutil.copy(empty_store, root / "mlflow.db")
    with project.entered():
        project.runs = run_line(root, "photos")
        project.standing = dict(register(root))["photos"]
    return project


@pytest.fixture(scope="session")
def mask_line(tmp_path_factory, empty_store):
    """As `photo_line`, on photos with masks, the pipeline `horses`."""
    root = tmp_path_factory.mktemp("masks")
    project = MaskLine(root)
    shutil.copy(empty_store, root / "mlflow.db")
    with project.entered():
        project.runs = run_line(root, "horses")
        project.standing = dict(register(root))["horses"]
    return project


@pytest.fixture(scope="session")
def small_lines(tmp_path_factory, empty_store):
    """Gives such a project of a bundled pipeline, by its name."""

    def made(name):
        root = tmp_path_factory.mktemp(name)
        project = SmallLine(root, name)
        shutil.copy(empty_store, root / "mlflow.db")
        with project.entered():
            project.runs = run_line(root, name)
            project.standing = dict(register(root))[name]
        return project

    return cache(made)


@pytest.fixture(scope="session")
def prose_line(tmp_path_factory, empty_store):
    """As `photo_line`, on a small text, the pipeline `prose`."""
    root = tmp_path_factory.mktemp("prose")
    project = ProseLine(root)
    shutil.copy(empty_store, root / "mlflow.db")
    with project.entered():
        project.runs = run_line(root, "prose")
        project.standing = dict(register(root))["prose"]
    return project


@pytest.fixture(scope="session")
def cluster():
    """The address of a Dask cluster of two processes on loopback."""
    import dask
    from distributed import LocalCluster

    # It stands idle for most of the session, and would take a fifth of a processor all the time.
    quiet = {
        "distributed.worker.profile.enabled": False,
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "5s",
        "distributed.worker.memory.monitor-interval": "1s",
    }
    with (
        dask.config.set(quiet),
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as made,
    ):
        yield made.scheduler_address
