"""One Airflow DAG for every active pipeline. No stage is named here: the graph is DVC's."""

import sys
from collections.abc import Iterator
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "dags")]  # Airflow knows only the folder of the DAGs

from graph import Line, lines  # noqa: E402

from components.base.errors import Invalid  # noqa: E402
from components.config.document import Document  # noqa: E402
from components.config.params import Params  # noqa: E402
from components.config.pipeline import Airflow, load  # noqa: E402

# The commands, in one place for every task. Quoted variables: a name is never code. The tools of
# Airflow's own environment come first in PATH, put there by the command: in a worker, whose input
# is a socket, bash reads ~/.bashrc, and with pyenv in it another Python would come before them.
REPRO = 'PATH="$TOOLS:$PATH" exec dvc repro --single-item "$STAGE"'
FOR_ONE = 'PATH="$TOOLS:$PATH" exec {command} "$LINE"'
CHECK = 'PATH="$TOOLS:$PATH" exec python -m components check "$PIPELINE"'
TOOLS = str(Path(sys.executable).parent)


def dag(line: Line) -> DAG:
    """The DAG of a line; with a mistake in its file, one that fails and says which."""
    file = ROOT / "pipelines" / f"{line.name}.yaml"
    if not file.exists():  # a graph of the user's own, without a file of ours
        return working(line, Airflow(), f"The stages of `{line.stages[0].address}`")
    try:
        pipeline = load(file)
    except Invalid as error:
        return broken(line.name, file, error)
    return working(line, pipeline.airflow, pipeline.description)


def working(line: Line, airflow: Airflow, description: str) -> DAG:
    """One task for each stage, in the order of the graph."""
    pools = {str(stage): pool for stage, pool in airflow.pools.items()}
    with DAG(
        line.name,
        schedule=airflow.schedule,
        catchup=False,
        max_active_runs=1,
        doc_md=description,
        tags=["millrace"],
    ) as made:
        tasks = {
            stage.name: BashOperator(
                task_id=stage.name,
                bash_command=FOR_ONE.format(command=stage.for_one) if stage.for_one else REPRO,
                env={"STAGE": stage.address, "LINE": line.name, "TOOLS": TOOLS},
                append_env=True,
                cwd=str(ROOT),
                doc_md=stage.description,
                retries=airflow.retries,
                pool=pools.get(stage.name, "default_pool"),
            )
            for stage in line.stages
        }
        for upstream, downstream in line.edges:
            tasks[upstream] >> tasks[downstream]
    return made


def broken(name: str, file: Path, error: Invalid) -> DAG:
    """A DAG whose one task fails with the mistakes of its file.

    An import error would do as well, but Airflow counts it against every DAG of this file, and
    stops scheduling them all.
    """
    message = str(error).replace(f"{ROOT}/", "")
    with DAG(
        name,
        schedule=_schedule(file),
        catchup=False,
        doc_md=f"**This file has mistakes**\n```\n{message}\n```",
        tags=["millrace", "mistakes"],
    ) as made:
        BashOperator(
            task_id="mistakes",
            bash_command=CHECK,
            env={"PIPELINE": str(file.relative_to(ROOT)), "TOOLS": TOOLS},
            append_env=True,
            cwd=str(ROOT),
            doc_md=message,
        )
    return made


def _schedule(file: Path) -> str | None:
    """The schedule of a file with mistakes, so that its failure is seen when it was due."""
    try:
        return Airflow.model_validate(Document(file).data["airflow"]).schedule
    except (Invalid, KeyError, TypeError, ValueError):
        return None


def dags() -> Iterator[DAG]:
    """One for every line; where params.yaml has mistakes, one that says so, and nothing else."""
    params = ROOT / "params.yaml"
    try:
        Params.load(params)  # before a name of it goes into a command
    except Invalid as error:
        yield broken("params", params, error)
    else:
        yield from map(dag, lines(ROOT))


for one in dags():
    globals()[f"dag_{one.dag_id}"] = one
