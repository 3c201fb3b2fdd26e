"""The train stage, from paths to paths."""

from components.base.files import digest, read_json, replacing, write_csv
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.fitting.fit import Data, fit, when_built
from components.fitting.progress import Curves, Watch
from components.models import keras_files
from components.run import tracking
from components.run.command import Run
from components.train.stage import curve_rows, save


def run(run: Run) -> None:
    """Fits the model to `dataset` and the copies in `augmented`, and writes it to `out`."""
    keras_files.know(run.modules)
    client = tracking.connect(run.name)
    data = Data.load(run.dataset, run.augmented)
    run.check(data.facts)
    sections = apply(run.document.data, read_json(run.hyperparameters))
    pipeline = Pipeline.model_validate(sections)
    train = pipeline.train
    watch = Watch(run.name, train.checkpoint.monitor, len(data.train))
    with (
        replacing(run.out) as folder,
        tracking.start(client, run.name, sections, run.tags("train", run.dataset)) as live,
    ):
        folder.mkdir()
        callbacks = [when_built(run.check_code), watch, Curves(live.log)]
        fitted = fit(train, pipeline.model, data, run.seed, callbacks)
        save(fitted, train.epochs, run.dataset, folder)
        live.tag(tracking.MODEL, digest(folder))
    write_csv(["epoch", *fitted.history], curve_rows(fitted.history), run.curves)
    best = {name: values[fitted.best] for name, values in fitted.history.items()}
    monitor = train.checkpoint.monitor
    epochs = f"epoch {fitted.best + 1} of {len(fitted.history['loss'])} is kept"
    run.conclude(f"{epochs}, {monitor} {best[monitor]:.4f}")
    parameters = fitted.model.count_params()
    run.measure(
        {**best, "best_epoch": fitted.best + 1, "parameters": parameters},
        seconds_per_epoch=watch.seconds_per_epoch,
    )
