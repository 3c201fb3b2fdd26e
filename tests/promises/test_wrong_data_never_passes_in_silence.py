"""Promise 7: wrong data never passes in silence, and right data is never made wrong."""

import csv
import json
import os
import random
import shutil

import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from components.base.errors import Invalid, Mistakes, Stop
from components.base.workers import Workers
from components.config import lookup
from components.config.document import Document
from components.config.ingest import Split
from components.config.pipeline import parse
from components.config.section import Layer
from components.data import dataset, shards
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image as Images
from components.data.schema import Schema
from components.fitting.supervised.callbacks import FiniteEarlyStopping
from components.ingest.sources.image_folder import ImageFolder
from components.ingest.sources.table import Table
from components.ingest.stage import recalled, split, write
from components.layers.checks import check_augmentation, check_preprocessing
from components.preprocess.stage import Source, as_model, fit, transform
from tests.validate.made import checked, file, files, named, photo

CLASSES = ("ant", "bee", "cat")


class Alone(Workers):
    """Does it all in this process."""

    def _results(self, task, items, what):
        return map(task, items)


def ingest(config, source, out):
    """The whole stage, which remembers what it has read."""
    found = recalled(config.listing(source))
    with Alone() as workers:
        write(found, split(config, found, 0, workers), out, workers)
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")}


class Folder:
    """A folder of images and a CSV of them, to which a user does what users do."""

    def __init__(self, root, draw):
        self.root, self.draw, self.made = root, draw, 0
        self.rows = []  # (path, label), some of them twice
        for _ in range(24):
            self.add()
        self.save()

    def image(self, path):
        self.made += 1
        pixels = (self.made % 251, self.made // 251, self.draw.randrange(251))
        Image.new("RGB", (3, 3), pixels).save(self.root / path, "BMP")  # all of one size

    def add(self):
        label = CLASSES[self.made % 3]
        path = f"{label}/{self.made}.bmp"
        (self.root / label).mkdir(exist_ok=True)
        self.image(path)
        self.rows.append((path, label))

    def repeat(self):
        self.rows.append(self.draw.choice(self.rows))

    def remove(self):
        path = self.pick()
        if len({one for one, _ in self.rows}) > 15:
            (self.root / path).unlink()
            self.rows = [row for row in self.rows if row[0] != path]

    def rename(self):
        path = self.pick()
        new = f"{path.partition('/')[0]}/renamed{self.made}-{self.draw.random()}.bmp"
        (self.root / path).rename(self.root / new)
        self.rows = [(new, label) if one == path else (one, label) for one, label in self.rows]

    def swap(self):
        """Two files change their places, and keep their sizes and dates."""
        one, other = self.root / self.pick(), self.root / self.pick()
        aside = self.root / "aside"
        one.rename(aside)
        if other.exists():
            other.rename(one)
            aside.rename(other)
        else:
            aside.rename(one)

    def swap_contents(self):
        """Written in place: the inode stays, and the date that says so is put back."""
        one, other = (self.root / self.pick() for _ in range(2))
        texts, times = (one.read_bytes(), other.read_bytes()), (one.stat(), other.stat())
        one.write_bytes(texts[1])
        other.write_bytes(texts[0])
        for path, time in zip((one, other), times, strict=True):
            os.utime(path, ns=(time.st_atime_ns, time.st_mtime_ns))

    def touch(self):
        time = self.draw.randrange(10**18)
        os.utime(self.root / self.pick(), ns=(time, time))

    def change(self):
        self.image(self.pick())

    def copy_over(self):
        """With the dates of the other file."""
        one, other = (self.root / self.pick() for _ in range(2))
        if one != other:
            shutil.copy2(one, other)

    def link(self):
        path, other = self.pick(), self.pick()
        if path != other:
            (self.root / path).unlink()
            os.link(self.root / other, self.root / path)

    def shuffle(self):
        self.draw.shuffle(self.rows)

    def pick(self):
        return self.draw.choice(self.rows)[0]

    def save(self):
        with (self.root / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("image", "label"), *self.rows])


