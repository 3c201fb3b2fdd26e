"""The registry is brought in line with a package, once, whatever was done before."""

import json
import shutil

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus

from components.base.errors import Unavailable
from components.register import registry, stage
from components.register.stage import PACKAGE, RESTORED
from components.run import tracking
from tests.register.made import measured, outcomes, package, registered, trained


@pytest.fixture
def root(mlflow_store):
    return mlflow_store


def versions():
    found = MlflowClient().search_model_versions("name = 'pets'")
    return sorted(int(one.version) for one in found)


def logged():
    return MlflowClient().search_logged_models(["1"])


def runs():
    return mlflow.search_runs(["1"], output_format="list")


def test_the_first_model_becomes_the_champion(root):
    package(root / "package", "a", outcomes(10))

    found = registered(root)

    assert (found.version, found.champion) == (1, 1)
    assert found.sentence == "pets version 1 is the champion: there was no champion"


def test_a_second_time_nothing_is_done(root):
    package(root / "package", "a", outcomes(10))
    first = registered(root)
    before = MlflowClient().get_model_version("pets", "1").last_updated_timestamp

    assert registered(root) == first
    assert versions() == [1]
    assert len(logged()) == len(runs()) == 1
    assert MlflowClient().get_model_version("pets", "1").last_updated_timestamp == before


def test_the_run_that_trained_the_model_holds_what_later_stages_found(root):
    run_id = trained("a")
    package(root / "package", "a", outcomes(10))
    measured(root, "a", 0.25)

    registered(root)

    (run,) = runs()
    assert run.info.run_id == run_id
    assert run.data.params == {"train.epochs": "2"}
    assert run.data.metrics["test_accuracy"] == 0.95
    assert run.data.metrics["compressed/int8/size_bytes"] == 400
    assert run.data.metrics["compressed/float32/latency_ms"] == 0.25
    assert run.data.metrics["validation/corrupt/count"] == 3
    assert run.info.status == "FINISHED"
    files = {one.path for one in MlflowClient().list_artifacts(run_id)}
    assert {"report.html", "compressed.json", "validation.json"} <= files
    assert MlflowClient().get_model_version("pets", "1").run_id == run_id


def test_a_model_that_this_server_does_not_know_gets_its_run_written_anew(root):
    package(root / "package", "a", outcomes(10))

    registered(root)

    (run,) = runs()
    assert run.data.tags[RESTORED] == "true"
    assert run.info.status == "FINISHED"
    assert run.data.params["train.epochs"] == "40"
    history = MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [one.value for one in history] == [2.0, 1.0]


def interrupted(root, monkeypatch, killed_in):
    """A registration that ends in a method of the client."""

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, killed_in, die)
        with pytest.raises(KeyboardInterrupt):
            registered(root)


@pytest.mark.parametrize("killed_in", ["log_batch", "set_tag"])
def test_a_run_that_is_half_written_is_ended_and_written_anew(root, monkeypatch, killed_in):
    package(root / "package", "a", outcomes(10))
    interrupted(root, monkeypatch, killed_in)
    (left,) = runs()
    owner = json.loads(left.data.tags[tracking.OWNER])
    dead = json.dumps({**owner, "pid": 2**22 + 1})  # beyond what a kernel gives
    MlflowClient().set_tag(left.info.run_id, tracking.OWNER, dead)

    registered(root)

    found = {run.info.run_id: run for run in runs()}
    assert found.pop(left.info.run_id).info.status == "KILLED"
    (whole,) = found.values()
    assert whole.info.status == "FINISHED"
    assert whole.data.params["train.epochs"] == "40"


def test_files_that_the_server_has_lost_are_brought_to_it_again(root):
    package(root / "package", "a", outcomes(10))
    first = registered(root)
    shutil.rmtree(root / "mlruns")

    assert registered(root) == first

    model = {one.path for one in mlflow.artifacts.list_artifacts("models:/pets/1")}
    assert {"MLmodel", "outcomes.csv", "tf2model"} <= model
    (run,) = runs()
    files = {one.path for one in MlflowClient().list_artifacts(run.info.run_id)}
    assert {"report.html", "compressed.json"} <= files
    assert versions() == [1]
    assert len(logged()) == 1


@pytest.mark.parametrize("method", ["log_artifact", "log_model_artifacts"])
def test_files_that_never_came_make_no_champion(root, monkeypatch, method):
    package(root / "package", "a", outcomes(10))

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, method, lambda *_, **__: None)  # as by a sign-in page
        with pytest.raises(Unavailable, match=r"has taken the files of .* does not have them"):
            registered(root)

    aliases = [one.aliases for one in MlflowClient().search_registered_models()]
    assert not any(aliases)
    assert registered(root).champion == 1
    assert len(logged()) == len(runs()) == 1


