"""The augment stage, from paths to paths."""

import keras
import numpy as np

from components.augment.stage import VARIATIONS, as_model, preview, vary
from components.base.files import replacing
from components.config.building import build_all
from components.data import dataset, shards, shown
from components.data.dataset import Facts, Split
from components.layers.checks import check_augmentation, check_masks
from components.models import keras_files
from components.run.command import Run
from components.show import pictures


def run(run: Run) -> None:
    """Writes `out`: the layers as a model, and the copies as a dataset."""
    keras.utils.set_random_seed(run.seed)
    config = run.pipeline.augment
    train = dataset.open_split(run.dataset, "train")
    kind = train.schema.input
    if not kind.is_array:
        _copy(run, train)
        return
    layers = build_all(config.layers, ("augment", "layers"), dtype="float32")
    check_augmentation(layers, kind.shape)
    if train.schema.moving:
        check_masks(layers, kind.shape)
    run.check_code()
    augmentation = as_model(layers, kind.shape)
    some, titles = preview(augmentation, train)
    drawn = shown.draws(some, np.arange(len(some))) or list(map(pictures.as_row, some.input[:]))
    figure = pictures.grid(drawn, titles, 1 + VARIATIONS)
    pictures.save(shown.explain(figure, some.schema), run.picture)
    with replacing(run.out) as folder:
        path = folder / "train" / shards.file_name(0, 1)
        copies = shards.write(path, vary(augmentation, train, config.copies), train.schema)
        shards.seal(folder, [copies], Facts(train.schema, {"train": copies.count}))
        keras_files.save(augmentation, folder / "augmentation.keras")
    run.conclude(f"{len(layers)} layers; {copies.count} copies on disk")
    run.measure({"layers": len(layers), "copies": copies.count})


def _copy(run: Run, train: Split) -> None:
    """For examples that no layer computes with: no copies, and a few of them to be read."""
    texts = [shown.words(train, row) for row in range(min(len(train), 12))]
    pictures.save(pictures.lines(texts), run.picture)
    with replacing(run.out) as folder:
        path = folder / "train" / shards.file_name(0, 1)
        none = shards.write(path, [dataset.empty(train.schema)], train.schema)
        shards.seal(folder, [none], Facts(train.schema, {"train": 0}))
    run.conclude("0 layers; 0 copies on disk")
    run.measure({"layers": 0, "copies": 0})
