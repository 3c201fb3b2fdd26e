"""How good predicted masks are, at the size of the true ones."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture

from components.base.errors import Stop
from components.data.dataset import Split
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.rows import Values
from components.data.schema import Schema
from components.tasks.outcomes import read_outcomes, write_outcomes
from components.tasks.pixels import confusions, image_iou, iou
from components.tasks.segmentation import Segmentation
from components.tasks.segmentation.measure import answers, counts

TASK = Segmentation()
SCHEMA = Schema({"image": Image(), "mask": Mask(("a", "b", "c"), ignore=9)}, ("mask",))


def png(values):
    buffer = io.BytesIO()
    Picture.fromarray(np.asarray(values, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def examples(masks):
    images = [png(np.full((*np.shape(mask), 3), row)) for row, mask in enumerate(masks)]
    columns = {"image": Values(images), "mask": Values([png(mask) for mask in masks])}
    return Split(SCHEMA, columns, [f"{row}.png" for row in range(len(masks))])


@pytest.fixture
def drawn():
    """Eight examples of several sizes, and what a model says of them at its own."""
    random = np.random.default_rng(0)
    said = random.integers(0, 3, (8, 4, 6)).astype(np.uint8)
    masks = []
    for row, one in enumerate(said):
        scale = 1 + row % 3
        mask = np.kron(one, np.ones((scale, scale), np.uint8))
        is_wrong = random.random(mask.shape) < 0.3
        mask = np.where(is_wrong, (mask + 1) % 3, mask)
        mask[random.random(mask.shape) < 0.1] = 9
        masks.append(mask)
    return examples(masks), said


class Known:
    """A predictor that gives probabilities of known classes, in two chunks."""

    def __init__(self, said):
        self.said = said

    def stream(self, split):
        assert len(split) == len(self.said)
        for part in (self.said[:3], self.said[3:]):
            yield np.eye(3, dtype=np.float32)[part] * 0.5 + 0.1


def test_the_most_probable_class_of_each_pixel_is_the_answer(drawn):
    split, said = drawn

    found = answers(TASK, Known(said), split)

    assert found.dtype == np.uint8
    assert np.array_equal(found, said)


def test_counts_are_of_the_pixels_of_the_true_mask(drawn):
    split, said = drawn

    found = counts(said, split)

    for row in range(len(split)):
        truth, scale = split.decoded("mask", row), 1 + row % 3
        larger = np.kron(said[row], np.ones((scale, scale), np.uint8))
        assert np.array_equal(found[row], confusions([truth], [larger], 3)[0])
        assert found[row].sum() == (truth != 255).sum()


def test_the_measures_follow_from_the_counts(drawn):
    split, said = drawn

    found = TASK.measure(said, split)

    total = counts(said, split).sum(axis=0)
    assert found.examples == 8
    assert [*found.metrics] == ["mean_iou", "pixel_accuracy", "mean_dice"]
    assert found.metrics["mean_iou"].value == pytest.approx(iou(total).mean())
    assert found.metrics["pixel_accuracy"].value == pytest.approx(np.trace(total) / total.sum())
    classes = found.details["classes"]
    assert [one["name"] for one in classes] == ["a", "b", "c"]
    assert [one["iou"]["value"] for one in classes] == pytest.approx(iou(total).tolist())
    assert [one["share"] for one in classes] == pytest.approx(total.sum(axis=1) / total.sum())
    assert found.details["images"] == image_iou(counts(said, split)).tolist()


def test_of_an_image_no_more_is_kept_than_how_good_it_is(drawn):
    split, said = drawn

    found = TASK.measure(said, split).details

    assert [len(found["images"]), len(found["classes"])] == [8, 3]
    assert [*found] == ["classes", "images"]


def test_the_commonest_class_everywhere_is_what_a_model_must_beat():
    masks = [[[0, 0, 0, 1]]] * 6

    found = TASK.measure(np.zeros((6, 1, 4), np.uint8), examples(masks))

    assert found.numbers["mean_iou_of_the_commonest_class"] == pytest.approx((3 / 4 + 0) / 2)
    assert found.metrics["mean_iou"].value == pytest.approx(3 / 8)
    assert [one["baseline"] for one in found.details["classes"]] == [0.75, 0]


def test_a_class_that_does_not_occur_is_in_no_table():
    found = TASK.measure(np.zeros((6, 1, 2), np.uint8), examples([[[0, 1]]] * 6))

    assert [one["name"] for one in found.details["classes"]] == ["a", "b"]


def test_outcomes_that_are_kept_say_the_same_of_each_metric(drawn, tmp_path):
    split, said = drawn
    measured = TASK.measure(said, split)

    write_outcomes(TASK.outcomes(said, split, SCHEMA), tmp_path / "outcomes.csv")
    found = read_outcomes(tmp_path / "outcomes.csv")

    assert [*found.truth] == ["pixels"]
    assert [*found.answers] == ["counts"]
    for metric in TASK.metrics:
        again, first = TASK.value(metric.name, found), measured.metrics[metric.name]
        assert (again.low, again.value, again.high) == pytest.approx(
            (first.low, first.value, first.high)
        )


def test_a_model_that_learned_the_classes_in_another_order_says_what_it_means(drawn):
    split, said = drawn
    learned = Schema({**SCHEMA.columns, "mask": Mask(("c", "a", "b"), ignore=9)}, ("mask",))
    places = np.array([1, 2, 0], np.uint8)  # of a, b and c in what it learned

    found = TASK.outcomes(places[said], split, learned)

    assert found == TASK.outcomes(said, split, SCHEMA)


def test_classes_in_another_order_ask_something_else(drawn):
    split, said = drawn
    columns = {**SCHEMA.columns, "mask": Mask(("c", "a", "b"), ignore=9)}
    other = replace(split, schema=Schema(columns, ("mask",)))

    found = TASK.outcomes(said, other, other.schema)

    assert found.fingerprint != TASK.outcomes(said, split, SCHEMA).fingerprint


def test_a_class_that_the_masks_do_not_have_cannot_be_compared(drawn):
    split, said = drawn
    learned = Schema({**SCHEMA.columns, "mask": Mask(("a", "b", "sky"))}, ("mask",))

    with pytest.raises(Stop, match=r"^it gives the class sky; there are a, b, c$"):
        TASK.outcomes(said, split, learned)


def test_two_models_compare_in_pairs_of_the_same_images(drawn):
    split, said = drawn
    worse = np.where(np.arange(6) < 2, (said + 1) % 3, said).astype(np.uint8)
    ours, theirs = (TASK.outcomes(one, split, SCHEMA) for one in (said, worse))

    found = TASK.difference("mean_iou", ours, theirs)

    values = [TASK.value("mean_iou", one).value for one in (ours, theirs)]
    assert found.value == pytest.approx(values[0] - values[1])
    assert 0 < found.low < found.value < found.high
    assert ours.fingerprint == theirs.fingerprint


def test_another_mask_of_the_same_image_is_another_truth(drawn):
    split, said = drawn
    masks = [split.decoded("mask", row) % 255 for row in range(len(split))]
    masks[0][0, 0] = (masks[0][0, 0] + 1) % 3

    ours, theirs = (TASK.outcomes(said, one, SCHEMA) for one in (split, examples(masks)))

    assert ours.fingerprint != theirs.fingerprint
