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
from components.config.ingest import Split
from components.data import dataset, shards
from components.data.features.image import Image as ImageKind
from components.data.features.text import Text
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.rows import STAMPS, Files, Values
from components.data.schema import Schema
from components.ingest.fetch import sha256_of
from components.ingest.known import Known, recall
from components.ingest.sources.image_folder import ImageFolder
from components.ingest.sources.sklearn import Bundled
from components.ingest.sources.table import Table
from components.ingest.stage import _strata, few, recalled, split, write


def config(**changes):
    return ImageFolder(**{"source": "image_folder", **changes})


def ingest(source, out, section=None):
    """The whole stage."""
    section = section or config()
    found = recalled(section.listing(source))
    with Workers() as workers:
        write(found, split(section, found, 0, workers), out, workers)
    return found


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize(
    ("name", "example", "shape", "classes"),
    [
        ("digits", "image", (1797, 8, 8, 1), 10),
        ("wine", "features", (178, 13), 3),
        ("iris", "features", (150, 4), 3),
    ],
)
def test_a_bundled_set_is_read(tmp_path, name, example, shape, classes):
    found = Bundled(source=f"sklearn.datasets.load_{name}").listing(tmp_path)

    assert found.columns[example].shape == shape
    assert len(found.schema.target.names) == classes
    assert set(found.columns["label"]) == set(range(classes))


def test_a_bundled_set_is_written_as_it_was_read(tmp_path):
    section = Bundled(source="sklearn.datasets.load_wine", split=Split(by="class"))
    found = ingest(tmp_path, tmp_path / "raw", section)

    parts = [dataset.open_split(tmp_path / "raw", name) for name in dataset.SPLITS]
    written = np.concatenate([np.column_stack([part.input[:], part.target]) for part in parts])
    read = np.column_stack([found.columns["features"], found.columns["label"]])
    assert sorted(written.tolist()) == sorted(read.tolist())


def test_the_folders_are_the_classes(photos):
    found = config().listing(photos)

    assert found.schema.target.classes == ("ant", "bee", "cat")
    assert found.columns["label"].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found.names[5] == "bee/1.png"
    assert found.columns["image"][5] == (photos / "bee" / "1.png").read_bytes()


def test_folders_within_a_class_belong_to_it(photos):
    (photos / "bee" / "2020" / "may").mkdir(parents=True)
    shutil.copy(photos / "bee" / "0.png", photos / "bee" / "2020" / "may" / "new.png")

    assert "bee/2020/may/new.png" in config().listing(photos).names


def test_hidden_files_are_passed_over_and_strays_are_reported(photos):
    (photos / "bee" / ".DS_Store").touch()
    (photos / ".hidden").mkdir()
    (photos / "README.md").touch()

    found = config().listing(photos)

    assert len(found) == 12
    assert found.passed_over == ("README.md",)


def test_the_splits_may_be_folders(photos):
    for name in ("train", "val", "test"):
        for one in ("ant", "bee", "cat"):
            shutil.copytree(photos / one, photos / "sets" / name / one)

    found = config(path="sets", split=Split(by="given")).listing(photos)

    assert found.schema.target.classes == ("ant", "bee", "cat")
    assert found.given.tolist() == ["test"] * 12 + ["train"] * 12 + ["validation"] * 12


def test_two_folders_of_one_split_are_refused(photos):
    for name in ("train", "val", "validation", "test"):
        shutil.copytree(photos / "ant", photos / "sets" / name / "ant")

    with pytest.raises(Stop) as caught:
        config(path="sets", split=Split(by="given")).listing(photos)

    assert str(caught.value) == (
        f"{photos}/sets: val and validation are both the validation split; make one folder of them"
    )


def test_the_files_of_a_folder_that_is_no_split_are_reported(photos):
    for name in ("train", "validate", "test"):
        for one in ("ant", "bee"):
            shutil.copytree(photos / one, photos / "sets" / name / one)
    (photos / "sets" / "train" / "README.md").touch()

    found = config(path="sets", split=Split(by="given")).listing(photos)

    overlooked = [f"validate/{one}/{n}.png" for one in ("ant", "bee") for n in range(4)]
    assert found.passed_over == ("train/README.md", *overlooked)


def test_folders_of_splits_are_not_taken_for_classes(photos):
    for name in ("train", "test"):
        shutil.copytree(photos / "ant", photos / "sets" / name / "ant")

    with pytest.raises(Stop) as caught:
        config(path="sets").listing(photos)

    assert str(caught.value) == (
        f"{photos}/sets: test, train are splits, not classes; ingest.split: {{by: given}}"
    )


