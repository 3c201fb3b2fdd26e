"""The tasks of a run: it is opened, each stage runs in its workspace, and it is closed."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from airflow.sdk import Asset, BaseOperator, BaseOperatorLink
from airflow.sdk.definitions.retry_policy import ExceptionRetryPolicy, RetryAction, RetryRule
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSkipException,
    DownstreamTasksSkipped,
)

from dags import branch, locks, opening, workspace
from dags.approval import VALUES
from dags.asked import date_of, is_other, states_of, values_of
from dags.branch import Run, Terms
from dags.callbacks import end_runs
from dags.git import git
from dags.lines import Line, Stage
from dags.repro import RUNNING, Done, GateError, end, guarded, push, repro
from dags.settings import Settings, of_stage, run_page, settings, without_user
from dags.unchanged import unchanged

TOOLS = Path(sys.executable).parent
FAILED = ("failed", "upstream_failed")
SKIPPED = "skipped"
"""Under which a task says for which there was nothing to do."""
POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="dags.repro.GateError",
            action=RetryAction.FAIL,
            reason="to try again changes nothing",
        )
    ]
)
"""A gate and a mistake fail at once; locks, the network and memory are tried again, ever later."""


class Link(BaseOperatorLink):
    """A link on the page of a task, to what the task has said of itself."""

    def __init__(self, name: str, key: str) -> None:
        self._name, self.key = name, key

    @property
    def name(self) -> str:
        """What stands on the button."""
        return self._name

    @property
    def xcom_key(self) -> str:
        """Where Airflow keeps the address."""
        return f"_link_{self.key}"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The address; empty where there is none."""
        # Of a mapped task whose values are not known yet, it is Airflow's own operator.
        return str(getattr(operator, "links", {}).get(self.key, ""))


LINKS = (Link("MLflow run", "mlflow"), Link("Report", "report"), Link("Branch", "branch"))


class Task(BaseOperator):
    """What every task of a run has.

    Args:
        line: Of the graph.
        root: The checkout that the DAG file lies in.
        arguments: Airflow's.
    """

    template_fields: Sequence[str] = ()  # values are never templates
    operator_extra_links = LINKS

    def __init__(self, *, line: Line, root: Path, **arguments: Any) -> None:
        super().__init__(**{**arguments, "retry_policy": POLICY})  # mapping gives its own: None
        self.line, self.root = line, root
        self.links: dict[str, str] = {}

    def prepare(self, context: Any) -> tuple[Settings, Run]:
        """Where this worker has what, and which run this is."""
        found = settings(self.root)
        run = Run(self.line.name, context["run_id"])
        if page := branch_page(found.repository, run.branch):
            self.links["branch"] = page
        return found, run

    def terms(self, folder: Path, run: Run, context: Any) -> Terms:
        """What the run is of.

        Raises:
            GateError: Of another commit than this task is, or nobody has opened it.
        """
        what = branch.terms(folder, run)
        if what is None:
            raise GateError("the run has no branch: clear its first task, `open`, too")
        if is_other(what, context):
            raise GateError(
                f"the run is of commit {what.commit[:10]}, and this task is of a newer one: clear "
                "the run's first task, `open`, too, or trigger another run"
            )
        return what

    def env(self, found: Settings, context: Any, what: Terms) -> dict[str, str]:
        """The environment of a stage."""
        instance = context["ti"]
        variables = {
            "MLFLOW_TRACKING_URI": found.tracking,
            "AIRFLOW_CTX_DAG_ID": self.line.name,
            "AIRFLOW_CTX_DAG_RUN_ID": context["run_id"],
            "AIRFLOW_CTX_TASK_ID": instance.task_id,
            "AIRFLOW_CTX_TRY_NUMBER": str(instance.try_number),
        }
        if what.values:  # as `dvc exp run` does: never the champion
            variables["DVC_EXP_NAME"] = Run(self.line.name, context["run_id"]).name
        env = of_stage(TOOLS, **variables)
        env.pop((self.line.airflow.get("webhook") or {}).get("on_failure", ""), None)  # a secret
        return env

    def keep(self, folder: Path, run: Run, env: Mapping[str, str], note: str) -> None:
        """Publishes what was made, data first: nobody is to read of data that are nowhere."""
        if branch.written(folder):
            push(folder, env, self.say)
            branch.publish(folder, run, note, _uncached(self.line))

    def on_kill(self) -> None:
        """Ends what runs, where somebody has ended the task."""
        end(*RUNNING)

    def say(self, text: str) -> None:
        """One line of the log; no part of it is a format."""
        self.log.info("%s", text)


