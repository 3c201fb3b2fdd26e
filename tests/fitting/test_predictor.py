"""A predictor is found by what its learner has written."""

from importlib import import_module

import numpy as np
import pytest

from components.base.errors import Stop
from components.base.files import read_json, write_json
from components.fitting.predictor import describe, load, open_registered, package
from components.fitting.watch import Watch
from tests.fitting.made import pipeline, points

SECTION = """\
from components.config.train import Learner


class Parts(Learner):
    learner: str = "parts"
"""
NAMED = """\
class Named:
    def __init__(self, folder):
        self.said = "{said}", folder.name

    def predict(self, split):
        return self.said


def load(folder):
    return Named(folder)


def package(trained, examples, folder):
    folder.mkdir()
    (folder / "given.txt").write_text(f"{{trained.name}} {{len(examples)}}")
"""


@pytest.fixture
def trained(tmp_path):
    """What a learner of the user's own leaves of three examples above and one below."""
    data = points(train=60)
    above = np.flatnonzero(data.train.target)[:3]
    below = np.flatnonzero(data.train.target == 0)[:1]
    file = pipeline(train={"learner": "own_learner:Shares"})
    few = data.train.take(np.concatenate([above, below]))
    folder = tmp_path / "trained"
    folder.mkdir()
    file.train.fit(file, type(data)(few, few, None, tmp_path), 0, Watch()).save(folder)
    return folder


def test_the_predictor_of_ones_own_module_is_found(trained):
    predictor = load(trained)

    assert type(predictor).__module__ == "own_learner"
    assert predictor.predict(points().validation.take(np.arange(2))).tolist() == [[0.25, 0.75]] * 2


def test_what_is_registered_is_found_by_the_same_file(trained, tmp_path):
    registered = tmp_path / "registered"

    package(trained, points().validation.take(np.arange(5)), registered)

    assert read_json(registered / "predictor.json") == {"home": "own_learner"}
    assert read_json(registered / "examples.json") == 5
    assert open_registered(registered).shares == load(trained).shares


def test_a_package_has_its_two_predictors_in_modules(tmp_path, monkeypatch):
    home, folder = tmp_path / "learner_in_parts", tmp_path / "trained"
    for path, text in (
        (home / "__init__.py", SECTION),
        (home / "predictor.py", NAMED.format(said="predictor")),
        (home / "registered.py", NAMED.format(said="registered")),
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    import_module("learner_in_parts")  # as whoever reads a file that names it
    folder.mkdir()
    describe("learner_in_parts", folder)

    package(folder, [1, 2, 3], tmp_path / "registered")

    assert load(folder).predict(None) == ("predictor", "trained")
    assert open_registered(tmp_path / "registered").predict(None) == ("registered", "registered")
    assert (tmp_path / "registered" / "given.txt").read_text() == "trained 3"


@pytest.mark.parametrize(
    "home", ["learner_of_others", "components_of_others.fitting", "os", "components"]
)
def test_a_predictor_of_what_the_pipeline_file_does_not_name_is_not_imported(
    home, tmp_path, monkeypatch
):
    (tmp_path / "learner_of_others.py").write_text("raise SystemExit('it was run')\n")
    monkeypatch.syspath_prepend(tmp_path)
    write_json({"home": home}, tmp_path / "predictor.json")

    with pytest.raises(Stop) as caught:
        open_registered(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/predictor.json: it is of {home}, which is no learner of the pipeline file; "
        "name that learner in it, or train the model anew"
    )
