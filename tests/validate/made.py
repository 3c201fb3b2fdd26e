"""Data sets that the tests of this folder make, and their way through the stage."""

import io

import numpy as np
from PIL import Image
from scipy.ndimage import zoom

from components.config.validate import Config
from components.data import dataset, shards
from components.data.dataset import Facts, Split
from components.validate.inspection import Shard, inspect, together
from components.validate.stage import validate

FILES = Facts((None, None, 3), "uint8", ("ant", "bee"), {}, is_encoded=True)
LENIENT = {"missing_class": "warn", "min_examples_per_class": 1, "max_dropped_fraction": 1}
"""For sets so small that nothing but what a test is about should stop the line."""


def photo(seed, height=96, width=96):
    """Coloured noise that is smooth as a photo is, `(height, width, 3)`."""
    rng = np.random.default_rng(seed)
    noise = sum(
        size * zoom(rng.normal(size=(96 // size, 96 // size, 3)), (size, size, 1), order=1)
        for size in (4, 8, 16)
    )
    noise = (noise - noise.min()) / np.ptp(noise)
    return np.asarray(Image.fromarray((255 * noise).astype(np.uint8)).resize((width, height)))


def file(pixels, kind="PNG", **options):
    """An image file's bytes."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def cut_off():
    """A photo of which the second half is missing, and what Pillow says of it."""
    whole = file(photo(9), "JPEG")
    half = whole[: len(whole) // 2]
    try:
        Image.open(io.BytesIO(half)).load()
    except OSError as error:
        return half, f"damaged: {error}"
    raise AssertionError("it is not cut off")


def split(*examples):
    """A split of `(name, file, label)`."""
    names, inputs, labels = zip(*examples, strict=True) if examples else ((), (), ())
    return Split(list(inputs), np.array(labels, np.int64), list(names))


def photos(*seeds, prefix="", **options):
    """Examples that nothing is wrong with, of the two classes in turn."""
    return [
        (f"{prefix}{seed}.png", file(photo(seed, **options)), place % 2)
        for place, seed in enumerate(seeds)
    ]


def files(train, test=None, validation=None):
    """Splits of image files; the other two are whole where only train is given."""
    others = {
        "validation": photos(1001, 1002) if validation is None else validation,
        "test": photos(2001, 2002) if test is None else test,
    }
    return {name: split(*one) for name, one in {"train": train, **others}.items()}


def arrays(classes=("a", "b"), **splits):
    """Splits of `(inputs, labels)`, and their facts."""
    made = {
        name: Split(np.array(inputs), np.array(labels, np.int64))
        for name, (inputs, labels) in splits.items()
    }
    first = next(iter(made.values())).inputs
    return made, Facts(first.shape[1:], str(first.dtype), tuple(classes), {})


def save(splits, facts, folder, shard):
    """Writes a data set with `shard` examples in each shard."""
    written = []
    for name, one in splits.items():
        cuts = np.split(np.arange(len(one)), range(shard, len(one), shard))
        for number, rows in enumerate(cuts):
            path = folder / name / shards.file_name(number, len(cuts))
            written.append(shards.write(path, [one.take(rows)], facts))
    counts = {name: len(one) for name, one in splits.items()}
    shards.seal(folder, written, facts.with_counts(counts))


def opened(folder):
    """A dataset as the stage reads it: its facts, its splits, and what was found in them."""
    facts = dataset.read_facts(folder)
    splits = {name: dataset.open_split(folder, name) for name in facts.counts}
    parts = [
        Shard(name, path, facts) for name in splits for path in dataset.shard_paths(folder, name)
    ]
    return facts, splits, together(map(inspect, parts))


def checked(folder, splits, facts=FILES, accepted=None, **config):
    """The report of a data set that is written to a folder and read again."""
    save(splits, facts, folder, shard=50)
    facts, splits, table = opened(folder)
    return validate(table, splits, facts, Config(**{**LENIENT, **config}), accepted)


def named(report, kind):
    """The names of the examples that were found, and what is wrong with them."""
    found = [one for one in report.findings if one.kind == kind]
    return {example.name: example.detail for one in found for example in one.examples}


def kinds(report):
    """How many of each kind were found."""
    return {one.kind: one.count for one in report.findings}