def test_the_server_gets_files_of_its_own_and_the_package_stays_as_it_is(root):
    package(root / "package", "a", outcomes(10))
    source = {one.name: one.read_bytes() for one in (root / "package").rglob("*") if one.is_file()}

    registered(root)

    (graph,) = (root / "mlruns").rglob("saved_model.pb")
    assert not any(one.is_symlink() for one in (root / "mlruns").rglob("*"))
    assert graph.read_text() == "a"
    after = {one.name: one.read_bytes() for one in (root / "package").rglob("*") if one.is_file()}
    assert after == source


def test_the_alias_that_somebody_moves_to_a_model_that_lost_is_said_so(root):
    package(root / "package", "a", outcomes(10))
    registered(root)
    package(root / "package", "b", outcomes(40))
    assert registered(root).champion == 1

    MlflowClient().set_registered_model_alias("pets", "champion", "2")

    sentence = "pets version 2 is the champion: somebody moved the alias to it"
    assert registered(root).sentence == sentence


@pytest.mark.parametrize(
    ("version", "champion", "said"),
    [
        (None, 1, "pets: not registered: it is slow"),
        (2, 2, "pets version 2 stays the champion, though it is slow"),
        (2, 1, "pets version 2 stays registered, though it is slow"),
    ],
)
def test_what_a_gate_refuses_now_is_said_of_what_there_was_before(version, champion, said):
    assert stage.Standing("pets", version, champion, "it is slow", True).sentence == said


def test_who_moves_the_alias_away_from_the_better_model_is_not_overruled(root):
    package(root / "package", "a", outcomes(40))
    registered(root)
    package(root / "package", "b", outcomes(5))
    assert registered(root).champion == 2

    MlflowClient().set_registered_model_alias("pets", "champion", "1")

    says = "version 2 is not the champion, version 1 is: another was made the champion since"
    assert registered(root).sentence == f"pets {says}"


def test_a_run_that_was_deleted_is_not_added_to(root):
    run_id = trained("a")
    MlflowClient().delete_run(run_id)
    package(root / "package", "a", outcomes(10))

    registered(root)

    (run,) = runs()
    assert run.info.run_id != run_id
    assert run.data.tags[RESTORED] == "true"


def test_two_trainings_of_one_model_both_get_what_was_found(root):
    both = {trained("a") for _ in range(2)}
    package(root / "package", "a", outcomes(10))

    registered(root)

    assert {run.info.run_id for run in runs()} == both
    assert {run.data.metrics["test_accuracy"] for run in runs()} == {0.95}


def test_another_report_of_the_same_model_is_no_new_version(root):
    package(root / "package", "a", outcomes(10))
    registered(root)
    (root / "package" / "report" / "report.html").write_text("<p>in another colour")

    registered(root)

    assert versions() == [1]
    page = mlflow.artifacts.load_text(f"runs:/{runs()[0].info.run_id}/report.html")
    assert page == "<p>in another colour"


def test_below_the_minimum_nothing_is_registered_and_the_reason_is_kept(root):
    package(root / "package", "a", outcomes(150), refused="accuracy 0.2500 is below 0.9")

    found = registered(root)

    assert found.sentence == "pets: not registered: accuracy 0.2500 is below 0.9"
    assert MlflowClient().search_registered_models() == []
    assert runs()[0].data.metrics["test_accuracy"] == 0.25


@pytest.mark.parametrize("killed_in", ["log_model_artifacts", "finalize_logged_model"])
def test_a_killed_upload_is_done_again_and_never_registered_half(root, monkeypatch, killed_in):
    package(root / "package", "a", outcomes(10))
    interrupted(root, monkeypatch, killed_in)
    assert [one.status for one in logged()] == [LoggedModelStatus.PENDING]
    assert versions() == []

    registered(root)

    assert [one.status for one in logged()] == [LoggedModelStatus.READY]
    assert versions() == [1]
    found = mlflow.artifacts.list_artifacts(artifact_uri="models:/pets/1")
    files = {one.path for one in found}
    assert {"MLmodel", "outcomes.csv", "schema.json"} <= files


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "call",
    [
        "log_artifact",
        "log_text",
        "log_batch",
        "create_logged_model",
        "create_model_version",
        "update_model_version",
        "set_registered_model_alias",
        "set_model_version_tag",
    ],
)
def test_killed_at_any_call_the_next_run_ends_as_one_that_was_not(root, monkeypatch, call, after):
    run_id = trained("a")
    package(root / "package", "a", outcomes(10))
    real = getattr(MlflowClient, call)

    def dying(self, *arguments, **more):
        if after:
            real(self, *arguments, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, call, dying)
        with pytest.raises(KeyboardInterrupt):
            registered(root)

    found = registered(root)

    assert (found.version, found.champion) == (1, 1)
    assert versions() == [1]
    assert len(logged()) == 1
    (run,) = runs()
    assert (run.info.run_id, run.info.status) == (run_id, "FINISHED")
    assert run.data.metrics["test_accuracy"] == 0.95
    assert run.data.tags[PACKAGE]
    assert MlflowClient().get_model_version("pets", "1").description.startswith("Handwritten")


