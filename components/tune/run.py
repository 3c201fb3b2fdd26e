"""One search, tracked: what the stage does where a space is declared."""

from collections.abc import Mapping
from typing import Any

from components import tracking
from components.command import Run
from components.fitting.config import Fitting
from components.fitting.fit import Data
from components.models.config import Config as Model
from components.tune.stage import search, table


def tuned(run: Run) -> dict[str, Any]:
    """The best hyperparameters by dotted key, and every trial."""
    tracking.connect(run.name)
    data = Data.load(run.dataset, run.augmented)
    run.check(data.facts)
    config, tags = run.pipeline.tune, run.tags("tune", run.dataset)

    def sections(values: Mapping[str, Any]) -> tuple[Fitting, Model]:
        pipeline = run.overridden(values)
        return pipeline.train, pipeline.model

    with tracking.start(run.name, run.document.data["tune"], tags, "search") as record:
        study = search(config, sections, data, run.seed, run.name, record.run_id)
        tracking.log_metrics({config.monitor: study.best_value})
    return {"best": study.best_params, "trials": table(study), "run_id": record.run_id}
