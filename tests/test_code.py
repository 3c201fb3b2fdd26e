"""What a stage depends on: the code that it can reach, by what that does."""

import sys
from types import ModuleType

import pytest

from components import code
from components.config import lookup


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules of a project, and forgets what is known of files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(texts):
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for module in (code, lookup):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()

    yield write
    write({})


def reached(*roots):
    return sorted(code.reached(roots).modules)


BASE = "def f(x):\n    '''Doubles.'''\n    return 2 * x  # twice\n"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        pytest.param("def f(x):\n    return 2 * x\n", True, id="no words"),
        pytest.param(
            "'''A module.'''\n\n\ndef f(x):\n  # more\n  return 2*x\n", True, id="more words"
        ),
        pytest.param("def f(x):\n    return (\n        2 * x\n    )\n", True, id="another layout"),
        pytest.param("def f(x):\n    return 3 * x\n", False, id="another number"),
        pytest.param("def f(y):\n    return 2 * y\n", False, id="another name"),
        pytest.param("def f(x=None):\n    return 2 * x\n", False, id="a default"),
        pytest.param("def f(x):\n    return 2.0 * x\n", False, id="another type"),
        pytest.param("def f(x):\n    return x * 2\n", False, id="another order"),
        pytest.param("def f(x):\n    return 2 * x\n\n\nA = 1\n", False, id="something more"),
        pytest.param("async def f(x):\n    return 2 * x\n", False, id="another kind"),
    ],
)
def test_a_module_is_what_it_does(modules, text, same):
    modules({"mine.py": BASE})
    before = code.digest("mine")

    modules({"mine.py": text})

    assert (code.digest("mine") == before) is same


def test_a_data_file_of_a_package_is_part_of_it(modules, tmp_path):
    modules({"pack/__init__.py": ""})
    before = code.digest("pack")
    (tmp_path / "pack" / "page.html").write_text("<p>")
    modules({})

    assert code.digest("pack") != before


def test_imports_are_followed_wherever_they_stand(modules):
    modules(
        {
            "top.py": "import a\nfrom b import c\ndef f():\n    import d.e\n",
            "a.py": "",
            "b.py": "from f import x\nc = 1",
            "d/__init__.py": "",
            "d/e.py": "import math, numpy",
            "f.py": "x = 1",
            "g.py": "",
        }
    )

    found = code.reached(["top"])

    assert sorted(found.modules) == ["a", "b", "d", "d.e", "f", "top"]
    assert found.libraries == {"numpy"}


def test_relative_imports_are_followed(modules):
    modules(
        {
            "pack/__init__.py": "from .one import A",
            "pack/one.py": "from . import two\nfrom .three import B",
            "pack/two.py": "",
            "pack/three.py": "B = 1",
            "pack/four.py": "",
        }
    )

    assert reached("pack") == ["pack", "pack.one", "pack.three", "pack.two"]


def test_what_is_for_type_checkers_alone_is_not_followed(modules):
    choice = "if TYPE_CHECKING:\n    import a\nelse:\n    import b"
    modules({"top.py": f"from typing import TYPE_CHECKING\n{choice}", "a.py": "", "b.py": ""})

    assert reached("top") == ["b", "top"]


def test_circles_end(modules):
    modules({"a.py": "import b", "b.py": "import a"})

    assert reached("a") == ["a", "b"]


def test_the_other_backend_does_not_count():
    found = code.Reached(frozenset(), frozenset({"keras", "jax", "numpy", "tqdm"}))

    assert code.digests(found, "tensorflow").keys() == {"keras", "numpy", "tensorflow"}
    assert code.digests(found, "jax").keys() == {"keras", "numpy", "jax", "jaxlib"}


def test_a_module_that_was_imported_behind_our_back_is_named(modules, monkeypatch):
    modules({"hidden.py": "X = 1", "seen.py": ""})
    for name in ("hidden", "seen"):
        module = ModuleType(name)
        module.__file__ = f"{name}.py"
        monkeypatch.setitem(sys.modules, name, module)

    code.check_loaded(["seen", "hidden"])
    with pytest.raises(RuntimeError, match=r"^hidden: imported in a way that the sources do not"):
        code.check_loaded(["seen"])


def test_what_is_called_neutral_is_there():
    assert all(lookup.source_file(name) for name in [*code.NEUTRAL, *code.EXCEPTIONS])


def test_neutral_modules_compute_nothing():
    """They may read YAML, speak to people and to MLflow; a number of an output is not theirs."""
    neutral = [
        name
        for name in code.reached(["components.command", *code.EXCEPTIONS]).modules
        if code.is_neutral(name)
    ]

    assert neutral == []
    for name in code.NEUTRAL:
        if name not in ("components.fitting.progress", "components.layer_checks"):
            libraries = {one.partition(".")[0] for one in code._imports(name)}
            assert libraries.isdisjoint({"numpy", "keras", "tensorflow", "jax", "scipy", "PIL"})