CHANGES = [
    Folder.add,
    Folder.repeat,
    Folder.remove,
    Folder.rename,
    Folder.swap,
    Folder.swap_contents,
    Folder.touch,
    Folder.change,
    Folder.copy_over,
    Folder.link,
    Folder.shuffle,
]


@pytest.fixture
def small_shards(monkeypatch):
    """A few files a shard, and a part of a shard."""
    monkeypatch.setattr(shards.cut, "__defaults__", (350,))
    monkeypatch.setattr(shards.batched, "__defaults__", (150,))


@pytest.mark.parametrize("seed", range(24))
def test_a_folder_that_was_read_before_gives_the_bytes_of_a_fresh_start(
    tmp_path, monkeypatch, small_shards, seed
):
    """Whatever was done to it meanwhile, and however often it was read."""
    draw = random.Random(seed)  # noqa: S311
    (tmp_path / "source").mkdir()
    folder = Folder(tmp_path / "source", draw)
    by = ("class", "content")[seed % 2]
    shares = {"train": 0.5, "validation": 0.25, "test": 0.25}
    config = (
        Table(source="table", file="labels.csv", split=Split(by=by, **shares))
        if seed % 4 < 2
        else ImageFolder(source="image_folder", split=Split(by=by, **shares))
    )
    for step in range(5):
        monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / "kept"))
        again = ingest(config, folder.root, tmp_path / f"again{step}")
        monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / f"empty{step}"))
        fresh = ingest(config, folder.root, tmp_path / f"fresh{step}")

        assert again == fresh
        check_content(tmp_path / f"again{step}", folder, isinstance(config, Table))
        for _ in range(draw.randrange(1, 5)):
            draw.choice(CHANGES)(folder)
        folder.save()


def check_content(out, folder, is_table):
    """Every example has the pixels of the file of its name, and its label; none is missing."""
    expected = sorted(folder.rows) if is_table else sorted(set(folder.rows))
    found = []
    for name in dataset.SPLITS:
        part = dataset.open_split(out, name)
        for row in range(len(part)):
            assert part.input[row] == (folder.root / part.name(row)).read_bytes()
            found.append((part.name(row), part.text("label", row)))
    assert sorted(found) == expected


NUMBERS = ["0", "00", "-0", "1", "01", "1.0", "1e0", "+1", "10", "9", "1" * 23, "1" * 22 + "2"]
TEXTS = ["0x1", "1_0", "inf", "True", "TRUE", "None", "NA", "N/A", "nan", "NaN", "null", "NULL"]
TEXTS += ["#N/A", "2020-01-01", "é", "a,b", 'a"b', "a\nb", " 1", "1 "]


@pytest.fixture
def cells(tmp_path, monkeypatch, request):
    """A folder of files, and rows of cells: a file's name, a label and a group."""
    monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / "cache"))
    draw = random.Random(request.param)  # noqa: S311
    words = draw.sample(NUMBERS + TEXTS if request.param % 2 else NUMBERS, 6)
    rows = [
        [word.replace("/", "-"), word, draw.choice(words)] for word in draw.choices(words, k=30)
    ]
    for name, *_ in rows:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path, rows


def check_cells(folder, file, rows):
    """Every label, group and file's name is what is written there."""
    config = Table(source="table", file=file, split=Split(by="group", group="patient"))

    found = config.listing(folder)

    kind = found.schema.target
    assert len(kind.classes) == len({label for _, label, _ in rows})
    read = zip(found.names, found.columns["label"], found.groups, strict=True)
    assert [[name, kind.text(label), str(group)] for name, label, group in read] == rows
    assert found.columns["image"][np.arange(30)] == [name.encode() for name, *_ in rows]


