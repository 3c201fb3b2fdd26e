"""The DAGs, as Airflow sees them."""

import subprocess
import sys

import pytest
from airflow.dag_processing.dagbag import DagBag
from project import ALWAYS, ROOT, STAGES, Project


@pytest.fixture(scope="module")
def digits():
    bag = DagBag(dag_folder=str(ROOT / "dags"))
    assert bag.import_errors == {}
    return bag.dags["digits"]


def show(project, expression):
    """Evaluates an expression over `bag`, in a process whose project is another."""
    code = (
        "from airflow.dag_processing.dagbag import DagBag; "
        f"bag = DagBag(dag_folder='{project.root}/dags'); print('>', {expression})"
    )
    return project.run(sys.executable, "-c", code).partition("> ")[2].strip()


def test_a_stage_is_a_task_in_the_order_of_the_graph(digits):
    order = [task.task_id for task in digits.topological_sort()]

    assert order == [ALWAYS[0], *STAGES, ALWAYS[1]]


def test_the_airflow_section_sets_schedule_retries_and_pools(digits):
    assert digits.schedule == "@daily"
    assert {task.retries for task in digits.tasks} == {2}
    assert {task.task_id: task.pool for task in digits.tasks}["train"] == "gpu"
    assert {task.task_id: task.pool for task in digits.tasks}["ingest"] == "default_pool"


def test_runs_do_not_meet_and_the_past_is_not_caught_up(digits):
    assert digits.max_active_runs == 1
    assert digits.catchup is False


def test_a_name_is_never_code(digits):
    task = digits.get_task("train")

    assert task.bash_command == 'PATH="$TOOLS:$PATH" exec dvc repro --single-item "$STAGE"'
    assert task.env["STAGE"] == "train@digits"


def test_a_broken_file_breaks_its_own_dag_alone_and_says_where(tmp_path):
    project = Project(tmp_path)
    project.millrace("new", "letters", "--from", "digits")
    project.edit("pipelines/letters.yaml", ("epochs: 40", "epoch: 40"))

    shown = show(
        project,
        "bag.import_errors, sorted(bag.dags), len(bag.dags['digits'].tasks), "
        "[task.task_id for task in bag.dags['letters'].tasks], bag.dags['letters'].doc_md",
    )

    tasks = len(STAGES) + len(ALWAYS)
    assert shown.startswith(f"{{}} ['digits', 'letters'] {tasks} ['mistakes'] ")
    assert "pipelines/letters.yaml:25: train.epoch: unknown key; did you mean 'epochs'?" in shown


def test_the_task_of_a_broken_file_fails_with_its_mistakes(tmp_path):
    project = Project(tmp_path)
    project.edit("pipelines/digits.yaml", ("epochs: 40", "epoch: 40"))

    output = project.millrace("check", "pipelines/digits.yaml", status=2)

    assert "pipelines/digits.yaml:25: train.epoch: unknown key; did you mean 'epochs'?" in output


def test_what_works_for_all_pipelines_at_once_works_for_its_own(digits):
    first, last = (digits.get_task(name) for name in ALWAYS)

    assert first.bash_command.endswith(
        'exec python -m components.fingerprint --params params.yaml --out data/code "$LINE"'
    )
    assert last.bash_command.endswith('exec python -m components.register --strict "$LINE"')
    assert first.env["LINE"] == last.env["LINE"] == "digits"


def test_mistakes_in_params_yaml_are_a_dag_that_says_so(tmp_path):
    project = Project(tmp_path)
    project.edit("params.yaml", ("backend: tensorflow", 'backend: "tensorflow; touch x"'))

    shown = show(project, "bag.import_errors, list(bag.dags), bag.dags['params'].doc_md")

    assert shown.startswith("{} ['params'] ")
    assert "params.yaml:4: backend: must be 'tensorflow' or 'jax'" in shown


def test_a_graph_of_the_users_own_becomes_a_dag(tmp_path):
    project = Project(tmp_path)
    folder = tmp_path / "weekly"
    folder.mkdir()
    (folder / "dvc.yaml").write_text("stages:\n  print: {cmd: touch out, outs: [out]}\n")

    shown = show(project, "[task.env['STAGE'] for task in bag.dags['weekly'].tasks]")

    assert shown == "['weekly/dvc.yaml:print']"


def test_the_dag_file_loads_no_framework():
    code = (
        "import airflow.sdk, runpy, sys; runpy.run_path('dags/pipelines.py'); "
        "print('>', sorted({'dvc', 'keras', 'mlflow', 'tensorflow', 'jax'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.partition("> ")[2] == "[]\n"
