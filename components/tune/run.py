"""The tune stage, from paths to paths."""

from collections.abc import Mapping
from typing import Any

from components.base.files import write_json
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.run.command import Run


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


def _searched(run: Run) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from components.fitting.data import Data
    from components.fitting.watch import Built
    from components.models import keras_files
    from components.run import tracking
    from components.tune.stage import search, table

    keras_files.know(run.modules)
    client = tracking.connect(run.name)
    data = Data.load(run.dataset, run.augmented, run.params.dask)
    run.check(data.facts)
    config, tags = run.pipeline.tune, run.tags("tune", run.dataset)

    def laid(values: Mapping[str, Any]) -> Pipeline:
        file = Pipeline.model_validate(apply(run.document.data, values))
        if not config.epochs:
            return file
        # Not checked again: a trial may end within the warm-up.
        train = file.train.model_copy(update={"epochs": config.epochs})
        return file.model_copy(update={"train": train})

    declared = run.document.data["tune"]
    with tracking.start(client, run.name, declared, tags, "search") as live:

        def trial(number: int, values: Mapping[str, Any]) -> Any:
            one = {"dvc.stage": f"tune@{run.name}", "optuna.trial": str(number)}
            name = f"trial {number}"
            return tracking.start(client, run.name, values, one, name, live.run_id)

        study = search(config, laid, data, run.seed, trial, Built(run.check_code))
        live.log({config.monitor: study.best_value})
    return study.best_params, table(study)
