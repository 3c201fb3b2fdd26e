"""The tune stage, from paths to paths: the whole search, or one trial of it."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from components.base.errors import Invalid
from components.base.files import write_json
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.run.command import Run

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from components.fitting.data import Data
    from components.fitting.state import State
    from components.run.tracking import Live
    from components.run.trials import Trials
    from components.tune.stage import Recorded, Search

SEARCH = "millrace.search"  # tag of the MLflow runs of trials that stand by themselves


def run(run: Run) -> None:
    """Writes `out`, the best values by dotted key, and every trial to `trials`.

    A search that finds the same best is no reason to train again, whatever it tried.
    """
    # Imported there: without a search, the stage needs no framework and takes a moment.
    best, trials = _searched(run) if run.pipeline.tune.is_declared else ({}, [])
    write_json(best, run.out)
    write_json(trials, run.trials)
    said = ", ".join(f"{key} {value}" for key, value in best.items())
    run.conclude(f"best: {said}" if said else "no search is declared")
    run.measure({"trials": len(trials)})


def trial(run: Run) -> None:
    """Runs trial `number`, and keeps what came of it; nothing where that is known.

    Raises:
        Invalid: The search has no such trial.
    """
    numbers = run.pipeline.tune.numbers
    if run.number not in numbers:
        there = f"there are 0 to {numbers[-1]}" if numbers else "there are none (see tune.pruner)"
        raise Invalid(f"tune: no trial {run.number} stands by itself; {there}")
    key = _key(run)
    trials = _trials(run, key)
    outcome = trials.ended().get(run.number)
    was_there = ", as it was there" if outcome else ""
    if outcome is None:
        from components.run import tracking
        from components.tune import apart

        client, data = tracking.connect(run.name), _data(run)
        task = _search(run, data, partial(_recorded, run, client, {SEARCH: key}, None))
        outcome = apart.run_trial(task, trials, run.number)
    said = outcome.text(run.pipeline.tune.monitor)
    run.conclude(f"trial {run.number}: {said}{was_there}")
    run.measure({"number": run.number, "value": outcome.value, "epochs": outcome.epochs})


def _searched(run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from components.run import tracking
    from components.tune import apart, stage

    config, tags = run.pipeline.tune, run.tags("tune", run.dataset)
    mine = {SEARCH: _key(run)} if config.numbers else {}
    trials = _trials(run, mine[SEARCH]) if mine else None
    client, data = tracking.connect(run.name), _data(run)
    declared = run.document.data["tune"]
    with tracking.start(client, run.name, declared, tags, "search") as live:
        task = _search(run, data, partial(_recorded, run, client, mine, live.run_id))
        study = apart.search(task, trials, run.say) if trials else stage.search(task)
        for key, value in mine.items():
            live.adopt(key, value)
        live.log({config.monitor: study.best_value})
    return study.best_params, stage.table(study)


def _key(run: Run, *more: Any) -> str:
    """Of the search; not of how many trials: of one that is made longer, the first are there."""
    from components.run import states

    return states.key_of(run, *more, without="tune.trials")


def _trials(run: Run, key: str) -> "Trials":
    from components.run.trials import Trials
    from components.tune.draw import drawn, space

    config = run.pipeline.tune
    return Trials(key, space(config), drawn(config, run.seed))


def _data(run: Run) -> "Data":
    from components.fitting.data import Data
    from components.models import keras_files

    keras_files.know(run.modules)
    data = Data.load(run.dataset, run.augmented, run.params.dask)
    run.check(data.facts)
    return data


def _search(run: Run, data: "Data", recorded: "Recorded") -> "Search":
    from components.fitting.watch import Built
    from components.run import states
    from components.tune.stage import Search

    config = run.pipeline.tune

    def laid(values: Mapping[str, Any]) -> Pipeline:
        file = Pipeline.model_validate(apply(run.document.data, values))
        train = file.train.unchecked()
        if config.epochs:  # not looked at again: a trial may end within the warm-up
            train = train.model_copy(update={"epochs": config.epochs})
        return file.model_copy(update={"train": train})

    def kept(values: Mapping[str, Any]) -> "AbstractContextManager[State]":
        return states.kept(_key(run, values))

    return Search(config, laid, data, run.seed, recorded, kept, (Built(run.check_code),))


def _recorded(
    run: Run,
    client: "MlflowClient",
    search: Mapping[str, str],
    parent: str | None,
    number: int,
    values: Mapping[str, Any],
) -> "AbstractContextManager[Live]":
    from components.run import tracking

    tags = {"dvc.stage": f"tune@{run.name}", "optuna.trial": str(number), **search}
    return tracking.start(client, run.name, values, tags, f"trial {number}", parent)
