"""The augment stage, from paths to paths."""

import keras

from components.augment.stage import VARIATIONS, as_model, preview, vary
from components.base.files import replacing
from components.config.building import build_all
from components.data import dataset, shards
from components.layers.checks import check_augmentation
from components.models import keras_files
from components.run.command import Run
from components.show import pictures


def run(run: Run) -> None:
    """Writes `out`: the layers as a model, and the copies as a dataset."""
    keras.utils.set_random_seed(run.seed)
    facts, config = dataset.read_facts(run.dataset), run.pipeline.augment
    train = dataset.open_split(run.dataset, "train")
    layers = build_all(config.layers, ("augment", "layers"), dtype="float32")
    check_augmentation(layers, facts.shape)
    run.check_code()
    augmentation = as_model(layers, facts.shape)
    pictures.save(pictures.grid(*preview(augmentation, train), 1 + VARIATIONS), run.picture)
    with replacing(run.out) as folder:
        path = folder / "train" / shards.file_name(0, 1)
        copies = shards.write(path, vary(augmentation, train, config.copies), facts)
        shards.seal(folder, [copies], facts.with_counts({"train": copies.count}))
        keras_files.save(augmentation, folder / "augmentation.keras")
    run.conclude(f"{len(layers)} layers; {copies.count} copies on disk")
    run.measure({"layers": len(layers), "copies": copies.count})