@pytest.mark.parametrize("cells", range(12), indirect=True)
def test_no_cell_of_a_csv_is_taken_for_another_or_for_none(cells):
    """Whatever it may look like: a label, a group and a file's name are what is written there."""
    folder, rows = cells
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "label", "patient"), *rows])

    check_cells(folder, "labels.csv", rows)


@pytest.mark.parametrize("cells", range(12), indirect=True)
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_no_text_of_a_table_that_knows_it_is_taken_for_a_number_or_a_date(cells, ending):
    """Cut into two files too, of which one has nothing but what looks like a number."""
    folder, rows = cells
    rows = sorted(rows, key=lambda row: row[1] in TEXTS)
    table = pd.DataFrame(rows, columns=["image", "label", "patient"])
    for number, part in enumerate((table[:20], table[20:])):
        path = folder / f"part-{number}.{ending}"
        if ending == "jsonl":
            part.to_json(path, orient="records", lines=True)
        else:
            part.to_parquet(path)

    check_cells(folder, f"part-*.{ending}", rows)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_number_is_read_as_it_is_or_refused_whatever_is_written_beside_it(
    tmp_path, monkeypatch, seed, ending
):
    """A cell that is no number is named; none becomes another number, or is left out."""
    monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path / "cache"))
    draw = random.Random(seed)  # noqa: S311
    numbers = [draw.choice([draw.randrange(-99, 99), draw.uniform(-9, 9)]) for _ in range(20)]
    place, odd = draw.randrange(1, 20), draw.choice(["n/a", "1_0", "1,5", "0x1", "2026-01-01"])
    columns = {"size": {"Value": {"dtype": "float64"}}, "label": "Value"}
    config = Table(source="table", file=f"part-*.{ending}", columns=columns)

    write_sizes(tmp_path, ending, numbers, place)
    assert config.listing(tmp_path).columns["size"].tolist() == numbers

    write_sizes(tmp_path, ending, [*numbers[:place], odd, *numbers[place:]], place)
    with pytest.raises(Stop) as caught:
        config.listing(tmp_path)
    assert (
        str(caught.value)
        == {
            "csv": f"ingest.columns.size: 1 of 21 are no numbers (part-1.csv:2: {odd!r}); "
            "mend them, or declare the column as {Value: {dtype: string}}",
            "jsonl": f"{tmp_path}/part-1.jsonl:1: column 'size' holds text; "
            "in part-0.jsonl:1 it holds numbers",
            "parquet": f"{tmp_path}/part-1.parquet: column 'size' holds text; "
            "in part-0.parquet it holds numbers",
        }[ending]
    )


def write_sizes(folder, ending, sizes, cut):
    """Two files of numbers, the second of which may begin with something else."""
    for number, part in enumerate((sizes[:cut], sizes[cut:])):
        path = folder / f"part-{number}.{ending}"
        rows = [{"size": size, "label": 0} for size in part]
        if ending == "jsonl":
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        elif ending == "csv":
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([("size", "label"), *(row.values() for row in rows)])
        else:
            is_odd = any(isinstance(size, str) for size in part)
            kind = pa.string() if is_odd else pa.float64()
            texts = list(map(str, part)) if is_odd else list(map(float, part))
            pq.write_table(
                pa.table({"size": pa.array(texts, kind), "label": [0] * len(part)}), path
            )


