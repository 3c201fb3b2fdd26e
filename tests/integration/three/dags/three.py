"""The transport by itself: each stage in a clone of its own, on the other worker."""

import sys
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

ROOT = Path(__file__).resolve().parent.parent
LETTER = (ROOT / "letter").read_text().strip()
GIT = "git -c user.name=test -c user.email=test@example.com"
OPEN = """
set -eu
git clone --quiet "$MILLRACE_REPOSITORY" run
cd run
git push --quiet origin "$(git -C "$ROOT" rev-parse HEAD):refs/heads/$BRANCH"
"""
STAGE = f"""
set -eu
export PATH="$TOOLS:$PATH"
git clone --quiet --branch "$BRANCH" "$MILLRACE_REPOSITORY" run
cd run
dvc repro --pull --no-run-cache "$STAGE"
git add dvc.lock
{GIT} commit --quiet --message "$STAGE"
git push --quiet
dvc push
"""
MEET = """
set -eu
git clone --quiet "$MILLRACE_REPOSITORY" run
cd run
git push --quiet origin "HEAD:refs/heads/meet/$RUN/$NAME"
until [ "$(git ls-remote origin "refs/heads/meet/$RUN/*" | wc -l)" -eq 3 ]; do sleep 1; done
"""
WAIT = """
until git ls-remote --exit-code "$MILLRACE_REPOSITORY" refs/heads/go; do sleep 1; done
"""
SAY = 'echo "the letter is $READ, $(cat "$ROOT/letter")"'
TOOLS = str(Path(sys.executable).parent)
RUN = "{{ run_id }}"


def task(task_id: str, command: str, queue: str = "default", **env: str) -> BashOperator:
    """A task that is tried once."""
    variables = {"RUN": RUN, "TOOLS": TOOLS, "PYTHONPATH": "", **env}
    return BashOperator(
        task_id=task_id, bash_command=command, env=variables, append_env=True, queue=queue
    )


with DAG("three", schedule=None):
    branch = f"airflow/three/{RUN}"
    before = task("open", OPEN, BRANCH=branch, ROOT=str(ROOT))
    for number, name in enumerate(("draw", "sum", "report")):
        stage = task(name, STAGE, f"worker-{number % 2 + 1}", BRANCH=branch, STAGE=name)
        before >> stage
        before = stage

with DAG("meet", schedule=None):
    for name in ("first", "second", "third"):
        task(name, MEET, NAME=name)

with DAG("letter", schedule=None):
    task("before", WAIT) >> task(
        "after", f'echo "the letter is {LETTER}, $(cat "$ROOT/letter")"', ROOT=str(ROOT)
    )
