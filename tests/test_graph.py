"""dvc.yaml names what each stage imports, so that a change of code reruns what it touches."""

from pathlib import Path

import grimp
import pytest
import yaml

ROOT = Path(__file__).parent.parent
STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]

# They read the command line and the YAML, or write files beside and rename: a change of theirs
# changes no output. Every stage's `__main__` imports them, so as deps they would rerun everything.
CHANGE_NO_OUTPUT = {
    "components",
    "components.command",
    "components.document",
    "components.errors",
    "components.files",
    "components.lookup",
    "components.overrides",
    "components.pipeline",
    "components.section",
    "components.workers",
}


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph("components")


def reached(graph, stage):
    """The modules that a stage's package reaches, not looking behind those that change nothing."""
    found, todo = set(), [f"components.{stage}", *graph.find_descendants(f"components.{stage}")]
    while todo:
        module = todo.pop()
        if module in found or module in CHANGE_NO_OUTPUT:
            continue
        found.add(module)
        todo += graph.find_modules_directly_imported_by(module)
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_depends_on_the_code_that_it_imports(imports, stage):
    deps = {Path(dep) for dep in STAGES[stage]["deps"]}

    files = {Path(*module.split(".")) for module in reached(imports, stage)}
    unnamed = {
        path
        for path in files
        if not any(dep in (path, path.with_suffix(".py"), *path.parents) for dep in deps)
    }

    assert unnamed == set()


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_names_no_code_that_it_does_not_import(imports, stage):
    code = {dep for dep in STAGES[stage]["deps"] if dep.startswith("components/")}

    used = {
        dep
        for dep in code
        for module in reached(imports, stage)
        if module.replace(".", "/").startswith(dep.removesuffix(".py"))
    }

    assert code == used


@pytest.mark.parametrize("stage", STAGES)
def test_every_path_of_the_command_line_is_in_the_graph(stage):
    entry = STAGES[stage]
    paths = {
        word for word in entry["cmd"].split() if word.startswith(("data/", "reports/", "sources/"))
    }
    named = {*entry["deps"], *entry["outs"]}
    for kind in ("metrics", "plots"):
        named |= {next(iter(one)) if isinstance(one, dict) else one for one in entry.get(kind, [])}

    assert paths - named == set()


@pytest.mark.parametrize("stage", STAGES)
def test_every_out_is_cached(stage):
    assert all(isinstance(out, str) for out in STAGES[stage]["outs"])