def test_of_two_that_register_at_once_both_keep_the_first_version(root, monkeypatch):
    package(root / "package", "a", outcomes(10))
    real = MlflowClient.create_model_version

    def overtaken(self, name, source, run_id, **more):
        real(self, name, source, run_id, **more)  # the other process, a moment earlier
        return real(self, name, source, run_id, **more)

    monkeypatch.setattr(MlflowClient, "create_model_version", overtaken)

    assert registered(root).version == 1
    assert versions() == [1]


def test_of_two_that_write_a_run_anew_at_once_both_keep_the_first(root, monkeypatch):
    package(root / "package", "a", outcomes(10))
    real = stage._restored
    made = []

    def overtaken(*given):
        made[:] = [real(*given), real(*given)]  # the other process, a moment earlier
        return made[1]

    monkeypatch.setattr(stage, "_restored", overtaken)
    registered(root)

    (run,) = runs()
    assert run.info.run_id == made[0]
    assert run.data.metrics["test_accuracy"] == 0.95


def test_of_two_that_say_at_once_what_came_out_of_a_run_neither_fails(root, monkeypatch):
    package(root / "package", "a", outcomes(10))
    real = MlflowClient.log_outputs

    def overtaken(self, run_id, models):
        real(self, run_id, models)
        raise mlflow.MlflowException("UNIQUE constraint failed: inputs.source_type")

    monkeypatch.setattr(MlflowClient, "log_outputs", overtaken)

    assert registered(root).champion == 1


def test_what_a_server_refuses_to_say_of_a_run_is_an_error(root, monkeypatch):
    def refuse(*_):
        raise mlflow.MlflowException("no")

    package(root / "package", "a", outcomes(10))
    monkeypatch.setattr(MlflowClient, "log_outputs", refuse)

    with pytest.raises(mlflow.MlflowException, match=r"^no$"):
        registered(root)


def test_a_version_whose_files_mlflow_has_forgotten_gives_its_place_to_a_new_one(root):
    package(root / "package", "a", outcomes(10))
    registered(root)
    package(root / "package", "b", outcomes(10))
    registered(root)
    for model in logged():
        if (
            model.tags[registry.VERSION]
            == MlflowClient().get_model_version("pets", "1").tags[registry.VERSION]
        ):
            MlflowClient().delete_logged_model(model.model_id)
    package(root / "package", "a", outcomes(10))

    found = registered(root)

    assert (found.version, found.champion) == (3, 3)
    assert versions() == [2, 3]
    assert mlflow.artifacts.list_artifacts("models:/pets/3")
    assert registered(root) == found


def test_the_reason_is_that_of_the_last_gate(root):
    package(root / "package", "a", outcomes(5))
    registered(root)
    package(root / "package", "b", outcomes(30))
    assert "accuracy differs by" in registered(root).reason

    assert "macro_f1 differs by" in registered(root, metric="macro_f1").reason


def test_the_card_names_the_weakest_classes_and_what_was_left_out(root):
    package(root / "package", "a", outcomes(10))
    measured(root, "a", 0.25)

    registered(root)

    text = MlflowClient().get_model_version("pets", "1").description
    assert "Weakest classes by F1: cat (0.500), dog (0.500)." in text
    assert "| float32 | 1.0 kB | 0.9000 | 0.250 ms |" in text
    assert "| int8 (left out) | 0.4 kB | 0.5000 |  |" in text
    assert f"- dataset: `{'d' * 64}`" in text


def test_latencies_of_another_model_are_not_said_of_this_one(root):
    package(root / "package", "a", outcomes(10))
    measured(root, "a", 0.25)
    registered(root)
    card = MlflowClient().get_model_version("pets", "1").description
    measured(root, "b", 0.5)

    registered(root)

    assert "| 0.250 ms |" in card
    assert MlflowClient().get_model_version("pets", "1").description == card


def test_what_the_server_says_otherwise_is_not_taken_for_nothing_there(root, monkeypatch):
    def unavailable(*_, **__):
        raise mlflow.MlflowException("try later", error_code=8)  # TEMPORARILY_UNAVAILABLE

    client = tracking.connect("pets")
    monkeypatch.setattr(MlflowClient, "get_registered_model", unavailable)

    with pytest.raises(mlflow.MlflowException, match="try later"):
        registry.find(client, "pets")
