"""Train the model, keep its best checkpoint and draw its learning curves."""

from components import pictures, tracking
from components.command import stage
from components.files import read_json, replacing, write_csv
from components.fitting.fit import Data, fit
from components.fitting.progress import ProgressBar
from components.train.diagnosis import diagnose
from components.train.stage import curve_rows, save

PATHS = ("dataset", "validation", "augmented", "hyperparameters", "out", "curves", "picture")

with stage(__doc__, *PATHS, seed=True) as run:
    tracking.connect(run.name)
    data = Data.load(run.dataset, run.augmented)
    run.check(data.facts)
    best = read_json(run.hyperparameters)["best"]
    sections, pipeline = run.sections(best), run.overridden(best)
    tags = run.tags("train", run.dataset)
    with replacing(run.out) as folder, tracking.start(run.name, sections, tags) as record:
        folder.mkdir()
        callbacks = [ProgressBar(), tracking.Curves()]
        fitted = fit(pipeline.train, pipeline.model, data, run.seed, callbacks)
        save(fitted.model, run.dataset, folder)
        record.model_copy(update={"history": fitted.history}).write(folder)
        words = diagnose(fitted.history, fitted.best, pipeline.train.epochs)
        figure = pictures.learning_curves(fitted.history, fitted.best, words)
        pictures.save(figure, run.picture)
        tracking.log_file(run.picture)
        if findings := read_json(run.validation)["findings"]:
            rows = [{key: one[key] for key in ("kind", "policy", "count")} for one in findings]
            tracking.log_rows(rows, "validation", key="kind")
    write_csv(["epoch", *fitted.history], curve_rows(fitted.history), run.curves)
    best = {name: values[fitted.best] for name, values in fitted.history.items()}
    run.measure({**best, "best_epoch": fitted.best + 1, "parameters": fitted.model.count_params()})
    run.say(words)
