"""Trials that stand each by itself: who runs them, and when, changes nothing."""

import shutil
from pathlib import Path

import mlflow
import optuna
import pytest
from stages import _called, run_line
from tune_line import TuneLine

from components.base.errors import Stop
from components.config.tune import Config
from components.run.trials import Outcome, Trials
from components.tune.draw import drawn, space
from components.tune.run import _key

BEFORE = ("ingest", "validate", "preprocess", "augment")
RATE, SIZE = "train.learning_rate", "train.batch_size"
SPACE = {
    RATE: {"FloatDistribution": {"low": 1e-6, "high": 0.1, "log": True}},
    SIZE: {"IntDistribution": {"low": 4, "high": 16, "step": 4}},
}
RANDOM = {"space": SPACE, "sampler": "RandomSampler", "pruner": "NopPruner", "trials": 3}
GRID = {RATE: [1e-3, 1e-2], SIZE: [4, 8, 16]}


@pytest.fixture(scope="module")
def line(tmp_path_factory, empty_store):
    """A project in which all that a search depends on is there."""
    root = tmp_path_factory.mktemp("search")
    project = TuneLine(root)
    shutil.copy(empty_store, root / "mlflow.db")
    with project.entered():
        run_line(root, "diabetes", *BEFORE)
    return project


@pytest.fixture(scope="module")
def alone(line):
    """What a search in one process finds, in a storage of its own."""
    with line.entered(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILLRACE_TRIALS", f"sqlite:///{line.root}/alone.db")
        run_line(line.root, "diabetes", "tune")
    return line.found()


@pytest.fixture(scope="module")
def same(line):
    """The key of the search as it is."""
    return key(line)


@pytest.fixture
def storage(tmp_path, monkeypatch):
    """An empty one."""
    path = tmp_path / "trials.db"
    monkeypatch.setenv("MILLRACE_TRIALS", f"sqlite:///{path}")
    return path


def of(settings, key="key"):
    config = Config.model_validate(settings)
    return Trials(key, space(config), drawn(config, 0))


def test_three_processes_in_any_order_find_what_one_finds(line, alone, storage):
    workers = [line.start(3, 0), line.start(2), line.start(1, 2)]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    before = [len(line.runs(number)) for number in range(4)]

    with line.entered():
        run_line(line.root, "diabetes", "tune")
        client = mlflow.MlflowClient()
        search, *_ = client.search_runs(["1"], "attributes.run_name = 'search'", max_results=1)
        nested = client.search_runs(["1"], f"tags.mlflow.parentRunId = '{search.info.run_id}'")

    assert line.found() == alone
    assert [len(line.runs(number)) for number in range(4)] == before
    assert set(line.kept(storage)) == {0, 1, 2, 3}
    assert {run.data.tags["optuna.trial"] for run in nested} == {"0", "1", "2", "3"}


def test_a_trial_that_was_killed_is_run_again_and_it_alone(line, alone, storage):
    before = [len(line.runs(number)) for number in range(4)]

    status = line.killed(*line.worker(0, 1), when=lambda: line.runs(1)[-1:] == ["RUNNING"])

    assert status == -9
    assert line.kept(storage) == [0]
    with line.entered():
        run_line(line.root, "diabetes", "tune")
    assert line.found() == alone
    assert line.kept(storage) == [0, 1, 2, 3]
    after = [len(line.runs(number)) for number in range(4)]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 2, 1, 1]
    assert line.runs(1)[-2:] == ["KILLED", "FINISHED"]


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("params.yaml", ("seed: 0", "seed: 1")),
        ("params.yaml", ("backend: tensorflow", "backend: jax")),
        ("pipelines/diabetes.yaml", ("high: 0.5", "high: 0.6")),
        ("pipelines/diabetes.yaml", ("units: [64]", "units: [32]")),
        ("data/diabetes/ready/dataset.json", ('"fingerprint": "', '"fingerprint": "0')),
        (
            "components/fitting/supervised/fit.py",
            ("BATCH = 1024", "BATCH = 1"),
        ),
    ],
)
def test_another_search_does_not_find_the_trials(line, same, file, change):
    text = (line.root / file).read_text()

    line.edit(file, change)
    after = key(line)
    (line.root / file).write_text(text)

    assert after != same


def test_the_same_search_finds_them_again(line, same):
    assert key(line) == same


def test_a_search_that_is_made_longer_finds_the_trials_that_there_are(line, same, storage):
    line.edit("pipelines/diabetes.yaml", ("trials: 4", "trials: 9"))
    after = key(line)
    line.edit("pipelines/diabetes.yaml", ("trials: 9", "trials: 4"))

    assert after == same
    few, many = of(RANDOM), of({**RANDOM, "trials": 9})
    assert many.drawn[:3] == few.drawn
    few.keep(2, Outcome(0.5, 2))
    assert many.ended() == {2: Outcome(0.5, 2)}


def key(line):
    """Of the search, as a stage that is called now has it."""
    line.run("python", "-m", "components.fingerprint", "--params", "params.yaml", "--out=data/code")
    with line.entered():
        return _key(_called(Path(line.root), "diabetes", "tune"))


def test_of_two_that_ran_the_same_the_first_counts(storage):
    trials = of(RANDOM)

    trials.keep(1, Outcome(0.25, 2))
    trials.keep(1, Outcome(0.75, 2))

    assert trials.ended() == {1: Outcome(0.25, 2)}


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(0.1 + 0.2, 3),
        Outcome(float("inf"), 1),
        Outcome(None, 1, "train: the loss is not a number in epoch 1"),
    ],
)
def test_what_is_kept_is_what_a_trial_came_to_to_the_last_digit(storage, outcome):
    of(RANDOM).keep(0, outcome)

    assert of(RANDOM).ended() == {0: outcome}
    assert of(RANDOM, "another").ended() == {}