class Open(Task):
    """Makes the workspace and the branch of a run, and skips what has not changed."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Raises `DownstreamTasksSkipped` for the stages that there is nothing to do for."""
        found, run = self.prepare(context)
        with workspace.taken(found, run, self.root) as folder:
            what = branch.terms(folder, run)
            if what is not None and is_other(what, context):
                self.say(f"{run.branch} is of {what.commit[:10]}, and gets another name")
                self.keep(folder, run, self.env(found, context, what), "what was left")
                workspace.clean(folder)
                what = self.begin(folder, run, context, what)
            elif what is None:
                what = self.begin(folder, run, context, None)
            workspace.link_sources(found, folder, self.line.name)
            env = self.env(found, context, what)
            same = unchanged(folder, found.cache, self.line, env, self.say)
            self.keep(folder, run, env, "open")
            made = branch.made(folder, run)
            skipped = [
                stage.task
                for stage in self.line.stages
                if stage.task in same and (stage.always or not locks.has(made, stage.address))
            ]
        context["ti"].xcom_push(key=VALUES, value=what.values)
        if skipped:
            # What always runs and depends on nothing has been run here.
            always = {stage.task for stage in self.line.stages if stage.always}
            if shown := [task for task in skipped if task not in always]:
                self.say(f"nothing has changed for {', '.join(shown)}")
            context["ti"].xcom_push(key=SKIPPED, value=skipped)
            raise DownstreamTasksSkipped(tasks=[*skipped, *_trials(self.line, skipped)])
        return {"branch": run.branch, "values": what.values}

    def begin(self, folder: Path, run: Run, context: Any, before: Terms | None) -> Terms:
        """Makes the branch; the values that the run had before, it has again."""
        values = {**values_of(self.line, context), **(before.values if before else {})}
        git(folder, "fetch", "-q", str(self.root), "HEAD")  # the clone may be of an older commit
        last = branch.last(folder, run)
        what = Terms(git(self.root, "rev-parse", "HEAD"), values, last)
        files = opening.files(self.root, self.line, {**date_of(self.line, context), **what.values})
        branch.opened(folder, run, what, files, _uncached(self.line))
        self.say(f"{run.branch} is made of {what.commit[:10]}")
        if values:
            shown = ", ".join(f"{key} = {value}" for key, value in values.items())
            self.say(f"an experiment, which never becomes the champion: {shown}")
        return what


