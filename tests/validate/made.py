"""Data sets that the tests of this folder make, and their way through the stage."""

import io

import numpy as np
from PIL import Image
from scipy.ndimage import zoom

from components.base.workers import Workers
from components.config.validate import Config
from components.data import dataset, shards
from components.data.dataset import Facts, Split
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image as Images
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from components.validate.inspection import Shard
from components.validate.looking import look
from components.validate.stage import validate

LABEL = ClassLabel(("ant", "bee"))
FILES = Schema({"image": Images(), "label": LABEL}, ("label",))
KINDS = {"width": Value(), "place": Value("string"), "label": ClassLabel("ab")}
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


def split(*examples, schema=FILES):
    """A split of `(name, file, label)`."""
    names, images, labels = zip(*examples, strict=True) if examples else ((), (), ())
    columns = {"image": Values(images), "label": np.array(labels, np.int64)}
    return Split(schema, columns, list(names))


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
    """Splits of `(inputs, labels)`: images where an input has height, width and channels."""
    inputs = {name: np.array(values) for name, (values, _) in splits.items()}
    first = next(iter(inputs.values()))
    shape, dtype = first.shape[1:], str(first.dtype)
    is_image = len(shape) == 3
    kind = Images(shape, dtype, is_file=False) if is_image else Value(dtype, shape)
    name = "image" if is_image else "features"
    schema = Schema({name: kind, "label": ClassLabel(classes)}, ("label",))
    return {
        split: Split(schema, {name: inputs[split], "label": np.array(labels, np.int64)})
        for split, (_, labels) in splits.items()
    }


def unbalanced():
    """Twelve examples of one class for one of the other."""
    return arrays(train=([[x, -1] for x in range(13)], [0] * 12 + [1]))


def tabular(kinds, targets=("label",), **splits):
    """Splits of columns, each its values by name."""
    schema = Schema(kinds, targets)
    return {
        split: Split(schema, {name: _rows(kinds[name], of) for name, of in columns.items()})
        for split, columns in splits.items()
    }


def _rows(kind, values):
    return Values(values) if kind.is_encoded else np.array(values, kind.dtype)


def save(splits, folder, shard):
    """Writes a data set with `shard` examples in each shard."""
    written = []
    for name, one in splits.items():
        cuts = np.split(np.arange(len(one)), range(shard, len(one), shard))
        for number, rows in enumerate(cuts):
            path = folder / name / shards.file_name(number, len(cuts))
            written.append(shards.write(path, [one.take(rows)], one.schema))
    schema = next(iter(splits.values())).schema
    shards.seal(folder, written, Facts(schema, {name: len(one) for name, one in splits.items()}))


def opened(folder):
    """A dataset as the stage reads it: its splits, and what was found in them."""
    facts = dataset.read_facts(folder)
    splits = {name: dataset.open_split(folder, name) for name in facts.counts}
    parts = [
        Shard(name, path, facts.schema)
        for name in splits
        for path in dataset.shard_paths(folder, name)
    ]
    with Workers() as workers:
        return splits, look(parts, workers)


def looked(folder, *examples, schema=FILES):
    """What is found of the files of a train split."""
    shards.save({"train": split(*examples, schema=schema)}, folder)
    return opened(folder)[1]


def checked(folder, splits, accepted=None, **config):
    """The report of a data set that is written to a folder and read again."""
    save(splits, folder, shard=50)
    splits, table = opened(folder)
    return validate(table, splits, Config(**{**LENIENT, **config}), accepted)


def named(report, kind):
    """The names of the examples that were found, and what is wrong with them."""
    found = [one for one in report.findings if one.kind == kind]
    return {example.name: example.detail for one in found for example in one.examples}


def kinds(report):
    """How many of each kind were found."""
    return {one.kind: one.count for one in report.findings}


GOOD = photos(1, 2, 3, 4)
