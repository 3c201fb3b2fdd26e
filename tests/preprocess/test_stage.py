"""Fitting preprocessing layers one after the other, and applying them, shard by shard."""

import io
from itertools import pairwise

import keras
import numpy as np
import pytest
from PIL import Image as Picture

from components.base.errors import Mistakes, Stop
from components.base.workers import Workers
from components.config.building import build_all
from components.config.section import Layer
from components.data import dataset, shards
from components.data.dataset import Facts, Split
from components.data.examples import Examples
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.features.value import Value
from components.data.rows import Values
from components.data.schema import Schema
from components.layers.whitening import ZCAWhitening
from components.models import keras_files
from components.preprocess.stage import (
    Applied,
    Source,
    as_model,
    fit,
    needs_fit,
    prepare,
    transform,
)

SCHEMA = Schema(
    {"image": Image((2, 2, 1), "uint8", is_file=False), "label": ClassLabel(("a", "b"))},
    ("label",),
)
FACTS = Facts(SCHEMA, {"train": 50, "test": 7})


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (57, 2, 2, 1), np.uint8)


@pytest.fixture
def raw(tmp_path, images):
    """A dataset of three shards for train and one for test."""
    splits = {"train": images[:50], "test": images[50:]}
    cuts = {"train": [0, 20, 21, 50], "test": [0, 7]}
    written = []
    for name, inputs in splits.items():
        edges = cuts[name]
        for number, (start, stop) in enumerate(pairwise(edges)):
            path = tmp_path / "raw" / name / shards.file_name(number, len(edges) - 1)
            labels = np.arange(start, stop) % 2
            part = Split(SCHEMA, {"image": inputs[start:stop], "label": labels})
            written.append(shards.write(path, [part], SCHEMA))
    shards.seal(tmp_path / "raw", written, FACTS)
    return tmp_path / "raw"


def sources(raw, train=(), test=()):
    return [*Source.of(raw, "train", train), *Source.of(raw, "test", test)]


MODULES = ("components.layers.whitening",)


def prepared(layers, parts, folder, address=None):
    """Fits and applies the layers, and opens the result."""
    scratch = folder / "scratch"
    with Workers(address) as workers:
        made = prepare(layers, parts, folder / "ready", scratch, workers, MODULES)
    assert not [*scratch.glob("*.npz")]  # as large as all that was fitted
    assert not [*scratch.glob("decoded/*/*.arrow")]  # as large as all that there is
    return made


def test_each_layer_is_fitted_to_what_the_one_before_leaves(tmp_path, raw, images):
    layers = [keras.layers.Rescaling(1 / 255), keras.layers.Normalization(), ZCAWhitening()]

    facts, _ = prepared(layers, sources(raw), tmp_path)

    train = dataset.open_split(tmp_path / "ready", "train")
    assert train.input[:].dtype == np.float32
    assert facts.counts == {"train": 50, "test": 7}
    assert np.asarray(layers[1].mean).item() == pytest.approx(images[:50].mean() / 255, rel=1e-6)
    assert np.cov(train.input[:].reshape(50, -1).T) == pytest.approx(np.eye(4), abs=1e-2)


@pytest.mark.parametrize("axis", [-1, (1, 2, 3), None])
def test_keras_normalization_is_fitted_as_keras_does(tmp_path, raw, images, axis):
    layer, alone = keras.layers.Normalization(axis), keras.layers.Normalization(axis)
    alone.adapt(images[:50].astype(np.float32))

    prepared([layer], sources(raw), tmp_path)

    ours, theirs = (np.asarray(one(images)) for one in (layer, alone))
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_a_layer_that_only_fits_by_itself_sees_every_chunk(tmp_path, raw, images):
    layer = keras.layers.Discretization(num_bins=2)

    prepared([keras.layers.Rescaling(1.0), layer], sources(raw), tmp_path)

    (edge,) = layer.bin_boundaries
    assert edge == pytest.approx(np.median(images[:50]), abs=12)


def test_the_model_does_what_the_stage_did(tmp_path, raw, images):
    layers = [keras.layers.Rescaling(1 / 255), ZCAWhitening()]

    prepared(layers, sources(raw), tmp_path)

    ready = dataset.open_split(tmp_path / "ready", "test").input
    assert np.asarray(as_model(layers, SCHEMA)(images[50:])) == pytest.approx(ready, abs=1e-5)


def test_no_layers_only_change_the_type(tmp_path, raw, images):
    _, values = prepared([], sources(raw), tmp_path)

    ready = dataset.open_split(tmp_path / "ready", "train").input[:]
    assert np.array_equal(ready, images[:50].astype(np.float32))
    assert values["mean"] == pytest.approx(ready.mean())
    assert values["standard_deviation"] == pytest.approx(ready.std())


