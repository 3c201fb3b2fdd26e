"""A folder of images with a mask for each."""

import io

import numpy as np
import pytest
from PIL import Image

from components.base.errors import Mistakes, Stop
from components.base.workers import Workers
from components.data import dataset
from components.data.features.image import Image as ImageKind
from components.data.features.mask import Mask
from components.ingest.sources.image_folder import ImageFolder
from components.ingest.stage import recalled, split, write

KIND = Mask(("ground", "thing"), threshold=128)


def config(**changes):
    given = {"source": "image_folder", "path": "photos", "masks": "masks"}
    mask = {"Mask": {"classes": ["ground", "thing"], "threshold": 128}}
    return ImageFolder(**{**given, "mask": mask, **changes})


def picture(pixels, kind):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, kind)
    return buffer.getvalue()


def put(folder, name, content=b""):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_files_pair_by_name_whatever_the_ending_and_the_folder_below(tmp_path):
    for name in ("b.jpg", "sub/a.jpeg"):
        put(tmp_path / "photos", name, name.encode())
    for name in ("sub/a.png", "b.png", ".hidden.png"):
        put(tmp_path / "masks", name, name.encode())

    found = config().listing(tmp_path)

    assert found.schema.columns == {"image": ImageKind(), "mask": KIND}
    assert found.schema.targets == ("mask",)
    assert found.names == ["b.jpg", "sub/a.jpeg"]
    assert found.columns["image"][np.arange(2)] == [b"b.jpg", b"sub/a.jpeg"]
    assert found.columns["mask"][np.arange(2)] == [b"b.png", b"sub/a.png"]


def test_names_with_several_dots_are_told_apart(tmp_path):
    for name in ("1.5.jpg", "1.6.jpg"):
        put(tmp_path / "photos", name)
    for name in ("1.6.png", "1.5.png"):
        put(tmp_path / "masks", name, name.encode())

    found = config().listing(tmp_path)

    assert found.columns["mask"][np.arange(2)] == [b"1.5.png", b"1.6.png"]


def test_masks_may_lie_in_a_folder_beside_the_images(tmp_path):
    for name in ("a.jpg", "b.jpg", "masks/a.png", "masks/b.png"):
        put(tmp_path, name)

    assert config(path=".").listing(tmp_path).names == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("photos", "masks", "message"),
    [
        pytest.param(
            ["a.jpg", "b.jpg"],
            ["a.png"],
            "{0}/photos and {0}/masks: 1 files have no counterpart of the same name: "
            "{0}/photos/b.jpg",
            id="an image without a mask",
        ),
        pytest.param(
            ["a.jpg"],
            ["a.png", "c.png", "sub/a.png"],
            "{0}/photos and {0}/masks: 2 files have no counterpart of the same name: "
            "{0}/masks/c.png, {0}/masks/sub/a.png",
            id="masks without an image",
        ),
        pytest.param(
            [f"{number}.jpg" for number in range(7)],
            [],
            "{0}/masks: there is no image in it",
            id="no masks",
        ),
        pytest.param(
            [f"{number}.jpg" for number in range(7)],
            ["a.png"],
            "{0}/photos and {0}/masks: 8 files have no counterpart of the same name: "
            "{0}/photos/0.jpg, {0}/photos/1.jpg, {0}/photos/2.jpg, {0}/photos/3.jpg, "
            "{0}/photos/4.jpg, ...",
            id="nothing pairs",
        ),
        pytest.param(
            ["a.jpg", "a.png", "b.jpg"],
            ["a.png", "b.png"],
            "{0}/photos: two files have the same name but for the ending: a.jpg and a.png",
            id="two images of one name",
        ),
        pytest.param(
            ["a.jpg"],
            ["sub/a.gif", "sub/a.png"],
            "{0}/masks: two files have the same name but for the ending: sub/a.gif and sub/a.png",
            id="two masks of one name",
        ),
        pytest.param([], [], "{0}/photos: there is no image in it", id="nothing at all"),
    ],
)
def test_images_and_masks_that_do_not_pair_are_named(tmp_path, photos, masks, message):
    for folder, names in (("photos", photos), ("masks", masks)):
        (tmp_path / folder).mkdir()
        for name in names:
            put(tmp_path / folder, name)

    with pytest.raises(Stop) as caught:
        config().listing(tmp_path)

    assert str(caught.value) == message.format(tmp_path)


@pytest.mark.parametrize("name", ["photos/a.png", "masks/a.png"])
def test_a_link_among_images_or_masks_is_refused(tmp_path, tmp_path_factory, name):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.png"
    elsewhere.touch()
    for one in ("photos/a.png", "masks/a.png"):
        put(tmp_path, one)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to(elsewhere)

    with pytest.raises(Stop) as caught:
        config().listing(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/{name}: a link, which DVC does not look behind; "
        f"make {tmp_path}/{name[:-6]} itself one"
    )


@pytest.mark.parametrize(("key", "there"), [("path", "masks"), ("masks", "photos")])
def test_a_folder_that_is_missing_is_a_mistake_with_its_place(tmp_path, key, there):
    put(tmp_path / there, "a.png")

    with pytest.raises(Mistakes) as caught:
        config().listing(tmp_path)

    (problem,) = caught.value.problems
    missing = tmp_path / {"path": "photos", "masks": "masks"}[key]
    assert (problem.location, problem.message) == (("ingest", key), f"no folder {missing}")


def test_settings_that_masks_cannot_have_are_a_mistake_with_its_place(tmp_path):
    for name in ("photos/a.jpg", "masks/a.png"):
        put(tmp_path, name)

    with pytest.raises(Mistakes) as caught:
        config(mask={"Mask": {"classes": ["a", "b", "c"], "threshold": 1}}).listing(tmp_path)

    (problem,) = caught.value.problems
    assert problem.location == ("ingest", "mask", "Mask")
    assert problem.message == "a threshold parts two classes, and leaves no values to name"


def test_a_group_is_found_in_the_path_of_the_image(tmp_path):
    for name in ("photos/p1/a.jpg", "photos/p2/a.jpg", "masks/p1/a.png", "masks/p2/a.png"):
        put(tmp_path, name)

    found = config(split={"by": "group", "group": r"(p\d)/"}).listing(tmp_path)

    assert found.groups.tolist() == ["p1", "p2"]


def test_pairs_stay_together_through_the_whole_stage(tmp_path):
    random = np.random.default_rng(0)
    for number in range(20):
        size = (8 + number % 3, 9)
        put(tmp_path, f"source/photos/{number}.png", picture(np.full((*size, 3), number), "PNG"))
        mask = random.integers(0, 2, size)
        mask[0, 0] = 0
        mask[0, 1:6] = [number >> bit & 1 for bit in range(5)]
        put(tmp_path, f"source/masks/{number}.png", picture(255 * mask, "PNG"))
    section = config(split={"by": "content"})
    found = recalled(section.listing(tmp_path / "source"))

    with Workers() as workers:
        write(found, split(section, found, 0, workers), tmp_path / "raw", workers)

    facts = dataset.read_facts(tmp_path / "raw")
    assert sum(facts.counts.values()) == 20
    assert facts.schema.columns["mask"] == KIND
    for name in facts.counts:
        part = dataset.open_split(tmp_path / "raw", name)
        for row in range(len(part)):
            number = part.decoded("image", row)[0, 0, 0]
            mask = part.decoded("mask", row)
            assert part.name(row) == f"{number}.png"
            assert sum(int(bit) << place for place, bit in enumerate(mask[0, 1:6])) == number
            assert mask.shape == part.decoded("image", row).shape[:2]
