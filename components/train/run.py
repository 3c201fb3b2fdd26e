"""The train stage, from paths to paths."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from components.base.files import digest, read_json, replacing, write_csv, write_json
from components.config.overrides import apply
from components.config.pipeline import Pipeline
from components.fitting.data import Data, Fitted
from components.fitting.diverged import Diverged
from components.fitting.predictor import BASELINE
from components.fitting.progress import Shown
from components.fitting.watch import Built, Curves, Watch
from components.models import keras_files
from components.run import states, tracking
from components.run.command import Run
from components.run.tracking import Live
from components.train.seeds import Values, spread

SEED = "millrace.seed"  # tag of the MLflow runs of further seeds
DONE = "values"  # kept of a further seed whose fit has come to its end


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
        ExitStack() as stack,
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
                fitted_too = other.train.unchecked().fit(other, data, run.seed, Watch(state=state))
            fitted_too.save(folder / BASELINE)
        best = at(fitted)
        runs = [best, *_repeated(run, file, data, key, live, stack)]
        seeds = {name: vars(one) for name, one in spread(runs).items()}
        live.log(
            {f"seeds.{name}.{part}": x for name, one in seeds.items() for part, x in one.items()}
        )
        write_json(learned(file, fitted, seeds), folder / "history.json")
        live.tag(tracking.MODEL, digest(folder))
    write_csv(["epoch", "split", "metric", "value"], curve_rows(fitted.history), run.curves)
    run.conclude(_sentence(fitted, monitor, len(runs), seeds))
    run.measure(
        {
            **best,
            "best_epoch": fitted.best + 1,
            **fitted.numbers,
            **({"seeds": {"count": len(runs), **seeds}} if seeds else {}),
        },
        seconds_per_epoch=shown.seconds_per_epoch,
        mlflow=live.ids,
    )


def _repeated(
    run: Run, file: Pipeline, data: Data, key: str, live: Live, stack: ExitStack
) -> Iterator[Values]:
    """The same with the seeds that follow, each in a run of MLflow's below this one.

    Args:
        run: Of the stage.
        file: What is fitted.
        data: What to.
        key: Of the fit with the first seed.
        live: Where that is recorded.
        stack: Until it is left, what came of each is kept, for whoever runs the same again.
    """
    client, again = tracking.connect(run.name), file.train.unchecked()
    for seed in range(run.seed + 1, run.seed + again.seeds):
        state = stack.enter_context(states.kept(f"{key}-{seed}"))
        saved = state.read()
        if saved is not None and DONE in saved.facts:
            yield saved.facts[DONE]
            continue
        shown = Shown(f"{run.name}, seed {seed}", file.train.monitored)
        tags = {"dvc.stage": f"train@{run.name}", SEED: str(seed)}
        with tracking.start(client, run.name, {}, tags, f"seed {seed}", live.run_id) as child:
            try:
                fitted = again.fit(file, data, seed, Watch(shown, Curves(child.log), state=state))
            except Diverged as error:  # which loses nothing of the others
                run.say(f"seed {seed} is left out: {error}")
                continue
            finally:
                shown.end()
        found = at(fitted)
        state.write({}, {DONE: found})
        yield found


def _sentence(
    fitted: Fitted, monitor: str, count: int, seeds: Mapping[str, Mapping[str, float]]
) -> str:
    """Which epoch is kept, and what it came to with so many seeds."""
    best = at(fitted)
    reached = f", {monitor} {best[monitor]:.4f}" if monitor in best else ""
    kept = f"epoch {fitted.best + 1} of {len_of(fitted.history)} is kept{reached}"
    once = ", ".join(f"{name} {value:.4f}" for name, value in best.items())
    said = kept if len_of(fitted.history) > 1 else once or "fitted"
    if (one := seeds.get(monitor)) is None:
        return said
    return f"{said}; over {count} seeds {one['value']:.4f} ({one['low']:.4f} to {one['high']:.4f})"


def learned(file: Pipeline, fitted: Fitted, seeds: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of how a model was fitted; a learner of one's own may tell nothing more."""
    return {
        "epochs": file.train.allowed,
        "best": fitted.best,
        "history": fitted.history,
        "seeds": seeds,
        "remedies": {illness: [key, to] for illness, key, to in file.train.remedies(file)},
        **getattr(fitted, "told", {}),
    }


def at(fitted: Fitted) -> dict[str, float]:
    """What the learning curves have at the epoch that is kept."""
    return {name: values[fitted.best] for name, values in fitted.history.items()}


def len_of(history: Mapping[str, Sequence[float]]) -> int:
    """How many epochs there were."""
    return max(map(len, history.values()), default=1)


def curve_rows(history: Mapping[str, Sequence[float]]) -> Iterator[tuple[int, str, str, float]]:
    """Learning curves as a long table: epoch, counted from 1, split, metric and value."""
    for name, values in history.items():
        split = "validation" if name.startswith("val_") else "train"
        for epoch, value in enumerate(values, 1):
            yield epoch, split, name.removeprefix("val_"), value
