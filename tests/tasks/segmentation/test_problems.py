"""What in a file does not go with masks is named, with its line, before it costs anything."""

import keras
import pytest
from PIL import Image

from components.base.errors import Invalid
from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse
from tests.tasks.segmentation.made import TEXT, disc, png, write_discs

RESIZING = "  - Resizing: {height: 16, width: 16}\n"
FLIP = "    - RandomFlip: {mode: horizontal}\n"
MASK = "mask: {Mask: {classes: [ground, disc], threshold: 128}}"


@pytest.fixture
def check(tmp_path):
    """Says what is wrong with the file after some changes to it, looked at with its data."""

    def said(*changes):
        text = TEXT
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "discs.yaml"
        path.write_text(text)
        document = Document(path)
        with pytest.raises(Invalid) as caught:
            examine(document, parse(document), tmp_path, seed=0)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            [("architecture: unet\n  filters: [4, 8]", "architecture: cnn")],
            "discs.yaml:16: model.architecture: cnn gives a vector; segmentation needs a map",
            id="a backbone that gives a vector",
        ),
        pytest.param(
            [("task: segmentation", "task: classification")],
            "discs.yaml:5: ingest.source: classification learns a ClassLabel; column 'mask' is a "
            "Mask\n"
            "discs.yaml:16: model.architecture: unet gives a map; classification needs a vector",
            id="a classification of masks",
        ),
        pytest.param(
            [(f"  {MASK}\n", "")],
            "discs.yaml:4: ingest: masks: their folder, and mask: their kind, go together",
            id="masks without their kind",
        ),
        pytest.param(
            [("  masks: masks\n", "")],
            "discs.yaml:4: ingest: masks: their folder, and mask: their kind, go together",
            id="a kind of masks without their folder",
        ),
        pytest.param(
            [("  masks: masks\n", ""), (f"  {MASK}\n", "")],
            "discs.yaml:5: ingest.source: segmentation learns a Mask; column 'label' is a "
            "ClassLabel",
            id="no masks",
        ),
        pytest.param(
            [(RESIZING, f"{RESIZING}  - CenterCrop: {{height: 8, width: 8}}\n")],
            "discs.yaml:11: preprocess.1: CenterCrop cuts off what is to be found; use Resizing "
            "without a crop",
            id="a crop",
        ),
        pytest.param(
            [("width: 16}", "width: 16, crop_to_aspect_ratio: true}")],
            "discs.yaml:10: preprocess.0: Resizing cuts off what is to be found; use Resizing "
            "without a crop",
            id="a resizing that crops",
        ),
        pytest.param(
            [("width: 16}", "width: 16, pad_to_aspect_ratio: true}")],
            "discs.yaml:10: preprocess.0: Resizing moves images and not their masks; use Resizing "
            "without a padding",
            id="a resizing that pads",
        ),
        pytest.param(
            [(RESIZING, f"{RESIZING}  - ZeroPadding2D: {{padding: 2}}\n")],
            "discs.yaml:11: preprocess.1: ZeroPadding2D moves images and not their masks; use "
            "Resizing without a padding",
            id="a padding",
        ),
        pytest.param(
            [(FLIP, f"{FLIP}    - MixUp\n")],
            "discs.yaml:15: augment.layers.1: MixUp mixes examples, and would have to mix their "
            "labels, which augment.layers does not do",
            id="mixed examples",
        ),
        pytest.param(
            [("threshold: 128", "threshhold: 128")],
            "discs.yaml:8: ingest.mask.Mask.threshhold: Mask has no argument 'threshhold'; did you "
            "mean 'threshold'?",
            id="a misspelt setting of the masks",
        ),
        pytest.param(
            [("epochs: 1", "epochs: 1\n  checkpoint: {monitor: val_accuracy}")],
            "discs.yaml:20: train.checkpoint.monitor: no learning curve 'val_accuracy'; there are "
            "loss, mean_iou, val_loss, val_mean_iou",
            id="a curve of another task",
        ),
    ],
)
def test_what_the_text_shows_is_named_without_looking_at_the_data(check, changes, message):
    assert check(*changes) == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            [(RESIZING, "")],
            "discs.yaml:9: preprocess: the images have several sizes; the first layer must be a "
            "Resizing\n"
            "discs.yaml:9: preprocess: the masks have several sizes; the first layer must be a "
            "Resizing",
            id="several sizes without a resizing",
        ),
        pytest.param(
            [(FLIP, f"{FLIP}    - RandomElasticTransform\n")],
            "discs.yaml:15: augment.layers.1: RandomElasticTransform moves masks otherwise than "
            "images",
            id="a layer that moves masks otherwise",
        ),
        pytest.param(
            [(FLIP, f"{FLIP}    - GaussianNoise: {{stddev: 0.1}}\n")],
            "discs.yaml:15: augment.layers.1: GaussianNoise is not known to leave masks on their "
            "images",
            id="a layer of which nothing is known",
        ),
        pytest.param(
            [("width: 16}\n", "width: 16}\n  - MaxPooling2D\n")],
            "discs.yaml:11: preprocess.1: MaxPooling2D is not known to leave images on their "
            "masks; one that does extends keras.layers.Identity",
            id="a layer that makes images smaller",
        ),
        pytest.param(
            [("classes: [ground, disc], threshold: 128", "classes: [ground]")],
            "discs.yaml:8: ingest.mask.Mask: a mask has 2 to 255 classes, not 1",
            id="one class",
        ),
        pytest.param(
            [("masks: masks", "masks: labels")],
            "discs.yaml:7: ingest.masks: no folder labels",
            id="no folder of masks",
        ),
        pytest.param(
            [("epochs: 1", "epochs: 1\n  loss: CategoricalCrossentropy")],
            "discs.yaml:20: train.loss: CategoricalCrossentropy takes no masks; a segmentation "
            "takes SparseCategoricalCrossentropy: {ignore_class: 255}, which is the default",
            id="a loss of one-hot targets",
        ),
        pytest.param(
            [("filters: [4, 8]", "filters: [4, 4, 4, 4, 4, 4]")],
            "discs.yaml:15: model: does not fit examples of shape (16, 16, 3): 6 blocks halve "
            "images of 16x16 to less than a pixel",
            id="images that are too small",
        ),
    ],
)
def test_what_the_data_shows_is_named_before_anything_is_fitted(check, tmp_path, changes, message):
    write_discs(tmp_path, 10)

    assert check(*changes) == message