def test_dropped_rows_are_neither_fitted_nor_written(tmp_path, raw, images):
    layer = keras.layers.Normalization(None)

    prepared([layer], sources(raw, train=[0, 20, 49], test=range(7)), tmp_path)

    kept = np.delete(images[:50], [0, 20, 49], axis=0)
    assert np.asarray(layer.mean).item() == pytest.approx(kept.mean(), rel=1e-6)
    train, test = (dataset.open_split(tmp_path / "ready", name) for name in ("train", "test"))
    assert train.target.tolist() == np.delete(np.arange(50) % 2, [0, 20, 49]).tolist()
    assert test.input.shape == (0, 2, 2, 1)


def test_labels_stay_with_their_inputs_over_the_chunks_of_a_shard(tmp_path):
    values = np.arange(2500) % 251
    schema = SCHEMA.replacing({"image": Image((1, 1, 1), "uint8", is_file=False)})
    images = values.astype(np.uint8).reshape(-1, 1, 1, 1)
    split = Split(schema, {"image": images, "label": values % 2})
    shards.save({"train": split}, tmp_path / "raw")
    parts = Source.of(tmp_path / "raw", "train", [7, 2000])
    assert len(list(Examples(parts[0].open()))) == 3

    _, statistics = prepared([keras.layers.Rescaling(1.0)], parts, tmp_path)

    train = dataset.open_split(tmp_path / "ready", "train")
    kept = np.delete(values, [7, 2000])
    assert train.input[:].ravel().tolist() == kept.tolist()
    assert train.target.tolist() == (kept % 2).tolist()
    assert statistics["mean"] == pytest.approx(kept.mean())
    assert statistics["standard_deviation"] == pytest.approx(kept.std())


def test_processes_and_a_cluster_give_the_same_bytes(tmp_path, raw, cluster, monkeypatch):
    files = {}
    for name, address, start_s in (
        ("here", None, 1e9),
        ("processes", None, 0),
        ("cluster", cluster, 0),
    ):
        monkeypatch.setattr("components.base.workers.START_S", start_s)
        keras.utils.clear_session()  # names of layers are counted, as in a new process
        layers = [keras.layers.Normalization(), ZCAWhitening(epsilon=0.1)]
        facts, _ = prepared(layers, sources(raw), tmp_path / name, address)
        ready = tmp_path / name / "ready"
        keras_files.save(as_model(layers, facts.schema), ready / "preprocessing.keras")
        files[name] = {path.relative_to(ready): path.read_bytes() for path in ready.rglob("*.*")}

    assert len(files["here"]) == 11
    assert files["here"] == files["processes"] == files["cluster"]


def test_images_of_several_sizes_are_resized(tmp_path):
    def png(height, width):
        buffer = io.BytesIO()
        Picture.new("RGB", (width, height), (200, 100, 0)).save(buffer, "PNG")
        return buffer.getvalue()

    files = Values([png(4, 6), b"not an image", png(8, 2)])
    schema = SCHEMA.replacing({"image": Image()})
    split = Split(schema, {"image": files, "label": np.array([0, 1, 1])})
    shards.save({"train": split}, tmp_path / "raw")

    layers = [keras.layers.Resizing(3, 5), keras.layers.Rescaling(0.5)]
    ready, _ = prepared(layers, Source.of(tmp_path / "raw", "train", [1]), tmp_path)

    assert ready.schema.input == Image((3, 5, 3), "float32", is_file=False)
    train = dataset.open_split(tmp_path / "ready", "train")
    assert train.input[:].reshape(2, -1, 3)[:, 7].tolist() == [[100, 50, 0]] * 2