def test_a_split_that_is_not_given_is_missed(photos):
    with pytest.raises(Stop) as caught:
        config(split=Split(by="given")).listing(photos)

    assert str(caught.value) == f"{photos}: split: {{by: given}} needs folders train and test in it"


@pytest.mark.parametrize("place", ["bee", "."])
def test_a_name_that_is_not_utf_8_is_refused(photos, place):
    (photos / place / os.fsdecode(b"caf\xe9.png")).touch()

    with pytest.raises(Stop) as caught:
        config().listing(photos)

    name = "bee/" if place == "bee" else ""
    assert str(caught.value) == (
        f"'{photos}/{name}caf\\udce9.png': its name is not UTF-8; rename it"
    )


def test_groups_are_found_in_the_paths(photos):
    found = config(split=Split(by="group", group=r"/(\d)\.png$")).listing(photos)

    assert found.groups.tolist() == ["0", "1", "2", "3"] * 3


def test_a_path_without_a_group_is_named(photos):
    with pytest.raises(Stop) as caught:
        config(split=Split(by="group", group=r"patient(\d+)")).listing(photos)

    assert str(caught.value) == (
        "ingest.split.group: patient(\\d+) is not found in 12 paths, such as ant/0.png"
    )


def test_one_class_is_not_enough(tmp_path):
    (tmp_path / "only").mkdir()

    with pytest.raises(Stop, match=r": needs two folders or more, one for each class$"):
        config().listing(tmp_path)


def test_a_folder_that_there_is_not_is_named(tmp_path):
    with pytest.raises(Mistakes, match=r"^no folder .*/photos$"):
        config(path="photos").listing(tmp_path)


def test_a_source_that_is_a_link_is_read(photos, tmp_path_factory):
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(photos, target_is_directory=True)

    assert len(config().listing(link)) == 12


def test_a_link_inside_of_the_source_is_refused(photos, tmp_path_factory):
    (photos / "dog").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)

    with pytest.raises(Stop) as caught:
        config().listing(photos)

    assert str(caught.value) == (
        f"{photos}/dog: a link, which DVC does not look behind; make {photos} itself one"
    )


@pytest.mark.parametrize("kind", ["zip", "gztar"])
def test_an_archive_holds_the_folder(photos, tmp_path_factory, kind):
    source = tmp_path_factory.mktemp("source")
    archive = shutil.make_archive(str(source / "photos"), kind, photos.parent, photos.name)

    found = config(archive=os.path.basename(archive), path=photos.name).listing(source)

    assert found.names[:2] == ["ant/0.png", "ant/1.png"]
    assert found.columns["image"][0] == (photos / "ant" / "0.png").read_bytes()


def archived(photos, folder):
    """A tar of the photos, as they are."""
    with tarfile.open(folder / "set.tar", "w") as tar:
        tar.add(photos, ".")
    return folder


def test_a_link_to_a_file_within_an_archive_is_that_file(photos, tmp_path_factory):
    (photos / "bee" / "9.png").symlink_to("0.png")

    found = config(archive="set.tar").listing(archived(photos, tmp_path_factory.mktemp("packed")))

    assert len(found) == 13
    assert found.columns["image"][8] == (photos / "bee" / "0.png").read_bytes()


def test_a_link_to_a_folder_within_an_archive_is_refused(photos, tmp_path_factory, cache):
    (photos / "bee" / "more").symlink_to("../ant", target_is_directory=True)
    folder = archived(photos, tmp_path_factory.mktemp("packed"))

    with pytest.raises(Stop) as caught:
        config(archive="set.tar").listing(folder)

    unpacked = cache / "extracted" / sha256_of(folder / "set.tar")
    assert str(caught.value) == (
        f"{unpacked}/bee/more: a link to no file; what it leads to must be in the archive in its "
        "place"
    )


def test_an_archive_that_climbs_out_is_refused(photos):
    with tarfile.open(photos / "bad.tar", "w") as tar:
        tar.add(photos / "ant" / "0.png", "../0.png")

    with pytest.raises(
        Stop, match=r"bad\.tar was not unpacked: its entry '\.\./0\.png' has '\.\.'"
    ):
        config(archive="bad.tar").listing(photos)


