"""The train stage, from paths to paths."""

from collections.abc import Iterator, Mapping, Sequence

from components.base.files import digest, read_json, replacing, write_csv, write_json
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.fitting.data import Data
from components.fitting.predictor import BASELINE
from components.fitting.progress import Shown
from components.fitting.watch import Built, Curves, Watch
from components.models import keras_files
from components.run import states, tracking
from components.run.command import Run


def run(run: Run) -> None:
    """Fits the model to `dataset` and the copies in `augmented`, and writes it to `out`."""
    keras_files.know(run.modules)
    client = tracking.connect(run.name)
    data = Data.load(run.dataset, run.augmented, run.params.dask)
    run.check(data.facts)
    sections = apply(run.document.data, read_json(run.hyperparameters))
    file = Pipeline.model_validate(sections)
    monitor = file.train.monitored
    shown = Shown(run.name, monitor)
    key = states.key_of(run, read_json(run.hyperparameters))
    with (
        states.kept(key) as state,
        replacing(run.out) as folder,
        tracking.start(client, run.name, sections, run.tags("train", run.dataset)) as live,
    ):
        folder.mkdir()
        watch = Watch(Built(run.check_code), shown, Curves(live.log), state=state)
        try:
            fitted = file.train.fit(file, data, run.seed, watch)
        finally:
            shown.end()  # a fit that is broken off says no end, and its line hides the cursor
        fitted.save(folder)
        if (other := file.of_baseline) is not None:
            (folder / BASELINE).mkdir()
            with states.kept(f"{key}-{BASELINE}") as state:
                fitted_too = other.train.fit(other, data, run.seed, Watch(state=state))
            fitted_too.save(folder / BASELINE)
        epochs = file.train.allowed
        learned = {"epochs": epochs, "best": fitted.best, "history": fitted.history}
        write_json(learned, folder / "history.json")
        live.tag(tracking.MODEL, digest(folder))
    write_csv(["epoch", "split", "metric", "value"], curve_rows(fitted.history), run.curves)
    best = {name: values[fitted.best] for name, values in fitted.history.items()}
    reached = f", {monitor} {best[monitor]:.4f}" if monitor in best else ""
    kept = f"epoch {fitted.best + 1} of {len_of(fitted.history)} is kept{reached}"
    once = ", ".join(f"{name} {value:.4f}" for name, value in best.items())
    run.conclude(kept if len_of(fitted.history) > 1 else once or "fitted")
    run.measure(
        {**best, "best_epoch": fitted.best + 1, **fitted.numbers},
        seconds_per_epoch=shown.seconds_per_epoch,
        mlflow=live.ids,
    )


def len_of(history: Mapping[str, Sequence[float]]) -> int:
    """How many epochs there were."""
    return max(map(len, history.values()), default=1)


def curve_rows(history: Mapping[str, Sequence[float]]) -> Iterator[tuple[int, str, str, float]]:
    """Learning curves as a long table: epoch, counted from 1, split, metric and value."""
    for name, values in history.items():
        split = "validation" if name.startswith("val_") else "train"
        for epoch, value in enumerate(values, 1):
            yield epoch, split, name.removeprefix("val_"), value