@pytest.mark.parametrize("is_masked", [False, True])
def test_a_file_is_decoded_once_though_layers_are_fitted(tmp_path, monkeypatch, is_masked):
    random = np.random.default_rng(0)
    files, masks = [], []
    for side in range(4, 30):
        for one, values in ((files, random.integers(0, 256, (side, side, 3), np.uint8)),
                            (masks, random.integers(0, 2, (side, side), np.uint8))):  # fmt: skip
            buffer = io.BytesIO()
            Picture.fromarray(values).save(buffer, "PNG")
            one.append(buffer.getvalue())
    labels = np.arange(len(files)) % 2
    columns = {"image": Values(files), "label": labels}
    kinds = {"image": Image(), "label": SCHEMA.columns["label"]}
    if is_masked:
        columns, kinds = {**columns, "mask": Values(masks)}, {**kinds, "mask": Mask("ab")}
    targets = tuple(kinds)[1:]
    split = Split(Schema(kinds, targets), columns)
    shards.save({"train": split.take(np.arange(20)), "test": split.take(np.arange(20, 26))},
                tmp_path / "raw")  # fmt: skip

    def layers():
        keras.utils.clear_session()
        return [
            keras.layers.Resizing(6, 6, interpolation="nearest"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Normalization(),
            ZCAWhitening(epsilon=0.1),
        ]

    parts = sources(tmp_path / "raw", train=[3])
    twice = layers()
    with Workers() as workers:
        fit(twice, parts[:-1], tmp_path / "fitted", workers, MODULES)
        theirs = transform(twice, parts, tmp_path / "twice", tmp_path / "fitted", workers, MODULES)
    decoded = []
    real = Image.decode_least
    monkeypatch.setattr(
        Image, "decode_least", lambda self, *given: decoded.append(1) or real(self, *given)
    )

    once = layers()
    ours = prepared(once, parts, tmp_path)

    assert len(decoded) == 25
    assert ours[0] == theirs[0]
    assert ours[1] == pytest.approx(theirs[1], abs=1e-6)
    for name, count in (("train", 19), ("test", 6)):
        found, expected = (
            dataset.open_split(tmp_path / folder, name) for folder in ("ready", "twice")
        )
        assert found.input[:].shape == (count, 6, 6, 3)
        assert found.input[:] == pytest.approx(expected.input[:], abs=1e-4)
        for target in targets:
            assert np.array_equal(found[target][:], expected[target][:])
    model = as_model(once, split.schema)
    served = np.asarray(model(np.asarray(split.decoded("image", 25), np.float32)[np.newaxis]))
    assert served[0] == pytest.approx(found.input[5], abs=1e-4)


def test_masks_of_several_sizes_get_that_of_their_images(tmp_path):
    def png(values):
        buffer = io.BytesIO()
        Picture.fromarray(np.asarray(values, np.uint8)).save(buffer, "PNG")
        return buffer.getvalue()

    masks = [np.kron([[0, 1], [255, 0]], np.ones((side, side))) for side in (3, 4, 5)]
    images = [np.repeat(mask[..., np.newaxis], 3, axis=-1) for mask in masks]
    schema = Schema({"image": Image(), "mask": Mask("ab", ignore=255)}, ("mask",))
    columns = {"image": Values(list(map(png, images))), "mask": Values(list(map(png, masks)))}
    shards.save({"train": Split(schema, columns)}, tmp_path / "raw")

    layers = [keras.layers.Resizing(4, 6, interpolation="nearest"), keras.layers.Rescaling(1 / 255)]
    ready, _ = prepared(layers, Source.of(tmp_path / "raw", "train", [1]), tmp_path)

    assert ready.schema.target == Mask("ab", ignore=255).after((4, 6))
    train = dataset.open_split(tmp_path / "ready", "train")
    expected = np.kron([[0, 1], [255, 0]], np.ones((2, 3))).astype(np.uint8)
    assert train["mask"][:].tolist() == [expected.tolist()] * 2
    assert np.array_equal(np.rint(255 * train["image"][0][..., 0]), expected)


def test_what_has_no_height_any_more_is_no_image(tmp_path, raw):
    facts, _ = prepared([keras.layers.Flatten()], sources(raw), tmp_path)

    assert facts.schema == SCHEMA.replacing({"image": Value("float32", (4,))})
    assert dataset.read_facts(tmp_path / "ready") == facts


def test_all_targets_go_with_their_inputs_over_the_chunks_of_a_shard(tmp_path):
    kinds = {"features": Value(shape=(1,)), "price": Value("float64"), "label": ClassLabel("ab")}
    schema = Schema(kinds, ("price", "label"))
    numbers = np.arange(2500)
    features = numbers.astype(np.float32)[:, np.newaxis]
    columns = {"features": features, "price": numbers / 10, "label": numbers % 2}
    shards.save({"train": Split(schema, columns)}, tmp_path / "raw")

    facts, _ = prepared([], Source.of(tmp_path / "raw", "train", [7]), tmp_path)

    kept = np.delete(numbers, 7)
    train = dataset.open_split(tmp_path / "ready", "train")
    assert facts.schema == schema
    assert train["features"][:].ravel().tolist() == kept.tolist()
    assert train["price"].tolist() == (kept / 10).tolist()
    assert train["label"].tolist() == (kept % 2).tolist()


def test_a_worker_on_another_backend_is_refused(tmp_path, raw):
    applied = Applied(Source.of(raw, "train", [])[0], tmp_path / "none.keras", "torch", ())

    with pytest.raises(Stop) as caught:
        next(applied.chunks())

    assert str(caught.value) == (
        f"a worker runs Keras on {keras.backend.backend()}, the pipeline on torch; "
        "start the workers with KERAS_BACKEND=torch"
    )


def test_what_keras_refuses_is_named_for_every_layer():
    named = [Layer.model_validate(one) for one in ({"ZCAWhitening": {"epsilon": 0}}, "Flatten")]

    with pytest.raises(Mistakes) as caught:
        build_all(named, ("preprocess",), dtype="float32")

    (problem,) = caught.value.problems
    assert problem.location == ("preprocess", 0, "ZCAWhitening")
    assert problem.message == "Argument `epsilon` must be > 0. Received: epsilon=0"


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (lambda: keras.layers.Normalization(), True),
        (lambda: keras.layers.Normalization(mean=0.5, variance=1.0), False),
        (lambda: keras.layers.Discretization(num_bins=2), True),
        (lambda: keras.layers.Discretization(bin_boundaries=[0.5]), False),
        (lambda: keras.layers.IntegerLookup(), True),
        (lambda: keras.layers.IntegerLookup(vocabulary=[1, 2]), False),
        (lambda: keras.layers.Rescaling(2.0), False),
    ],
)
def test_a_layer_is_fitted_where_it_was_not_given_its_statistics(layer, expected):
    assert needs_fit(layer()) is expected
