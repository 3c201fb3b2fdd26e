"""Reading sources, and splitting them."""

import numpy as np
import pytest
from PIL import Image

from components.errors import Stop
from components.ingest.config import Config, Split
from components.ingest.stage import read, split


@pytest.fixture
def photos(tmp_path):
    """Three classes of four images of one size."""
    for label, name in enumerate(("ant", "bee", "cat")):
        (tmp_path / name).mkdir()
        for number in range(4):
            image = Image.new("RGB", (5, 4), (label * 100, number * 10, 0))
            image.save(tmp_path / name / f"{number}.png")
    return tmp_path


def read_folder(folder, path="."):
    return read(Config(source="image_folder", path=path), folder)


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [("digits", (1797, 8, 8, 1), 10), ("wine", (178, 13), 3), ("iris", (150, 4), 3)],
)
def test_a_bundled_set_is_read(tmp_path, name, shape, classes):
    examples, facts = read(Config(source=f"sklearn.datasets.load_{name}"), tmp_path)

    assert examples.array.shape == shape
    assert len(facts.classes) == classes
    assert set(examples.labels) == set(range(classes))


def test_images_of_one_size_are_decoded(photos):
    examples, facts = read_folder(photos)

    assert examples.array.shape == (12, 4, 5, 3)
    assert facts.classes == ("ant", "bee", "cat")
    assert examples.array[5, 0, 0].tolist() == [100, 10, 0]


def test_images_of_several_sizes_stay_encoded(photos):
    Image.new("RGB", (9, 9)).save(photos / "bee" / "0.png")

    examples, facts = read_folder(photos)

    assert facts.shape == (None, None, 3)
    assert examples.inputs[4] == (photos / "bee" / "0.png").read_bytes()


def test_a_hidden_file_is_passed_over(photos):
    (photos / "bee" / ".DS_Store").touch()

    assert len(read_folder(photos)[0]) == 12


def test_every_file_that_is_no_image_is_named(photos):
    (photos / "README.md").touch()
    (photos / "ant" / "notes.txt").write_text("not an image")
    (photos / "bee" / "zero.png").touch()
    Image.effect_noise((64, 64), 50).save(photos / "cat" / "cut.png")
    whole = (photos / "cat" / "cut.png").read_bytes()
    (photos / "cat" / "cut.png").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(Stop) as caught:
        read_folder(photos)

    first, second, third, fourth = str(caught.value).splitlines()
    assert first == f"{photos}/README.md: not in the folder of a class"
    assert second == f"{photos}/ant/notes.txt: not an image; remove it"
    assert third == f"{photos}/bee/zero.png: not an image; remove it"
    assert fourth.startswith(f"{photos}/cat/cut.png: damaged image: ")


def test_a_truncated_jpeg_is_damaged(photos):
    path = photos / "cat" / "cut.jpg"
    Image.effect_noise((64, 64), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:900])

    with pytest.raises(Stop, match=r"cut\.jpg: damaged image: image file is truncated"):
        read_folder(photos)


def test_one_class_is_not_enough(tmp_path):
    (tmp_path / "only").mkdir()

    with pytest.raises(Stop, match=r": needs two folders or more, one for each class$"):
        read_folder(tmp_path)


@pytest.mark.parametrize("path", ["../elsewhere", "/elsewhere"])
def test_a_folder_that_dvc_does_not_watch_is_refused(tmp_path, path):
    with pytest.raises(Stop, match=r"is not inside .*, the folder that DVC watches; move the ima"):
        read_folder(tmp_path, path)


def test_a_folder_that_there_is_not_is_named(tmp_path):
    with pytest.raises(Stop, match=r"^ingest\.path: no folder .*/photos$"):
        read_folder(tmp_path, "photos")


def test_a_source_that_is_a_link_is_read(tmp_path, photos):
    other = tmp_path.with_name(f"{tmp_path.name}-link")
    other.symlink_to(photos, target_is_directory=True)

    assert len(read_folder(other)[0]) == 12


def test_a_link_inside_of_the_source_is_refused(photos, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (photos / "dog").symlink_to(elsewhere, target_is_directory=True)

    with pytest.raises(Stop) as caught:
        read_folder(photos)

    assert str(caught.value) == (
        f"{photos}/dog: a link, which DVC does not look behind; make {photos} itself one"
    )


def test_every_example_goes_to_one_split_and_classes_alike():
    labels = np.repeat([0, 1], [100, 20])

    rows = split(labels, ["a", "b"], Split(train=0.7, validation=0.2, test=0.1), seed=0)

    assert sorted(np.concatenate(list(rows.values()))) == list(range(120))
    counts = {name: np.bincount(labels[members]).tolist() for name, members in rows.items()}
    assert counts == {"train": [70, 14], "validation": [20, 4], "test": [10, 2]}


def test_a_seed_draws_the_same_split_again():
    labels = np.arange(60) % 3
    first, again, other = (split(labels, "abc", Split(), seed)["train"] for seed in (0, 0, 1))

    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_a_class_of_three_is_in_every_split():
    rows = split(np.array([0] * 50 + [1] * 3), ["a", "b"], Split(), seed=0)

    assert all(members.max() >= 50 for members in rows.values())


def test_a_class_with_one_image_is_named():
    with pytest.raises(Stop) as caught:
        split(np.array([0, 0, 0, 1, 2, 2]), ["a", "b", "c"], Split(), seed=0)

    assert str(caught.value) == (
        "ingest: class 'b' has 1, class 'c' has 2; each needs 3 examples or more, "
        "one for every split"
    )