def test_a_file_that_has_gone_meanwhile_is_named(photos, tmp_path_factory):
    found = config().listing(photos)
    (photos / "bee" / "2.png").unlink()

    rows = {"train": np.arange(12)}
    with Workers() as workers, pytest.raises(Stop) as caught:
        write(found, rows, tmp_path_factory.mktemp("out") / "raw", workers)

    assert str(caught.value) == f"{photos}/bee/2.png: cannot be read: No such file or directory"


def test_images_of_one_size_have_a_shape(photos, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out)

    facts = dataset.read_facts(out)
    assert facts.schema.input == ImageKind((4, 5, 3), "uint8", is_file=True)
    assert facts.counts == {"train": 6, "validation": 3, "test": 3}
    train = dataset.open_split(out, "train")
    for row in range(len(train)):
        assert train.input[row] == (photos / train.name(row)).read_bytes()
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
    assert (facts.schema.input.shape, facts.schema.input.dtype) == (shape, dtype)
    assert sum(facts.counts.values()) == 12


@pytest.mark.parametrize(("deep", "expected"), [(12, "uint16"), (11, "uint8")])
def test_16_bits_are_kept_where_all_images_have_them(photos, tmp_path_factory, deep, expected):
    for number, path in enumerate(sorted(photos.rglob("*.png"))):
        dtype = np.uint16 if number < deep else np.uint8
        Image.fromarray(np.full((4, 5), number, dtype)).save(path)
    out = tmp_path_factory.mktemp("out") / "raw"
    ingest(photos, out)

    facts = dataset.read_facts(out)
    assert (facts.schema.input.shape, facts.schema.input.dtype) == ((4, 5, 1), expected)


