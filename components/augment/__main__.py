"""Build the augmentation layers, picture what they do, and write varied copies."""

import keras

from components import dataset, keras_files, pictures, shards
from components.augment.stage import VARIATIONS, as_model, preview, vary
from components.command import stage
from components.files import replacing
from components.section import build_all

with stage(__doc__, "dataset", "out", "picture", seed=True) as run:
    keras.utils.set_random_seed(run.seed)
    facts, config = dataset.read_facts(run.dataset), run.pipeline.augment
    train = dataset.open_split(run.dataset, "train")
    layers = build_all(config.layers, ("augment", "layers"), dtype="float32")
    augmentation = as_model(layers, facts.shape)
    pictures.save(pictures.grid(*preview(augmentation, train), 1 + VARIATIONS), run.picture)
    with replacing(run.out) as folder:
        path = folder / "train" / shards.file_name(0, 1)
        copies = shards.write(path, vary(augmentation, train, config.copies), facts)
        shards.seal(folder, [copies], facts.with_counts({"train": copies.count}))
        keras_files.save(augmentation, folder / "augmentation.keras")
    run.measure({"layers": len(layers), "copies": copies.count})
