"""What a stage depends on: the code that it can reach, by what that does."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from components.base.errors import Stop
from components.config import lookup
from components.run import code


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
        pytest.param("def f(x):\n    return {**x, 'a': 1}\n", False, id="a key after the rest"),
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


def test_so_is_one_in_a_folder_of_it_and_not_one_of_another_package(modules, tmp_path):
    modules({"pack/__init__.py": "", "pack/inner/__init__.py": "", "pack/tables/a.csv": "1"})
    before, inner = code.digest("pack"), code.digest("pack.inner")
    for name in ("inner/page.html", "__pycache__/one.pyc", ".page.swp", "page.html~", "one.py"):
        modules({f"pack/{name}": ""})

    assert code.digest("pack") == before
    assert code.digest("pack.inner") != inner
    modules({"pack/tables/a.csv": "2"})
    assert code.digest("pack") != before


NAMING = (
    "X = open('tables/a.csv')\nY = 'no/such.csv', '', '\\0', '.'",
    "X = Path(__file__).parent / 'tables' / 'a.csv'\nY = '..', '/', 'tables/..', '.'",
)


@pytest.mark.parametrize("text", NAMING)
@pytest.mark.parametrize("data", ["src/tables/a.csv", "tables/a.csv"])
def test_a_file_that_a_module_names_is_part_of_it(modules, monkeypatch, data, text):
    monkeypatch.syspath_prepend("src")
    modules({"src/mine.py": text})
    found = [code.digest("mine")]
    for content in ("1", "2"):
        modules({data: content})
        found.append(code.digest("mine"))

    assert len(set(found)) == 3


def test_links_in_a_circle_end(modules, tmp_path):
    modules({"mine.py": "X = 'around', 'a.csv'", "a.csv": "1"})
    (tmp_path / "around").symlink_to(tmp_path)

    assert code.digest("mine")


def test_what_our_own_modules_name_is_declared_elsewhere(modules):
    before = code.digest("components.cli.project")
    modules({"dvc.yaml": "stages: {}", "params.yaml": "seed: 0"})

    assert code.digest("components.cli.project") == before


def test_a_module_from_elsewhere_is_followed(modules, monkeypatch, tmp_path_factory):
    """Behind a link, or from a folder of PYTHONPATH."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "one.py").write_text("import two")
    (elsewhere / "two.py").touch()
    modules({"top.py": "import one, link.three"})
    monkeypatch.syspath_prepend(elsewhere)
    (elsewhere / "pack").mkdir()
    for name in ("__init__", "three"):
        (elsewhere / "pack" / f"{name}.py").touch()
    Path("link").symlink_to(elsewhere / "pack")

    assert reached("top") == ["link", "link.three", "one", "top", "two"]


@pytest.mark.parametrize("place", [".venv/lib/python3/site-packages", "usr/lib/dist-packages"])
def test_what_is_installed_counts_by_its_version(modules, monkeypatch, place):
    monkeypatch.syspath_prepend(place)
    about = "fast_layers-1.2.dist-info"
    modules(
        {
            f"{place}/fast.py": "X = 1",
            f"{place}/{about}/METADATA": "Metadata-Version: 2.1\nName: fast-layers\nVersion: 1.2\n",
            f"{place}/{about}/RECORD": "fast.py,,\n",
            f"{place}/copied.py": "X = 1",
            "top.py": "import fast, copied\ntry:\n    import nowhere\nexcept OSError:\n    X = 1",
        }
    )

    found = code.digests(code.reached(["top"]), "tensorflow")

    assert found.keys() == {"top", "fast", "copied"}
    assert found["fast"] == "fast-layers 1.2"
    modules({f"{place}/fast.py": "X = 2", f"{place}/copied.py": "X = 2"})
    again = code.digests(code.reached(["top"]), "tensorflow")
    assert {name for name in found if again[name] != found[name]} == {"copied"}


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


def test_what_a_library_computes_with_counts_too():
    found = code.Reached(frozenset(), frozenset({"sklearn"}))

    assert code.digests(found, "tensorflow").keys() == {"sklearn", "scipy"}


def test_a_module_that_was_imported_behind_our_back_is_named(modules, monkeypatch):
    modules({"hidden.py": "X = 1", "seen.py": ""})
    for name in ("hidden", "seen"):
        module = ModuleType(name)
        module.__file__ = str(Path(f"{name}.py").absolute())
        monkeypatch.setitem(sys.modules, name, module)

    code.check_loaded(["seen", "hidden"])
    with pytest.raises(Stop, match=r"^hidden: imported in a way that the sources do not"):
        code.check_loaded(["seen"])


def test_so_is_one_from_a_folder_that_was_added_to_the_path(modules, monkeypatch):
    modules(
        {"mine.py": "import sys\nsys.path.insert(0, 'lib')\nimport helper", "lib/helper.py": ""}
    )
    known = code.digests(code.reached(["mine"]), "tensorflow")
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("mine", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    modules({"lib/helper.py": "X = 1"})

    import_module("mine")

    assert known.keys() == {"mine"}
    with pytest.raises(Stop, match=r"^helper: imported"):
        code.check_loaded(known)


def test_what_is_called_neutral_is_there():
    assert all(lookup.source_file(name) for name in [*code.NEUTRAL, *code.EXCEPTIONS])


@pytest.mark.parametrize("name", sorted(code.NEUTRAL))
def test_the_packages_of_neutral_modules_do_nothing(name):
    """They are imported with a module, by stages that follow none of it."""
    parent = name.rpartition(".")[0]

    assert parent == code.OURS or code.is_neutral(parent) or code._is_empty(parent)


def test_neutral_modules_compute_nothing():
    """They may read YAML, speak to people and to MLflow; a number of an output is not theirs."""
    neutral = [
        name
        for name in code.reached(["components.run.command", *code.EXCEPTIONS]).modules
        if code.is_neutral(name)
    ]

    assert neutral == []
    for name in code.NEUTRAL:
        imports = ("components.base.imports", "components.fitting.progress")
        if name not in (*imports, "components.layers.checks"):
            libraries = {one.partition(".")[0] for one in code._imports(name)}
            assert libraries.isdisjoint({"numpy", "keras", "tensorflow", "jax", "scipy", "PIL"})
