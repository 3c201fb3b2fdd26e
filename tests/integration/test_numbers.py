"""Any worker takes the next stage of a graph, and a laptop gets the same files."""

import json
import subprocess
import sys
from contextlib import suppress

import psutil
import yaml
from cluster import wait
from project import IDENTITY

from scripts.cluster import airflow

PARTS = ("part.0", "part.1", "part.2")
BOTH = {"127.0.0.1", "127.0.0.2"}


def dvc(*arguments, cwd, env):
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def states(tasks):
    return {name: task["state"] for name, task in tasks.items()}


def files(folder):
    """What the stages have made, by path."""
    made = [*folder.glob("drawn/*"), *folder.glob("part-*.json"), folder / "report.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in made}


def entries(folder):
    """Of dvc.lock, in which parallel stages stand in the order in which they ended."""
    return yaml.safe_load((folder / "dvc.lock").read_text())


def test_three_stages_that_meet_run_on_both_workers_and_a_laptop_pulls_what_it_would_make(
    cluster, checkout, tmp_path
):
    cluster.trigger("numbers", "one")
    tasks = cluster.finished("numbers", "one")
    clone = cluster.clone(tmp_path / "clone", "airflow/numbers/one") / "numbers"
    laptop = cluster.laptop(tmp_path / "laptop")
    dvc("pull", "--recursive", ".", cwd=clone, env=laptop)
    alone = cluster.clone(tmp_path / "alone") / "numbers"
    dvc("repro", cwd=alone, env=laptop)

    assert set(states(tasks).values()) == {"success"}
    assert {tasks[name]["hostname"] for name in PARTS} == BOTH
    assert len(files(clone)) == 104
    assert files(clone) == files(alone)
    assert entries(clone) == entries(alone)
    assert "up to date" in dvc("status", "dvc.yaml", cwd=clone, env=laptop)


def test_what_has_not_changed_since_the_last_run_is_skipped(cluster):
    cluster.trigger("numbers", "again")
    tasks = cluster.finished("numbers", "again")

    ends = {"open": "success", "close": "success"}
    assert states(tasks) == {**dict.fromkeys(tasks, "skipped"), **ends}


def change(cluster, folder, old, new):
    """Pushes a change of the numbers to the branch that runs, and waits until Airflow has it."""
    later = cluster.clone(folder)
    for file in (later / "numbers").glob("*.yaml"):
        file.write_text(file.read_text().replace(old, new))
    for command in (["commit", "-qam", f"{old}: {new}"], ["push", "-q", "origin", "HEAD:main"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=later, check=True)
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=later, capture_output=True, text=True, check=True)
    wait(lambda: bundle(cluster) == commit.stdout.strip(), 300)


def bundle(cluster):
    """The commit that the next run is of."""
    return cluster.ask("/api/v2/dags/numbers")["bundle_version"]


def begun(seen, run):
    """The hosts of the three parts of a run, in the order of their tries."""
    there = [seen / run / third for third in "012"]
    return [path.read_text().split() for path in there if path.exists()]


def test_a_typo_that_is_pushed_meanwhile_changes_nothing_of_a_run(cluster, seen, tmp_path):
    change(cluster, tmp_path / "of-90", "count: 100", "count: 90")
    hold = seen / "of-90" / "hold"
    hold.parent.mkdir()
    hold.touch()
    cluster.trigger("numbers", "of-90")
    wait(lambda: len(begun(seen, "of-90")) == 3, 300)
    change(cluster, tmp_path / "typo", "  report:", "  report: [")
    hold.unlink()
    tasks = cluster.finished("numbers", "of-90")
    clone = cluster.clone(tmp_path / "clone", "airflow/numbers/of-90") / "numbers"
    dvc("pull", "--recursive", ".", cwd=clone, env=cluster.laptop(tmp_path / "laptop"))
    change(cluster, tmp_path / "again", "  report: [", "  report:")

    assert set(states(tasks).values()) == {"success"}
    assert len(files(clone)) == 94


def test_what_a_killed_worker_had_begun_is_done_by_the_other(cluster, seen, tmp_path):
    change(cluster, tmp_path / "of-80", "count: ", "count: 1")
    hold = seen / "killed" / "hold"
    hold.parent.mkdir()
    hold.touch()
    cluster.trigger("numbers", "killed")
    wait(lambda: len(begun(seen, "killed")) == 3, 300)
    doomed = [third for third, hosts in enumerate(begun(seen, "killed")) if "127.0.0.2" in hosts]
    assert len(kill(cluster.tree_of("worker-2"))) > 5
    hold.unlink()
    wait(lambda: is_over_without(cluster, "worker-2"), 900)
    tasks = cluster.tasks("numbers", "killed")
    clone = cluster.clone(tmp_path / "clone", "airflow/numbers/killed") / "numbers"
    dvc("pull", "--recursive", ".", cwd=clone, env=cluster.laptop(tmp_path / "laptop"))

    assert len(doomed) in (1, 2)
    assert set(states(tasks).values()) == {"success"}
    assert {tasks[f"part.{third}"]["try_number"] for third in doomed} == {2}
    assert {tasks[f"part.{third}"]["hostname"] for third in doomed} == {"127.0.0.1"}
    assert json.loads((clone / "report.json").read_text())["sum"] > 0
    wait(lambda: airflow.takes_tasks(cluster.state, "worker-2"), 240)


def is_over_without(cluster, name):
    """Whether the run has ended; the worker is killed each time that it has come back."""
    kill(cluster.tree_of(name))
    return cluster.has_ended("numbers", "killed")


def kill(processes):
    """With -9, one after the other without a pause; gives them."""
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    return processes