@pytest.mark.parametrize("seed", range(12))
def test_every_example_keeps_its_label_whatever_is_dropped_and_however_it_is_cut(
    tmp_path, monkeypatch, seed
):
    """Through shards, parts of shards, chunks, and two layers, one of which is fitted."""
    draw = np.random.default_rng(seed)
    count, names = int(draw.integers(40, 200)), [f"class {number}" for number in range(256)]
    labels = draw.integers(0, 256, count)
    inputs = labels.astype(np.uint8)[:, None, None, None] * np.ones((1, 2, 3, 1), np.uint8)
    kinds = {"image": Images((2, 3, 1), "uint8", is_file=False), "label": ClassLabel(names)}
    schema = Schema(kinds, ("label",))
    monkeypatch.setattr(shards.cut, "__defaults__", (int(draw.integers(20, 600)),))
    monkeypatch.setattr(shards.batched, "__defaults__", (int(draw.integers(20, 200)),))
    monkeypatch.setattr("components.data.examples.CHUNK_BYTES", int(draw.integers(24, 720)))
    edge = count // 2
    parts = {
        "train": dataset.Split(schema, {"image": inputs[:edge], "label": labels[:edge]}),
        "test": dataset.Split(schema, {"image": inputs[edge:], "label": labels[edge:]}),
    }
    shards.save(parts, tmp_path / "raw")
    dropped = {
        name: draw.choice(len(one), len(one) // 3, replace=False).tolist()
        for name, one in parts.items()
    }
    layers = [keras.layers.Rescaling(0.5), keras.layers.Normalization(None)]

    sources = [one for name in parts for one in Source.of(tmp_path / "raw", name, dropped[name])]
    with Alone() as workers:
        train = [one for one in sources if one.split == "train"]
        fit(layers, train, tmp_path / "scratch", workers)
        transform(layers, sources, tmp_path / "ready", tmp_path / "scratch", workers)

    for name, part in parts.items():
        left = dataset.open_split(tmp_path / "raw", name, dropped[name])
        assert [left.row(place) for place in range(len(left))] == sorted(
            set(range(len(part))) - set(dropped[name])
        )
        ready = dataset.open_split(tmp_path / "ready", name)
        assert np.array_equal(ready.target, part.target[[left.row(i) for i in range(len(left))]])
        expected = np.asarray(as_model(layers, schema)(left.input[np.arange(len(left))]))
        assert np.allclose(ready.input[:], expected, atol=1e-6)
        # The value of an example is its label's, in its order.
        values, order = ready.input[:][:, 0, 0, 0], np.argsort(ready.target, kind="stable")
        assert (np.diff(values[order])[np.diff(ready.target[order]) > 0] > 0).all()


ARGUMENTS = {
    "Dropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.5},
    "RandomBrightness": {"factor": 0.5},
    "RandomContrast": {"factor": 0.5},
    "RandomCrop": {"height": 4, "width": 4},
    "RandomColorDegeneration": {"factor": 0.5},
    "RandomHue": {"factor": 0.5},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.2},
    "RandomSaturation": {"factor": 0.5},
    "RandomSharpness": {"factor": 0.5},
    "RandomShear": {"x_factor": 0.3},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": 0.3},
    "RandomErasing": {"factor": 1.0},
    "Pipeline": {},
    "Resizing": {"height": 4, "width": 4},
    "CenterCrop": {"height": 4, "width": 4},
    "Rescaling": {"scale": 0.5},
    "Cropping2D": {},
    "ZeroPadding2D": {},
    "AveragePooling2D": {"pool_size": 2},
    "MaxPooling2D": {"pool_size": 2},
    "LayerNormalization": {},
    "UnitNormalization": {},
    "Solarization": {"addition_factor": 0.5},
    "AutoContrast": {},
    "Equalization": {},
    "RandomGrayscale": {},
    "RandomInvert": {},
    "RandomFlip": {},
    "RandomElasticTransform": {},
    "RandomGaussianBlur": {},
    "RandomPerspective": {},
    "RandAugment": {},
    "AugMix": {},
    "MixUp": {},
    "CutMix": {},
    "RandomColorJitter": {"brightness_factor": 0.5},
}


