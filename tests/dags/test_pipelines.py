"""The DAG file, as Airflow parses it."""

import json
import os
import sys

import pytest
from checkout import lay, small
from project import ALWAYS, STAGES

SHOW = """
import json, sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
root = Path(sys.argv[1])
bag = DagBag(dag_folder=str(root / "dags"), bundle_path=root, bundle_name="test")
print(">", json.dumps([bag.import_errors, {
    name: {"tasks": [task.task_id for task in dag.topological_sort()], "doc": dag.doc_md}
    for name, dag in bag.dags.items()
}]))
"""
HEAVY = ("dvc", "keras", "mlflow", "tensorflow", "jax", "numpy", "ruamel", "optuna")
PARSE = f"""
import runpy, sys
from airflow.configuration import conf
from airflow.providers.standard.operators.hitl import ApprovalOperator
before = set(sys.modules)
found = runpy.run_path("dags/pipelines.py")
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(">", sorted(key for key in found if key.startswith("dag_")), sorted(loaded & {set(HEAVY)}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = small(tmp_path_factory.mktemp("parsed"), weekly="stages:\n  print: {cmd: touch out}\n")
    made.settings = {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow"))}
    return made


@pytest.fixture
def clone(project, tmp_path):
    made = project.clone(tmp_path / "clone")
    made.settings = {"AIRFLOW_HOME": str(tmp_path / "airflow")}
    return made


def bag(project):
    """Import errors, and by name the tasks and the documentation of the DAGs."""
    said = project.run(sys.executable, "-c", SHOW, str(project.root))
    return json.loads(said.partition("> ")[2].splitlines()[0])


def test_every_line_is_a_dag(project):
    errors, dags = bag(project)

    assert errors == {}
    assert dags["digits"]["tasks"] == [
        *("open", ALWAYS[0], *STAGES, ALWAYS[1], "close"),
    ]
    assert dags["weekly"]["tasks"] == ["open", "print", "close"]


def test_a_broken_line_is_its_own_dag_alone(clone):
    clone.edit("pipelines/digits.yaml", ("epochs: 40", "epoch: 40"))
    lay(clone, "bad", "stages:\n  a: [\n")
    lay(clone, "params", "stages:\n  a: {cmd: x, outs: ['${gone}']}\n")
    clone.edit("params.yaml", ("[digits]", '[digits, "$(touch x)"]'))
    clone.commit("mistakes")

    errors, dags = bag(clone)

    assert errors == {}
    assert dags.pop("weekly")["tasks"] == ["open", "print", "close"]
    assert sorted(dags) == ["__touch_x_", "bad", "digits", "params", "params.2"]
    assert {tuple(one["tasks"]) for one in dags.values()} == {("mistakes",)}
    assert "pipelines/digits.yaml:25: train.epoch: unknown key" in dags["digits"]["doc"]
    assert "bad/dvc.yaml:3: " in dags["bad"]["doc"]
    assert "params.yaml:2: pipelines.1: " in dags["params"]["doc"]
    assert "params/dvc.yaml:2: " in dags["params.2"]["doc"]


def test_with_what_is_kept_the_dag_file_loads_nothing_heavy(project):
    bag(project)

    said = project.run(sys.executable, "-c", PARSE).partition("> ")[2]

    assert said == "['dag_digits', 'dag_weekly'] []\n"


def test_a_task_builds_its_own_dag_alone(project):
    bag(project)
    variables = {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": "weekly"}

    said = project.run(sys.executable, "-c", PARSE, **variables).partition("> ")[2]

    assert said == "['dag_weekly'] []\n"


def test_the_time_that_airflow_gives_is_dvcs(clone):
    variables = {"AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "5.1"}

    said = clone.run(sys.executable, "-c", SHOW, str(clone.root), **variables)

    _, dags = json.loads(said.partition("> ")[2].splitlines()[0])
    assert list(dags) == ["millrace"]
    assert "DVC has not read its files in time" in dags["millrace"]["doc"]
    assert os.listdir(clone.root.parent / "airflow/millrace/graphs") == []