def test_a_few_examples_are_read_for_a_check(photos):
    (photos / "ant" / "0.png").write_bytes(b"not an image")

    examples = few(config().listing(photos), np.arange(5))

    assert len(examples) == 4
    assert examples.schema.input.shape == (4, 5, 3)


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
            assert home.setdefault(part.input[row], name) == name


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of a few files, so that a few files make many."""
    monkeypatch.setattr(shards.cut, "__defaults__", (250,))


def test_many_shards_are_one_split(photos, tmp_path_factory, small_shards):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "many")

    files = dataset.shard_paths(folder / "many", "train")
    assert len(files) > 1
    assert len(dataset.open_split(folder / "many", "train")) == 6


def test_other_processes_change_no_byte(photos, tmp_path_factory, small_shards, monkeypatch):
    folder = tmp_path_factory.mktemp("out")
    for name, start_s in (("many", 0), ("one", 1e9)):
        monkeypatch.setattr("components.base.workers.START_S", start_s)
        ingest(photos, folder / name)

    assert contents(folder / "many") == contents(folder / "one")


def test_a_cluster_gives_the_same_bytes(photos, tmp_path_factory, small_shards, cluster, processes):
    folder, found = tmp_path_factory.mktemp("out"), config().listing(photos)
    for name, address in (("processes", None), ("cluster", cluster)):
        with Workers(address) as workers:
            write(found, split(config(), found, 0, workers), folder / name, workers)

    assert len(dataset.shard_paths(folder / "cluster", "train")) > 1
    assert contents(folder / "processes") == contents(folder / "cluster")


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

    assert isinstance(found.columns["image"], Known)
    unread = zip(found.columns["image"].paths, found.columns["image"].shards, strict=True)
    assert {path for path, shard in unread if shard is None} == {
        "ant/new.png",
        "bee/0.png",
        "cat/3.png",
    }
    parts = [dataset.open_split(folder / "second", name) for name in dataset.SPLITS]
    read = {part.name(row): part.input[row] for part in parts for row in range(len(part))}
    assert read["cat/3.png"] == disguised
    assert read["bee/0.png"] == (photos / "bee" / "0.png").read_bytes()
    assert "ant/new.png" in read


@pytest.mark.parametrize("field", ["path", "size", "written", "changed", "inode"])
def test_a_file_is_known_by_all_that_can_be_seen_of_it(photos, tmp_path_factory, field):
    found = ingest(photos, tmp_path_factory.mktemp("out") / "raw").columns["image"]
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

    assert all(one is None for one in found.columns["image"].shards)
    assert contents(folder / "second") == contents(folder / "first")


def test_another_ingest_that_ends_first_changes_nothing(
    photos, tmp_path_factory, small_shards, cache
):
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "first")
    found = recalled(config().listing(photos))
    grow(photos)
    ingest(photos, folder / "second")  # tidies up what the first had kept

    with Workers() as workers:
        write(found, split(config(), found, 0, workers), folder / "third", workers)

    part = dataset.open_split(folder / "third", "train")
    for row in range(len(part)):
        assert part.input[row] == (photos / part.name(row)).read_bytes()
    assert len(list(cache.rglob("files.parquet"))) == 1


def test_a_cache_on_another_disk_is_no_error(photos, tmp_path_factory, monkeypatch):
    def refuse(*_):
        raise OSError("Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path_factory.mktemp("out")
    ingest(photos, folder / "first")

    found = ingest(photos, folder / "second")

    assert all(one is None for one in found.columns["image"].shards)


FLATS = {
    "street": {"Value": {"dtype": "string"}},
    "rooms": {"Value": {"missing": True}},
    "sold": "Value",
    "price": "Value",
}


def flats(folder, rows, columns=FLATS):
    """A CSV of flats, and what makes a section of it, split in some way."""
    lines = [",".join("" if value is None else str(value) for value in row) for row in rows]
    (folder / "flats.csv").write_text("\n".join([",".join(FLATS), *lines]) + "\n")
    return lambda **split: Table(
        source="table", file="flats.csv", columns=columns, split=Split(**split)
    )


def parts(folder):
    return {name: dataset.open_split(folder, name) for name in dataset.SPLITS}


def test_a_table_of_several_inputs_and_a_number_is_written_as_it_was_read(tmp_path):
    rows = [(f"Street {n % 7}", None if n % 5 else n, n / 4, 1000 - n) for n in range(100)]
    section = flats(tmp_path, rows)()

    ingest(tmp_path, tmp_path / "raw", section)

    facts = dataset.read_facts(tmp_path / "raw")
    assert facts.counts == {"train": 70, "validation": 15, "test": 15}
    assert facts.schema.inputs == ("street", "rooms", "sold")
    assert facts.schema.target == Value("float32")
    street = facts.schema.columns["street"]
    assert street.categories == tuple(f"Street {n}" for n in range(7))
    for part in parts(tmp_path / "raw").values():
        for row in range(len(part)):
            number = int(part.name(row).removeprefix("row "))
            found = [part[name][row] for name in FLATS]
            assert found[0] == rows[number][0]
            assert found[1] == rows[number][1] or (rows[number][1] is None and np.isnan(found[1]))
            assert found[2:] == [rows[number][2], rows[number][3]]


def test_the_bundled_diabetes_is_learned_as_a_number(tmp_path):
    ingest(tmp_path, tmp_path / "raw", Bundled(source="sklearn.datasets.load_diabetes"))

    facts = dataset.read_facts(tmp_path / "raw")
    assert facts.schema.columns == {"features": Value("float32", (10,)), "target": Value()}
    assert facts.schema.targets == ("target",)
    assert sum(facts.counts.values()) == 442


def test_columns_of_a_bundled_set_are_chosen_by_their_names(tmp_path):
    columns = {"sex": {"Value": {"dtype": "string"}}, "bmi": "Value", "target": "Value"}

    found = Bundled(source="sklearn.datasets.load_diabetes", columns=columns).listing(tmp_path)

    assert found.schema.inputs == ("sex", "bmi")
    assert set(found.columns["sex"]) == {"1", "2"}
    assert found.columns["bmi"][0] == np.float32(32.1)
    assert found.columns["target"][0] == 151


def test_each_fifth_of_a_number_is_dealt_out_alike(tmp_path):
    random = np.random.default_rng(0)
    prices = random.lognormal(10, 2, 200).round()
    section = flats(tmp_path, [("Elm", 1, n, price) for n, price in enumerate(prices)])()

    ingest(tmp_path, tmp_path / "raw", section)

    edges = np.quantile(prices, [0.2, 0.4, 0.6, 0.8])
    for name, count in (("train", 28), ("validation", 6), ("test", 6)):
        part = dataset.open_split(tmp_path / "raw", name)
        fifths = np.searchsorted(edges, part.target[:])
        assert np.bincount(fifths, minlength=5).tolist() == [count] * 5


def test_too_few_numbers_for_a_fifth_in_each_split_are_refused(tmp_path):
    section = flats(tmp_path, [("Elm", 1, n, n) for n in range(12)])()

    with Workers() as workers, pytest.raises(Stop) as caught:
        split(section, section.listing(tmp_path), 0, workers)

    assert str(caught.value) == (
        "ingest: fifth 2 of the target has 2, fifth 4 of the target has 2, fifth 5 of the target "
        "has 2; each needs 3 examples or more, one for every split"
    )


def test_the_latest_examples_are_measured_on(tmp_path):
    sold = np.random.default_rng(0).permutation(40)
    rows = [("Elm", 1, f"2026-01-01T00:{n:02}", 1) for n in sold]
    columns = {**FLATS, "sold": {"Value": {"dtype": "string"}}}
    section = flats(tmp_path, rows, columns)(by="time", time="sold")

    ingest(tmp_path, tmp_path / "raw", section)

    times = {
        name: sorted(int(one[-2:]) for one in part["sold"][:])
        for name, part in parts(tmp_path / "raw").items()
    }
    assert times == {
        "train": list(range(28)),
        "validation": list(range(28, 34)),
        "test": list(range(34, 40)),
    }


def test_a_time_need_not_be_learned_from(tmp_path):
    rows = [("Elm", 1, 100 - n, n) for n in range(100)]
    columns = {name: kind for name, kind in FLATS.items() if name != "sold"}
    section = flats(tmp_path, rows, columns)(by="time", time="sold")

    ingest(tmp_path, tmp_path / "raw", section)

    test = dataset.open_split(tmp_path / "raw", "test")
    assert "sold" not in test.schema.columns
    assert test.target[:].tolist() == list(range(15))


def test_a_source_without_times_cannot_be_split_by_them(photos):
    section = config(split=Split(by="time", time="taken"))

    with Workers() as workers, pytest.raises(Mistakes) as caught:
        split(section, section.listing(photos), 0, workers)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "split")
    assert problem.message == "by: time, but image_folder has no times"


def test_a_validation_split_of_numbers_is_dealt_alike_whatever_the_test_split_has(tmp_path):
    rows = [(n, "test" if n >= 60 else "train") for n in range(100)]
    lines = [f"{price},{part},{price}" for price, part in rows]
    (tmp_path / "a.csv").write_text("\n".join(["size,part,price", *lines]) + "\n")
    section = Table(
        source="table",
        file="a.csv",
        columns={"size": "Value", "price": "Value"},
        split=Split(by="given", validation=0.25),
        split_column="part",
    )

    ingest(tmp_path, tmp_path / "raw", section)

    validation = dataset.open_split(tmp_path / "raw", "validation").target[:]
    assert np.bincount((validation // 12).astype(int), minlength=5).tolist() == [3] * 5


def test_by_content_rows_whose_inputs_are_equal_are_together(tmp_path):
    rows = [(f"Street {n % 30}", n % 30, 1, n) for n in range(90)]
    section = flats(tmp_path, rows)(by="content")

    ingest(tmp_path, tmp_path / "raw", section)

    home = {}
    for name, part in parts(tmp_path / "raw").items():
        for row in range(len(part)):
            assert home.setdefault(part["street"][row], name) == name
    assert len(home) == 30


def test_images_beside_numbers_are_read_once_and_known_again(photos, tmp_path_factory):
    paths = sorted(path.relative_to(photos).as_posix() for path in photos.rglob("*.png"))
    lines = [f"{path},{number},{path[:3]}" for number, path in enumerate(paths)]
    (photos / "a.csv").write_text("\n".join(["image,age,label", *lines]) + "\n")
    columns = {"image": "Image", "age": "Value", "label": "ClassLabel"}
    section = Table(source="table", file="a.csv", columns=columns)
    out = tmp_path_factory.mktemp("out")
    ingest(photos, out / "first", section)

    again = ingest(photos, out / "second", section)

    assert all(one is not None for one in again.columns["image"].shards)
    assert contents(out / "first") == contents(out / "second")
    for part in parts(out / "second").values():
        for row in range(len(part)):
            number = int(part["age"][row])
            assert part["image"][row] == (photos / paths[number]).read_bytes()
            assert part.text("label", row) == paths[number][:3]


def test_a_pipe_among_the_images_is_named(photos):
    os.mkfifo(photos / "bee" / "z.png")

    with pytest.raises(Stop) as caught:
        config().listing(photos)

    assert str(caught.value) == f"{photos}/bee/z.png: not a regular file; remove it"


def test_a_group_that_a_path_lacks_is_named(photos):
    with pytest.raises(Stop) as caught:
        config(split=Split(by="group", group="(q)?png")).listing(photos)

    assert str(caught.value) == (
        "ingest.split.group: (q)?png is not found in 12 paths, such as ant/0.png"
    )


def test_where_nothing_tells_examples_apart_all_are_dealt_alike():
    found = Listing(Schema({"text": Text()}), {"text": Values(["a", "b", "c"])})

    assert _strata(found).tolist() == [0, 0, 0]