class StageTask(Task):
    """Runs one stage.

    Args:
        stage: Of the line.
        arguments: Those of `Task`, and Airflow's.
    """

    def __init__(self, *, stage: Stage, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.stage = stage

    def execute(self, context: Any) -> dict[str, Any]:
        """Gives what came of the stage.

        Raises:
            GateError: The stage says no, and would again.
            TemporaryError: It may go well another time.
            AirflowSkipException: There was nothing to do.
        """
        found, run = self.prepare(context)
        with workspace.taken(found, run, self.root) as folder:
            what = self.terms(folder, run, context)
            env = self.env(found, context, what)
            workspace.link_sources(found, folder, self.line.name)
            before = locks.made(folder, self.stage.address)
            done = repro(folder, self.stage.address, env, self.say, self.is_alone(folder))
            # What has come to its end is kept, whatever came after it.
            self.keep(folder, run, env, self.stage.address)
            done.check(is_ours=bool(self.line.file))
            is_again = context["ti"].try_number > 1
            is_ours = is_again and locks.has(branch.made(folder, run), self.stage.address)
            outcome = self.outcome(folder, done, is_ours)
            self.link(found, outcome)
            is_new = is_ours or locks.made(folder, self.stage.address) != before
            if is_new and not what.values:
                self.announce(folder, outcome, context)
        if outcome["status"] == "restored":
            context["ti"].xcom_push(key=SKIPPED, value=[self.stage.task])
            raise AirflowSkipException("nothing has changed: restored")
        if outcome.get("refused"):
            raise GateError(outcome["sentence"])
        return outcome

    def is_alone(self, folder: Path) -> bool:
        """Whether what the stage reads is here for certain, so that no other need be looked at."""
        before = {one for one, after in self.line.edges if after == self.stage.task}
        made = (out for one in self.line.stages if one.task in before for out in one.outs)
        read = (folder / path for path in (*self.stage.deps, *made))
        return branch.is_own(folder) and all(path.exists() for path in read)

    def outcome(self, folder: Path, done: Done, is_ours: bool) -> dict[str, Any]:
        """What is known of the stage: whether it ran, its sentence, MLflow run and metrics.

        An earlier try may have run it, and been killed or failed before it could say so.
        """
        if self.stage.address not in done.ran and not is_ours:
            return {"status": "restored"}
        name = self.stage.address.partition("@")[0].rpartition(":")[2]
        measured = _json(folder / "measured" / self.line.name / f"{name}.json")
        return {
            "status": "ran",
            "sentence": measured.pop("finding", "") or done.sentence.rpartition("\n")[2],
            **{key: measured[key] for key in ("seconds", "refused", "mlflow") if key in measured},
            "metrics": _json(folder / "reports" / self.line.name / f"{name}.json"),
        }

    def link(self, found: Settings, outcome: Mapping[str, Any]) -> None:
        """Links on the page."""
        if run := outcome.get("mlflow"):
            self.links["mlflow"] = run_page(found.page, run)
            self.links["report"] = run_page(found.page, run, "/artifacts")

    def announce(self, folder: Path, outcome: Mapping[str, Any], context: Any) -> None:
        """Tells what waits for a new version of this data set or model.

        By an alias: what a task has for its outlet without one, Airflow says is new at each run.
        """
        for alias in self.outlets:
            extra = {
                "metrics": outcome.get("metrics", {}),
                "commit": git(folder, "rev-parse", "HEAD"),
                "outs": locks.outs(folder, self.stage.address),
            }
            context["outlet_events"][alias].add(Asset(alias.name), extra=extra)


class Trial(Task):
    """Does one part of a stage, apart from the others.

    Args:
        stage: That it is a part of.
        number: Of the part.
        arguments: Those of `Task`, and Airflow's.
    """

    def __init__(self, *, stage: Stage, number: int, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.stage, self.number = stage, number

    def execute(self, context: Any) -> dict[str, Any]:
        """Brings what the stage reads here, and runs the command; what comes of it is stored."""
        found, run = self.prepare(context)
        is_ours = bool(self.line.file)
        before = {b for b, after in self.line.edges if after == self.stage.task}
        with workspace.taken(found, run, self.root) as folder:
            env = self.env(found, context, self.terms(folder, run, context))
            workspace.link_sources(found, folder, self.line.name)
            for stage in self.line.stages:
                if stage.task in before:
                    repro(folder, stage.address, env, self.say).check(is_ours=is_ours)
            file = Path("measured") / self.line.name / "trials" / f"{self.number}.json"
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            program, *arguments = self.stage.trial
            command = [sys.executable if program == "python" else program, *arguments]
            files = ["--metrics", f"{file.with_suffix('')}.metrics.json", "--measured", str(file)]
            number = ["--number", str(self.number)]
            done = guarded(folder, env, self.say, *command, *number, *files)
            done.check(is_ours=is_ours, status=done.status)
            return _json(folder / f"{file.with_suffix('')}.metrics.json")


class Close(Task):
    """Ends a run, which is what this task is: the workspace goes, but for the last that failed."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Gives the summary of the run.

        Raises:
            GateError: Not all of it was done.
        """
        found, run = self.prepare(context)
        wrong = self.wrong(context)
        if self.line.file:
            end_runs(self.line.name, self.root)
        for _ in workspace.unpublished(workspace.folder_of(found, run)):
            with workspace.taken(found, run, self.root) as folder:  # each that a kill has left
                if what := branch.terms(folder, run):
                    self.keep(folder, run, self.env(found, context, what), "what was left")
        with workspace.taken(found, run, self.root) as folder:
            what = branch.terms(folder, run)
            if what and not what.values:
                branch.settle(folder, run, what, is_good=not wrong)
        if not workspace.end(found, run, is_good=not wrong):
            self.say(f"{workspace.folder_of(found, run)} is kept")
        if wrong:
            raise GateError(wrong)
        values = what.values if what else values_of(self.line, context)
        return {"branch": run.branch, "values": values}

    def wrong(self, context: Any) -> str:
        """What keeps the run from being whole; empty where nothing does.

        Where somebody marks a run, what has not begun is skipped: then, unlike where nothing has
        changed, no task has said so. To skip a task in the middle harms nobody: the next one
        brings it up to date.
        """
        states = states_of(context)
        for state in FAILED:
            if failed := sorted(task for task, one in states.items() if one == state):
                return f"{', '.join(failed)} failed"
        before = {one for one, _ in self.line.edges}
        ends = [stage.task for stage in self.line.stages if stage.task not in before]
        skipped = [task for task in ("open", *ends) if states.get(task) == "skipped"]
        told = [context["ti"].xcom_pull(task_ids=one, key=SKIPPED) for one in ("open", *skipped)]
        same = {task for tasks in told for task in tasks or ()}
        if undone := ", ".join(task for task in skipped if task not in same):
            return f"{undone} did not run, as somebody has marked the run: clear it to go on"
        return ""


class Broken(Task):
    """Fails with what is wrong with its line."""

    def execute(self, context: Any) -> None:
        """Raises the mistakes."""
        raise AirflowFailException(self.line.mistakes)


def _uncached(line: Line) -> list[str]:
    """What its stages write and DVC keeps no copy of."""
    return [path for stage in line.stages for path in stage.uncached]


def _trials(line: Line, tasks: Sequence[str]) -> list[tuple[str, int]]:
    """The mapped tasks of the parts of stages."""
    return [
        (trial_name(stage), index)
        for stage in line.stages
        if stage.task in tasks
        for index in range(len(stage.trials))
    ]


def trial_name(stage: Stage) -> str:
    """The task of the parts of a stage."""
    return f"{stage.task}.trial"


def branch_page(repository: str, branch: str) -> str:
    """The page of a branch, where the repository is on a server that has one."""
    if not repository.startswith("https://"):
        return ""
    return f"{without_user(repository).removesuffix('.git')}/tree/{quote(branch)}"


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