def test_what_others_have_written_is_not_taken(storage):
    trials = of(RANDOM)
    study = optuna.load_study(study_name="millrace key", storage=f"sqlite:///{storage}")
    right = {"value": 0.5, "epochs": 2, "diverged": ""}
    for number, said, params, value in [
        ("0", right, trials.drawn[0], 0.5),
        (99, right, trials.drawn[0], 0.5),
        (-1, right, trials.drawn[2], 0.5),
        (0, right, trials.drawn[1], 0.5),
        (0, right, {}, 0.5),
        (0, right, trials.drawn[0], 0.6),
        (0, {**right, "epochs": "many"}, trials.drawn[0], 0.5),
        (0, {**right, "more": 1}, trials.drawn[0], 0.5),
        (0, "nonsense", trials.drawn[0], 0.5),
        (0, None, trials.drawn[0], 0.5),
    ]:
        attributes = {"millrace.number": number, "millrace.outcome": said}
        kinds = {name: trials.space[name] for name in params}
        study.add_trial(
            optuna.trial.create_trial(
                value=value, params=params, distributions=kinds, user_attrs=attributes
            )
        )
    study.ask()
    trials.keep(2, Outcome(0.5, 2))

    assert trials.ended() == {2: Outcome(0.5, 2)}


def test_a_file_that_is_no_storage_says_what_to_do(storage):
    storage.write_text("nothing of Optuna's" * 100)

    with pytest.raises(Stop) as caught:
        of(RANDOM)

    assert str(caught.value) == (
        f"tune: the storage of trials at {storage} cannot be used: file is not a database; "
        "remove it, and its trials are run again, or set MILLRACE_TRIALS to another"
    )


def test_a_file_that_cannot_be_made_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "notes").write_text("")
    monkeypatch.setenv("MILLRACE_TRIALS", f"sqlite:///{tmp_path}/notes/trials.db")

    with pytest.raises(Stop) as caught:
        of(RANDOM)

    assert str(caught.value) == (
        f"tune: the storage of trials at {tmp_path}/notes/trials.db cannot be used: "
        f"File exists: {tmp_path}/notes; make its folder one that can be written to, "
        "or set MILLRACE_TRIALS to another"
    )


def test_a_server_that_does_not_answer_says_what_to_do_and_no_password(monkeypatch):
    monkeypatch.setenv("MILLRACE_TRIALS", "postgresql://me:secret@127.0.0.1:1/trials?password=word")

    with pytest.raises(Stop) as caught:
        of(RANDOM)

    said = str(caught.value)
    start = "tune: the storage of trials at postgresql://127.0.0.1:1/trials cannot be used: "
    assert said.startswith(start)
    assert said.endswith(", or set MILLRACE_TRIALS to another")
    assert "secret" not in said
    assert "word" not in said.replace("password", "")


def test_a_storage_that_is_damaged_meanwhile_says_what_to_do(storage):
    trials = of(RANDOM)
    storage.write_text("nothing of Optuna's" * 100)

    with pytest.raises(Stop, match="remove it, and its trials are run again"):
        trials.keep(0, Outcome(0.5, 2))


@pytest.mark.parametrize(
    ("settings", "numbers"),
    [
        pytest.param({}, [], id="nothing is searched"),
        pytest.param({**RANDOM, "space": {}}, [], id="an empty space"),
        pytest.param(RANDOM, [0, 1, 2], id="each is drawn by itself"),
        pytest.param({**RANDOM, "sampler": "TPESampler"}, [], id="it learns from those before"),
        pytest.param({**RANDOM, "pruner": "MedianPruner"}, [], id="it compares with others"),
        pytest.param(
            {**RANDOM, "sampler": {"GridSampler": {"search_space": GRID}}, "trials": 20},
            [0, 1, 2, 3, 4, 5],
            id="a grid has as many as points",
        ),
        pytest.param(
            {**RANDOM, "sampler": {"GridSampler": {"search_space": GRID}}, "trials": 2},
            [0, 1],
            id="a part of a grid",
        ),
    ],
)
def test_the_trials_that_stand_by_themselves(settings, numbers):
    assert [*Config.model_validate(settings).numbers] == numbers


def test_a_grid_has_every_point_once():
    sampler = {"GridSampler": {"search_space": GRID}}

    found = drawn(Config.model_validate({**RANDOM, "sampler": sampler, "trials": 20}), 0)

    points = [(rate, size) for rate in GRID[RATE] for size in GRID[SIZE]]
    assert sorted((one[RATE], one[SIZE]) for one in found) == points


@pytest.mark.filterwarnings("ignore:The value `5` is out of range")
@pytest.mark.parametrize("grid", [{RATE: [1e-3]}, {RATE: [1e-3], SIZE: [5]}])
def test_a_grid_that_is_not_of_the_space_is_said(grid):
    sampler = {"GridSampler": {"search_space": grid}}
    config = Config.model_validate({**RANDOM, "sampler": sampler})

    with pytest.raises(Stop, match=r"^tune.sampler: does not go with tune.space: .*batch_size"):
        drawn(config, 0)


def test_the_plan_is_written_as_json(line):
    said = line.run("python", "-m", "components.tune.plan", "pipelines/diabetes.yaml")

    assert said == "[0, 1, 2, 3]\n"


def test_a_trial_that_there_is_not_is_said(line):
    key(line)  # another test has made the search longer

    said = line.run(*line.worker(4), status=2)

    assert said == "tune: no trial 4 stands by itself; there are 0 to 3\n"
