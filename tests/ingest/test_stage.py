"""Listing sources, and writing them as datasets."""

import hashlib
import os
import shutil
import tarfile

import numpy as np
import pytest
from datasets import load_from_disk
from PIL import Image

from components.base.errors import Mistakes, Stop
from components.base.workers import Workers
from components.config.ingest import Bundled, ImageFolder, Split
from components.data import dataset, shards
from components.ingest.known import Known, recall
from components.ingest.listing import STAMPS, Files
from components.ingest.stage import few, listing, recalled, split, write


def config(**changes):
    return ImageFolder(**{"source": "image_folder", **changes})


def ingest(source, out, section=None):
    """The whole stage."""
    section = section or config()
    found = recalled(listing(section, source))
    with Workers() as workers:
        write(found, split(section, found, 0, workers), out, workers)
    return found


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("digits", (1797, 8, 8, 1), 10), ("wine", (178, 13), 3), ("iris", (150, 4), 3)],
)
def test_a_bundled_set_is_read(tmp_path, name, shape, classes):
    found = listing(Bundled(source=f"sklearn.datasets.load_{name}"), tmp_path)

    assert found.inputs.shape == shape
    assert len(found.classes) == classes
    assert set(found.labels) == set(range(classes))


def test_a_bundled_set_is_written_as_it_was_read(tmp_path):
    section = Bundled(source="sklearn.datasets.load_wine", split=Split(by="class"))
    found = ingest(tmp_path, tmp_path / "raw", section)

    parts = [dataset.open_split(tmp_path / "raw", name) for name in dataset.SPLITS]
    written = np.concatenate([np.column_stack([part.array[:], part.labels]) for part in parts])
    read = np.column_stack([found.inputs, found.labels])
    assert sorted(written.tolist()) == sorted(read.tolist())


def test_the_folders_are_the_classes(photos):
    found = listing(config(), photos)

    assert found.classes == ("ant", "bee", "cat")
    assert found.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found.names[5] == "bee/1.png"
    assert found.inputs[5] == (photos / "bee" / "1.png").read_bytes()


def test_folders_within_a_class_belong_to_it(photos):
    (photos / "bee" / "2020" / "may").mkdir(parents=True)
    shutil.copy(photos / "bee" / "0.png", photos / "bee" / "2020" / "may" / "new.png")

    assert "bee/2020/may/new.png" in listing(config(), photos).names


def test_hidden_files_are_passed_over_and_strays_are_reported(photos):
    (photos / "bee" / ".DS_Store").touch()
    (photos / ".hidden").mkdir()
    (photos / "README.md").touch()

    found = listing(config(), photos)

    assert len(found.labels) == 12
    assert found.passed_over == ("README.md",)


def test_the_splits_may_be_folders(photos):
    for name in ("train", "val", "test"):
        for one in ("ant", "bee", "cat"):
            shutil.copytree(photos / one, photos / "sets" / name / one)

    found = listing(config(path="sets", split=Split(by="given")), photos)

    assert found.classes == ("ant", "bee", "cat")
    assert found.given.tolist() == ["test"] * 12 + ["train"] * 12 + ["validation"] * 12


def test_folders_of_splits_are_not_taken_for_classes(photos):
    for name in ("train", "test"):
        shutil.copytree(photos / "ant", photos / "sets" / name / "ant")

    with pytest.raises(Stop) as caught:
        listing(config(path="sets"), photos)

    assert str(caught.value) == (
        f"{photos}/sets: test, train are splits, not classes; ingest.split: {{by: given}}"
    )


def test_a_split_that_is_not_given_is_missed(photos):
    with pytest.raises(Stop) as caught:
        listing(config(split=Split(by="given")), photos)

    assert str(caught.value) == f"{photos}: split: {{by: given}} needs folders train and test in it"


def test_groups_are_found_in_the_paths(photos):
    found = listing(config(split=Split(by="group", group=r"/(\d)\.png$")), photos)

    assert found.groups.tolist() == ["0", "1", "2", "3"] * 3


def test_a_path_without_a_group_is_named(photos):
    with pytest.raises(Stop) as caught:
        listing(config(split=Split(by="group", group=r"patient(\d+)")), photos)

    assert str(caught.value) == (
        "ingest.split.group: patient(\\d+) is not found in 12 paths, such as ant/0.png"
    )


def test_one_class_is_not_enough(tmp_path):
    (tmp_path / "only").mkdir()

    with pytest.raises(Stop, match=r": needs two folders or more, one for each class$"):
        listing(config(), tmp_path)


def test_a_folder_that_there_is_not_is_named(tmp_path):
    with pytest.raises(Mistakes, match=r"^no folder .*/photos$"):
        listing(config(path="photos"), tmp_path)


