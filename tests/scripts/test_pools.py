"""The pools that the pipelines of a commit name."""

import pytest
from project import ROOT

from components.base.errors import Stop
from scripts.standalone.pools import named


@pytest.fixture
def pipelines(repository):
    """Writes pipeline files, each with its pool of `train`, and makes them active."""

    def write(**pools):
        (repository.root / "pipelines").mkdir(exist_ok=True)
        for name, pool in pools.items():
            text = (ROOT / "pipelines" / "digits.yaml").read_text()
            assert "{train: gpu}" in text
            path = repository.root / "pipelines" / f"{name}.yaml"
            path.write_text(text.replace("{train: gpu}", f"{{train: {pool}}}"))
        active = "".join(f"\n  - {name}" for name in pools)
        (repository.root / "params.yaml").write_text(f"pipelines:{active}\n")

    return write


def test_they_are_those_of_the_commit_and_not_of_the_folder(repository, pipelines):
    pipelines(a="gpu", b="default_pool")
    commit = repository.commit("pools")
    pipelines(a="saved", b="later")

    assert named(repository.root, commit) == {"gpu"}


def test_a_pipeline_that_is_not_active_has_none(repository, pipelines):
    pipelines(a="one")
    pipelines(b="two")

    assert named(repository.root, repository.commit("pools")) == {"two"}


def test_a_file_with_mistakes_is_passed_over(repository, pipelines):
    pipelines(a="one", b="two, trein: three")

    assert named(repository.root, repository.commit("pools")) == {"one"}


def test_a_name_without_a_file_costs_the_others_nothing(repository, pipelines):
    pipelines(a="one")
    (repository.root / "params.yaml").write_text("pipelines: [gone, a]\n")

    assert named(repository.root, repository.commit("pools")) == {"one"}


def test_a_commit_without_pipelines_is_told(repository):
    commit = repository.commit("nothing")

    with pytest.raises(Stop) as error:
        named(repository.root, commit)

    assert str(error.value) == (
        f"the pools of commit {commit[:7]} are not known: "
        "fatal: pathspec 'params.yaml' did not match any files"
    )
