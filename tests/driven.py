"""A run, task by task, as Airflow would do it."""

from collections import defaultdict
from contextlib import suppress
from types import SimpleNamespace

from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped

from dags.branch import Run
from dags.building import dag
from dags.graph import read
from dags.repro import GateError


class Events:
    """What Airflow gives a task for its outlets."""

    def __init__(self):
        self.added = []

    def add(self, asset, extra):
        self.added.append((asset.name, extra))


class Driven:
    """Runs the tasks of a DAG one after the other, as Airflow would, with the tasks' own states.

    Args:
        small: The project.
        run_id: Of the run.
        values: Of the form.
        version: Whether the bundle of the DAG file has versions, as git's has.
    """

    def __init__(self, small, run_id, values=None, version=False):
        self.small, self.run = small, Run("small", run_id)
        self.version = small.git("rev-parse", "HEAD") if version else None
        [self.line] = read(small.root)
        self.dag = dag(self.line, small.root)
        self.states, self.results, self.skipped, self.told = {}, {}, set(), {}
        self.params = values or {}

    def task(self, name, try_number=1):
        """Runs one task; its state."""
        task = self.dag.get_task(name)
        instance = SimpleNamespace(
            task_id=name,
            dag_id="small",
            try_number=try_number,
            bundle_instance=SimpleNamespace(version=self.version),
            get_task_states=lambda **_: {self.run.id: dict(self.states)},
            xcom_push=lambda key, value: self.told.update({(name, key): value}),
            xcom_pull=lambda task_ids, key: self.told.get((task_ids, key)),
        )
        context = {
            "run_id": self.run.id,
            "ti": instance,
            "params": self.params,
            "logical_date": None,
            "outlet_events": defaultdict(Events),
        }
        try:
            self.results[name] = type(task).execute.__wrapped__(task, context)
            self.states[name] = "success"
        except DownstreamTasksSkipped as skipped:
            self.skipped |= set(skipped.tasks)
            self.states[name] = "success"
        except AirflowSkipException:
            self.states[name] = "skipped"
        except Exception:
            self.states[name] = "failed"
            raise
        return self.states[name]

    def whole(self):
        """All tasks; those behind one that failed are not run, but the last is."""
        failed = False
        for task in self.dag.topological_sort():
            if task.task_id in self.skipped:
                self.states[task.task_id] = "skipped"
            elif failed and task.task_id != "close":
                self.states[task.task_id] = "upstream_failed"
            else:
                with suppress(GateError):
                    self.task(task.task_id)
                failed = failed or self.states[task.task_id] == "failed"
        return self.states

    def joined(self):
        """What the branch of the run has made, as a colleague gets it."""
        folder = self.small.root.parent / f"colleague {self.run.name}"
        self.small.git("clone", "-q", "-b", self.run.branch, str(self.small.root), str(folder))
        cache = str(self.small.root / ".dvc" / "cache")
        self.small.run("dvc", "cache", "dir", "--local", cache, folder=folder)
        self.small.run("dvc", "checkout", "-q", "small/dvc.yaml", folder=folder)
        return (folder / "small" / "joined.txt").read_text()