def test_whatever_draws_at_random_is_refused_as_preprocessing_and_nothing_else_is():
    """Each layer of Keras is run, and what it does decides."""
    images = np.random.default_rng(0).uniform(0, 255, (8, 8, 8, 3)).astype(np.float32)
    seen = {True: [], False: []}
    for name, arguments in ARGUMENTS.items():
        kind = getattr(keras.layers, name)
        layer = kind([keras.layers.RandomFlip()]) if name == "Pipeline" else kind(**arguments)
        draws = any(_draws(layer, images) for _ in range(3))
        seen[draws].append(name)
        if name != "Pipeline":
            definition = Layer.model_validate({name: arguments}).definition
            assert lookup.makes(definition, "SeedGenerator") == draws, name
        if draws:
            with pytest.raises(Mistakes) as caught:
                check_preprocessing([layer])
            assert str(caught.value.problems[0].message) == (
                f"{name} draws at random; it belongs under augment.layers"
            )
        else:
            check_preprocessing([layer])

    assert {"RandAugment", "AugMix", "MixUp", "CutMix", "Pipeline", "Dropout"} <= {*seen[True]}
    assert {"Resizing", "Rescaling", "AutoContrast", "Equalization"} <= {*seen[False]}
    left_out = {
        name
        for name in dir(keras.layers)
        if name.startswith("Random") or "Aug" in name or "Mix" in name
    }
    assert left_out <= set(ARGUMENTS)


def _draws(layer, images):
    labels = np.eye(8, dtype=np.float32)
    given = {"images": images, "labels": labels}
    is_mixing = isinstance(layer, keras.layers.MixUp | keras.layers.CutMix)
    found = []
    for _ in range(2):
        if is_mixing:
            found.append(np.asarray(layer(dict(given), training=True)["images"]))
        else:
            try:
                found.append(np.asarray(layer(images, training=True)))
            except TypeError:
                found.append(np.asarray(layer(images)))
    return not np.array_equal(*found)


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_what_would_mix_images_and_not_their_labels_is_refused(edited, name):
    layers = [getattr(keras.layers, name)()]
    reason = f"{name} mixes examples, and would have to mix their labels, which augment.layers does"
    with pytest.raises(Mistakes, match=reason):
        check_augmentation(layers, (8, 8, 3))
    path = edited(("RandomRotation: {factor: 0.04}", f"{name}: {{}}"))

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    assert str(caught.value) == f"{path}:20: augment.layers.1: {reason} not do"


@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_out_as_a_near_copy_looks_like_what_is_kept_for_it(tmp_path, seed):
    """In a video each frame looks like the next, and the last like none of the first."""
    draw = random.Random(seed)  # noqa: S311
    scene, step = photo(seed, 400, 400), draw.randrange(1, 5)
    frames = [scene[place : place + 200, place : place + 200] for place in range(0, 160, step)]
    names = [f"{number:03}.png" for number in range(len(frames))]
    examples = [(name, file(frame), 0) for name, frame in zip(names, frames, strict=True)]

    report = checked(tmp_path / "raw", files(examples), near_duplicates="drop")

    kept = dict(zip(names, frames, strict=True))
    copies = named(report, "near_duplicates")
    for name in copies:
        del kept[name]
    for name, detail in copies.items():
        (other,) = [one for one in kept if one in detail]
        apart = abs(names.index(name) - names.index(other)) * step
        assert apart <= 40, f"{name} is no copy of {other}"
    assert len(kept) >= 3


@pytest.mark.parametrize("diverges", [0, 1, 3])
def test_a_loss_that_is_no_number_is_never_the_best(diverges):
    """Neither kept, nor reported, nor waited for."""
    losses = [3.0, 2.0, 2.5, 1.0, 1.5]
    losses[diverges] = float("nan")
    stop = FiniteEarlyStopping("val_loss", mode="min", patience=10, restore_best_weights=True)
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    stop.set_model(model)
    stop.on_train_begin()

    for epoch, loss in enumerate(losses):
        model.set_weights([np.full((1, 1), epoch, np.float32)])
        stop.on_epoch_end(epoch, {"val_loss": loss})
    stop.on_train_end()

    best = int(np.nanargmin(losses))
    assert stop.best_epoch == best
    assert model.get_weights()[0].item() == best
