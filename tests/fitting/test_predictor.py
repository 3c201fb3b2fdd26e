"""A predictor is found by what its learner has written."""

import numpy as np
import pytest

from components.base.files import read_json, write_json
from components.fitting.predictor import describe, load, open_registered, package
from components.fitting.watch import Watch
from tests.fitting.made import pipeline, points

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
        (home / "__init__.py", ""),
        (home / "predictor.py", NAMED.format(said="predictor")),
        (home / "registered.py", NAMED.format(said="registered")),
    ):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    folder.mkdir()
    describe("learner_in_parts", folder)

    package(folder, [1, 2, 3], tmp_path / "registered")

    assert load(folder).predict(None) == ("predictor", "trained")
    assert open_registered(tmp_path / "registered").predict(None) == ("registered", "registered")
    assert (tmp_path / "registered" / "given.txt").read_text() == "trained 3"


def test_a_module_that_is_not_there_is_an_error_that_names_it(tmp_path):
    write_json({"home": "learner_that_went_away"}, tmp_path / "predictor.json")

    with pytest.raises(ModuleNotFoundError, match="learner_that_went_away"):
        load(tmp_path)