def test_a_source_that_is_a_link_is_read(photos, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(photos, target_is_directory=True)

    assert len(listing(config(), link).labels) == 12


def test_a_link_inside_of_the_source_is_refused(photos, tmp_path_factory):
    (photos / "dog").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)

    with pytest.raises(Stop) as caught:
        listing(config(), photos)

    assert str(caught.value) == (
        f"{photos}/dog: a link, which DVC does not look behind; make {photos} itself one"
    )


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_holds_the_folder(photos, tmp_path_factory, kind):
    source = tmp_path_factory.mktemp("source")
    archive = shutil.make_archive(str(source / "photos"), kind, photos.parent, photos.name)

    found = listing(config(archive=os.path.basename(archive), path=photos.name), source)

    assert found.names[:2] == ["ant/0.png", "ant/1.png"]
    assert found.inputs[0] == (photos / "ant" / "0.png").read_bytes()


def test_an_archive_that_climbs_out_is_refused(photos):
    with tarfile.open(photos / "bad.tar", "w") as tar:
        tar.add(photos / "ant" / "0.png", "../0.png")

    with pytest.raises(
        Stop, match=r"bad\.tar was not unpacked: its entry '\.\./0\.png' has '\.\.'"
    ):
        listing(config(archive="bad.tar"), photos)


def test_a_file_that_has_gone_meanwhile_is_named(photos, tmp_path_factory):
    found = listing(config(), photos)
    (photos / "bee" / "2.png").unlink()

    rows = {"train": np.arange(12)}
    with Workers() as workers, pytest.raises(Stop) as caught:
        write(found, rows, tmp_path_factory.mktemp("out") / "raw", workers)

    assert str(caught.value) == f"{photos}/bee/2.png: cannot be read: No such file or directory"


def test_images_of_one_size_have_a_shape(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out)

    facts = dataset.read_facts(out)
    assert facts.shape == (4, 5, 3)
    assert facts.is_encoded
    assert facts.counts == {"train": 6, "validation": 3, "test": 3}
    train = dataset.open_split(out, "train")
    for row in range(len(train)):
        assert train.inputs[row] == (photos / train.name(row)).read_bytes()
    assert load_from_disk(str(out))["test"].features["label"].names == ["ant", "bee", "cat"]


@pytest.mark.parametrize(
    ("change", "shape", "dtype"),
    [
        pytest.param(Image.new("RGB", (9, 9)), (None, None, 3), "uint8", id="another size"),
        pytest.param(Image.new("L", (5, 4)), (4, 5, 3), "uint8", id="a grey one"),
        pytest.param(None, (4, 5, 3), "uint8", id="a broken one"),
    ],
)
def test_what_the_headers_say_is_known(photos, tmp_path_factory, change, shape, dtype):
    path = photos / "bee" / "0.png"
    if change is None:
        path.write_bytes(b"not an image")
    else:
        change.save(path)
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out)

    facts = dataset.read_facts(out)
    assert (facts.shape, facts.dtype) == (shape, dtype)
    assert sum(facts.counts.values()) == 12


@pytest.mark.parametrize(("deep", "expected"), [(12, "uint16"), (11, "uint8")])
def test_16_bits_are_kept_where_all_images_have_them(photos, tmp_path_factory, deep, expected):
    for number, path in enumerate(sorted(photos.rglob("*.png"))):
        dtype = np.uint16 if number < deep else np.uint8
        Image.fromarray(np.full((4, 5), number, dtype)).save(path)
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out)

    facts = dataset.read_facts(out)
    assert (facts.shape, facts.dtype) == ((4, 5, 1), expected)


def test_a_few_examples_are_read_for_a_check(photos):
    (photos / "ant" / "0.png").write_bytes(b"not an image")

    examples, facts = few(listing(config(), photos), np.arange(5))

    assert len(examples) == 4
    assert facts.shape == (4, 5, 3)


