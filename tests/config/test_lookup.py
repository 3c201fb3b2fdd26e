"""Names are found in the sources as Python itself would find them."""

import ast
import inspect

import keras
import optuna
import pytest

from components.config.lookup import (
    Definition,
    absolute,
    classes,
    find,
    function_parameters,
    near,
    parameters,
    source_file,
)
from components.run.code import digest


@pytest.mark.parametrize(
    ("home", "module"),
    [
        ("keras.layers", keras.layers),
        ("keras.losses", keras.losses),
        ("keras.optimizers", keras.optimizers),
        ("optuna.distributions", optuna.distributions),
    ],
)
def test_a_home_has_the_classes_that_python_sees(home, module):
    public = {name for name in dir(module) if name[0].isupper()}
    real = {name for name in public if inspect.isclass(getattr(module, name))}

    assert real <= set(classes(home))


@pytest.mark.parametrize("name", sorted(classes("keras.layers")))
def test_the_arguments_of_a_layer_are_those_of_its_constructor(name):
    signature = inspect.signature(getattr(keras.layers, name).__init__).parameters.values()
    own = {one.name for one in signature if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)}

    assert own - {"self"} <= set(parameters(find(name, ["keras.layers"], "layer")).names)


def test_the_first_home_wins():
    found = find("GlobalContrastNormalization", ["components.layers", "keras.layers"], "layer")

    assert found.module == "components.layers"


def test_a_name_cannot_reach_a_function():
    with pytest.raises(LookupError, match=r"^no layer 'concatenate' in keras\.layers; did you me"):
        find("concatenate", ["keras.layers"], "layer")


def test_a_class_of_the_users_own_is_found_by_its_module():
    assert find("fractions:Fraction", ["keras.layers"], "layer").load().__name__ == "Fraction"


def test_a_module_that_there_is_not_is_named():
    with pytest.raises(LookupError, match=r"^no module 'nowhere\.layers'$"):
        find("nowhere.layers:Own", ["keras.layers"], "layer")


def test_nothing_lies_below_a_module_that_is_no_package():
    assert source_file("components.config.lookup")
    assert source_file("components.config.lookup.json") is None


def test_a_function_that_a_module_hands_on_is_found_where_it_is(tmp_path, monkeypatch):
    (tmp_path / "nets_of_mine.py").write_text("def net(inputs, width, *, depth=2): ...\n")
    (tmp_path / "handed_on.py").write_text("from nets_of_mine import net\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    found = function_parameters("handed_on:net")

    assert set(found.names) >= {"width", "depth"}
    assert "width" in found.required
    assert not found.is_open
    with pytest.raises(
        LookupError, match=r"^no function 'nat' in nets_of_mine; did you mean 'net'"
    ):
        function_parameters("nets_of_mine:nat")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbfclass Own: ...\n", id="a mark of its bytes' order"),
        pytest.param(b"# -*- coding: latin-1 -*-\nclass Own: 'caf\xe9'\n", id="another encoding"),
    ],
)
def test_a_module_is_read_as_python_reads_it(tmp_path, monkeypatch, content):
    name = f"encoded_{len(content)}"
    (tmp_path / f"{name}.py").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)

    found = find(f"{name}:Own", [], "layer")

    assert found == Definition(name, "Own")
    assert found.load().__name__ == "Own"
    assert len(digest(name)) == 16


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Adamm", "; did you mean 'Adam'?", id="a letter too many"),
        pytest.param("adam", "; did you mean 'Adam'?", id="another case"),
        pytest.param("xyz", "", id="nothing near"),
    ],
)
def test_the_nearest_name_is_offered(name, hint):
    assert near(name, ["Adam", "SGD"]) == hint


@pytest.mark.parametrize(
    ("module", "line", "found"),
    [
        (
            "components.tasks.classification",
            "from .draw import a",
            "components.tasks.classification.draw",
        ),
        ("components.tasks.classification", "from .. import a", "components.tasks"),
        ("components.tasks.numbers", "from .interval import a", "components.tasks.interval"),
        ("components.tasks.numbers", "from ..base import a", "components.base"),
        ("components.tasks.numbers", "from json import a", "json"),
    ],
)
def test_a_relative_import_is_of_the_package_that_it_stands_in(module, line, found):
    (node,) = ast.parse(line).body

    assert absolute(module, node) == found