def test_images_and_masks_of_one_size_each_that_differ_need_a_resizing(check, tmp_path):
    for name in ("photos", "masks"):
        (tmp_path / name).mkdir()
    for number in range(10):
        photo, is_disc = disc(number, 16, 16)
        Image.fromarray(photo).save(tmp_path / "photos" / f"{number}.png")
        (tmp_path / "masks" / f"{number}.png").write_bytes(png(255 * is_disc[::2, ::2]))

    assert check((RESIZING, "")) == (
        "discs.yaml:9: preprocess: images are 16x16 after preprocess, their masks 8x8; a Resizing "
        "gives both one size, other layers leave masks as they are"
    )


def test_what_is_right_costs_nothing_to_check(tmp_path):
    write_discs(tmp_path, 10)
    path = tmp_path / "discs.yaml"
    path.write_text(TEXT)
    document = Document(path)

    estimate = examine(document, parse(document), tmp_path, seed=0)

    assert estimate is not None
    assert keras.backend.floatx() == "float32"


def test_masks_whose_values_are_of_no_class_are_named_with_the_values(check, tmp_path):
    write_discs(tmp_path, 10)

    assert check((", threshold: 128", "")) == (
        "discs.yaml:4: ingest: a mask has pixels of no class, with the values 255"
    )


def test_a_few_wrong_masks_are_left_to_validate(tmp_path):
    write_discs(tmp_path, 10)
    (tmp_path / "masks/0.png").write_bytes(png([[[1, 2, 3]]]))
    (tmp_path / "masks/1.png").write_bytes(b"no mask")
    path = tmp_path / "discs.yaml"
    path.write_text(TEXT)
    document = Document(path)

    assert examine(document, parse(document), tmp_path, seed=0) is not None