def test_by_content_equal_files_are_together(photos, tmp_path_factory):
    for number in range(30):
        Image.new("RGB", (5, 4), (7, 7, number)).save(photos / "ant" / f"more{number}.png")
        shutil.copy(photos / "ant" / f"more{number}.png", photos / "bee" / f"copy{number}.png")
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out, config(split=Split(by="content")))

    home = {}
    for name in ("train", "validation", "test"):
        part = dataset.open_split(out, name)
        for row in range(len(part)):
            assert home.setdefault(part.inputs[row], name) == name


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of a few files, so that a few files make many."""
    monkeypatch.setattr(shards.cut, "__defaults__", (250,))


def test_many_shards_are_written_by_several_processes(photos, tmp_path_factory, small_shards):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "many")

    files = dataset.shard_paths(folder / "many", "train")
    assert len(files) > 1
    assert len(dataset.open_split(folder / "many", "train")) == 6


def test_the_number_of_processes_changes_no_byte(photos, tmp_path_factory, small_shards):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "many")

    class Alone(Workers):
        def _results(self, task, items, what):
            return map(task, items)

    found = listing(config(), photos)
    with Alone() as workers:
        write(found, split(config(), found, 0, workers), folder / "one", workers)

    assert contents(folder / "many") == contents(folder / "one")


def test_a_cluster_gives_the_same_bytes(photos, tmp_path_factory, small_shards, cluster):
    folder, found = tmp_path_factory.mktemp("out"), listing(config(), photos)
    for name, address in (("here", None), ("cluster", cluster)):
        with Workers(address) as workers:
            write(found, split(config(), found, 0, workers), folder / name, workers)

    assert len(dataset.shard_paths(folder / "cluster", "train")) > 1
    assert contents(folder / "here") == contents(folder / "cluster")


def keeping_its_stamp(path, content):
    """Writes other content of the same length, unseen by size and date."""
    before = path.stat()
    assert len(content) == before.st_size
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def grow(photos):
    Image.new("RGB", (5, 4), (1, 2, 3)).save(photos / "ant" / "new.png")
    Image.new("RGB", (5, 4), (1, 2, 4)).save(photos / "bee" / "0.png")  # another one


@pytest.mark.parametrize("by", ["class", "content"])
def test_what_was_read_is_not_read_again(photos, tmp_path_factory, small_shards, by):
    section, folder = config(split=Split(by=by)), tmp_path_factory.mktemp("out")
    for number in range(30):  # enough for every split by content
        Image.new("RGB", (5, 4), (7, 7, number)).save(photos / "ant" / f"more{number}.png")
    ingest(photos, folder / "first", section)
    shutil.rmtree(folder / "first")  # as DVC does before it runs a stage again
    # The size and the date of a file are not enough to know it by.
    disguised = b"x" * (photos / "cat" / "3.png").stat().st_size
    keeping_its_stamp(photos / "cat" / "3.png", disguised)
    grow(photos)

    found = ingest(photos, folder / "second", section)

    assert isinstance(found.inputs, Known)
    unread = zip(found.inputs.paths, found.inputs.shards, strict=True)
    assert {path for path, shard in unread if shard is None} == {
        "ant/new.png",
        "bee/0.png",
        "cat/3.png",
    }
    parts = [dataset.open_split(folder / "second", name) for name in dataset.SPLITS]
    read = {part.name(row): part.inputs[row] for part in parts for row in range(len(part))}
    assert read["cat/3.png"] == disguised
    assert read["bee/0.png"] == (photos / "bee" / "0.png").read_bytes()
    assert "ant/new.png" in read


@pytest.mark.parametrize("field", ["path", "size", "written", "changed", "inode"])
def test_a_file_is_known_by_all_that_can_be_seen_of_it(photos, tmp_path_factory, field):
    found = ingest(photos, tmp_path_factory.mktemp("out") / "raw").inputs
    stamps, paths = found.stamps.copy(), list(found.paths)
    if field == "path":
        paths[5] = "bee/renamed.png"
    else:
        stamps[5, STAMPS.index(field)] += 1

    known = recall(Files(found.root, paths, stamps))

    assert [row for row, shard in enumerate(known.shards) if shard is None] == [5]
    assert [row for row, digest in enumerate(known.digests) if digest is None] == [5]
    for row in range(12):
        content = (photos / found.paths[row]).read_bytes()
        assert row == 5 or known.digests[row] == hashlib.sha256(content).digest()
        assert row == 5 or known[row] == content


@pytest.mark.parametrize("by", ["class", "content"])
def test_a_grown_folder_gives_the_bytes_of_a_fresh_start(
    photos, tmp_path_factory, small_shards, monkeypatch, by
):
    section, folder = config(split=Split(by=by)), tmp_path_factory.mktemp("out")
    for number in range(30):  # enough for every split by content
        Image.new("RGB", (5, 4), (7, 7, number)).save(photos / "ant" / f"more{number}.png")
    ingest(photos, folder / "first", section)
    grow(photos)
    ingest(photos, folder / "second", section)
    ingest(photos, folder / "third", section)
    monkeypatch.setenv("MILLRACE_CACHE", str(folder / "another"))
    ingest(photos, folder / "fresh", section)

    assert contents(folder / "second") == contents(folder / "fresh") == contents(folder / "third")


@pytest.mark.parametrize("damage", ["table", "shards", "all"])
def test_a_damaged_cache_costs_only_time(photos, tmp_path_factory, cache, damage):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "first")
    (table,) = cache.rglob("files.parquet")
    if damage == "table":
        table.write_bytes(b"PAR1")
    for path in table.parent.glob("*.arrow") if damage == "shards" else ():
        path.unlink()
    if damage == "all":
        shutil.rmtree(cache)

    found = ingest(photos, folder / "second")

    assert all(one is None for one in found.inputs.shards)
    assert contents(folder / "second") == contents(folder / "first")


def test_another_ingest_that_ends_first_changes_nothing(
    photos, tmp_path_factory, small_shards, cache
):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "first")
    found = recalled(listing(config(), photos))
    grow(photos)
    ingest(photos, folder / "second")  # tidies up what the first had kept

    with Workers() as workers:
        write(found, split(config(), found, 0, workers), folder / "third", workers)

    part = dataset.open_split(folder / "third", "train")
    for row in range(len(part)):
        assert part.inputs[row] == (photos / part.name(row)).read_bytes()
    assert len(list(cache.rglob("files.parquet"))) == 1


def test_a_cache_on_another_disk_is_no_error(photos, tmp_path_factory, monkeypatch):
    def refuse(*_):
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "first")

    found = ingest(photos, folder / "second")

    assert all(one is None for one in found.inputs.shards)
