"""The law: a task is one package and one file; neither stages nor shared rooms know of it."""

import ast
from functools import cache

import grimp
import pytest
from project import ROOT, STAGES

from components.config import compress, ingest, models, task, train
from components.config.extension import home
from components.config.lookup import classes

FEATURES = "components.data.features"
CHOSEN = {
    "components.ingest.sources": ingest.Config,
    "components.models": models.Config,
    "components.tasks": task.Config,
    "components.fitting": train.Config,
    "components.compress.methods": compress.Method,
}
"""By package, the annotation that finds what is in it by its name."""
OF_ONE_ANSWER = {
    "components.show.classes",
    "components.show.overlays",
    "components.show.residuals",
    "components.tasks.pixels",
}
"""Pictures and metrics of one kind of answer, which more than one task may give."""
KINDS = frozenset(classes(FEATURES))
ALLOWED = {
    ("components.data.features.feature", f"{FEATURES}.value"): (
        "what layers make of a column is numbers, unless its kind says otherwise"
    ),
    ("components.compress.litert", "components.fitting.supervised.predictor"): (
        "what the methods for Keras models share"
    ),
}
"""Imports of something concrete, with the reason."""


def shared():
    """The modules of the stages and of what all of them share, but what is found by its name."""
    rooms = ["base", "cli", "config", "data", "run", "fingerprint", *STAGES, "register"]
    packages = [f"components.{room}" for room in rooms]
    packages += ["components.fitting", "components.tasks", "components.models", "components.layers"]
    packages += ["components.show"]
    for package in packages:
        folder = ROOT / package.replace(".", "/")
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not (is_chosen(module) or is_of_a_kind(module) or module in OF_ONE_ANSWER):
                yield module, path


def is_chosen(module):
    """Whether a module is of something that files name: of a task, a source, ..."""
    return any(
        module == f"{package}.{name}" or module.startswith(f"{package}.{name}.")
        for package, annotation in CHOSEN.items()
        for name in home(annotation).names()
    )


def is_of_a_kind(module):
    """Whether a module is that of a kind of column, or of what shows one."""
    head, _, name = module.rpartition(".")
    kinds = {path.stem for path in (ROOT / FEATURES.replace(".", "/")).glob("*.py")}
    kinds -= {"__init__", "feature"}
    return head in (FEATURES, "components.show") and name in kinds


SHARED = dict(shared())


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("components", cache_dir=None)


def words(path):
    """The names in a module and its texts but docstrings, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in said:
                yield text, node.lineno
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.keyword(arg=str(name)):
                yield name, node.value.lineno


@cache
def of_datasets_or_pillow(path):
    """Names that a module has of others than us, such as Pillow's `Image`."""
    return {
        (alias.asname or alias.name).rpartition(".")[2]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and not (getattr(node, "module", None) or "").startswith("components")
        for alias in node.names
    }


def test_the_walk_sees_every_stage_and_every_task():
    assert {"components.evaluate.run", "components.fitting.watch", "components.base.files"} <= set(
        SHARED
    )
    assert "components.tasks.classification" not in SHARED
    assert "components.data.features.image" not in SHARED
    assert set(home(task.Config).names()) >= {"classification", "regression", "segmentation"}


def test_no_stage_and_no_shared_room_imports_what_is_found_by_its_name(graph):
    found = {
        (module, imported)
        for module in SHARED
        for imported in graph.find_modules_directly_imported_by(module)
        if is_chosen(imported) or is_of_a_kind(imported)
    }

    registry = {one for one in found if one[0] == FEATURES}  # names the kinds, and imports none
    assert found - registry == set(ALLOWED)


def test_no_stage_and_no_shared_room_names_a_task_or_a_kind_of_column_in_words():
    named = {*KINDS, *home(task.Config).names()}
    may = {FEATURES, *(module for module, _ in ALLOWED)}  # the list of kinds, and what is allowed
    found = {
        f"{module}:{line}: {word}"
        for module, path in SHARED.items()
        for word, line in words(path)
        if word in named - of_datasets_or_pillow(path) and module not in may
    }

    assert found == set()


def test_no_stage_and_no_shared_room_names_a_metric():
    """But what computes metrics, `components.tasks`."""
    where = home(task.Config)
    tasks = [where.find(name) for name in where.names()]
    metrics = {one.name for found in tasks for one in (*found.metrics, *found.curves)}
    found = {
        f"{module}:{line}: {word}"
        for module, path in SHARED.items()
        for word, line in words(path)
        if word in metrics and not module.startswith("components.tasks.")
    }

    assert {"accuracy", "rmse", "mean_iou"} <= metrics
    assert found == set()
