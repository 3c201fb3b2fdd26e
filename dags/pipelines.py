"""One Airflow DAG for every active pipeline. No stage is named here: the graph is DVC's."""

import sys
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "dags")]  # Airflow knows only the folder of the DAGs

from graph import Line, lines  # noqa: E402

from components.document import Document  # noqa: E402
from components.errors import Invalid  # noqa: E402
from components.pipeline import Airflow, load  # noqa: E402

# The commands, in one place for every task. Quoted variables: a name is never code. The tools of
# Airflow's own environment come first in PATH, put there by the command: in a worker, whose input
# is a socket, bash reads ~/.bashrc, and with pyenv in it another Python would come before them.
REPRO = 'PATH="$TOOLS:$PATH" exec dvc repro --single-item "$STAGE"'
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
        return broken(line, file, str(error).replace(f"{ROOT}/", ""))
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
                bash_command=REPRO,
                env={"STAGE": stage.address, "TOOLS": TOOLS},
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


def broken(line: Line, file: Path, message: str) -> DAG:
    """A DAG whose one task fails with the mistakes of its pipeline file.

    An import error would do as well, but Airflow counts it against every DAG of this file, and
    stops scheduling them all.
    """
    with DAG(
        line.name,
        schedule=_schedule(file),
        catchup=False,
        doc_md=f"**This pipeline file has mistakes**\n```\n{message}\n```",
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


for one in lines(ROOT):
    globals()[f"dag_{one.name}"] = dag(one)
