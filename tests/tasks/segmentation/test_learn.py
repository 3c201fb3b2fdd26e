"""What segmentation gives a learner."""

import keras
import numpy as np
import pytest

from components.base.errors import Mistakes
from components.data.dataset import empty
from components.data.features.image import Image
from components.data.features.mask import Mask
from components.data.schema import Schema
from components.models.fcn.network import fcn
from components.models.unet.network import unet
from components.tasks.segmentation import learn
from tests.tasks.segmentation.made import pipeline

FAMILIES = {
    "unet": lambda inputs: unet(inputs, (4, 8, 16), 1, 0.1),
    "fcn": lambda inputs: fcn(inputs, (4, 8, 16), 1, 6, 2, 0.1),
}


def head(classes="ab", loss=None):
    image = Image((21, 27, 1), "float32", is_file=False)
    schema = Schema({"image": image, "mask": Mask(tuple(classes)).after((21, 27))}, ("mask",))
    file = pipeline(**({"train": {"loss": loss}} if loss else {}))
    return file.task.head(file, empty(schema))


def built(family, made):
    inputs = keras.Input((21, 27, 1), dtype="float32")
    return keras.Model(inputs, made.attach(FAMILIES[family](inputs)))


@pytest.mark.parametrize("family", FAMILIES)
def test_each_pixel_gets_a_probability_for_each_class(family):
    said = np.asarray(built(family, head("abcde"))(np.zeros((2, 21, 27, 1), np.float32)))

    assert said.shape == (2, 21, 27, 5)
    assert said.sum(axis=-1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_are_float32_in_half_precision(family):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = built(family, head())
    finally:
        keras.config.set_dtype_policy(before)

    assert model.output.dtype == "float32"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_learns_a_square(family):
    random = np.random.default_rng(0)
    images = random.normal(0, 0.3, (16, 21, 27, 1)).astype(np.float32)
    masks = np.zeros((16, 21, 27), np.uint8)
    for image, mask in zip(images, masks, strict=True):
        row, column = random.integers(0, 12, 2)
        image[row : row + 8, column : column + 8] += 1
        mask[row : row + 8, column : column + 8] = 1
    masks[:, :2] = 255  # counts for nothing
    keras.utils.set_random_seed(0)
    made = head()
    model = built(family, made)
    model.compile(keras.optimizers.Adam(0.01), made.loss, metrics=made.metrics)

    targets = made.targets({"mask": masks})
    curves = model.fit(images, targets, batch_size=4, epochs=8, verbose=0).history
    said = model.predict(images, verbose=0).argmax(axis=-1)

    assert targets.dtype == np.int32
    assert np.isfinite(curves["loss"]).all()
    assert (said == masks)[:, 2:].mean() > 0.93
    assert curves["mean_iou"][0] < curves["mean_iou"][-1] <= 1


def test_what_counts_for_nothing_moves_no_weight():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 1, activation="softmax")(inputs))
    model.compile(keras.optimizers.SGD(1.0), head().loss)
    before = model.get_weights()

    model.fit(np.ones((2, 4, 4, 1)), np.full((2, 4, 4), 255), verbose=0)

    assert all(np.array_equal(*both) for both in zip(before, model.get_weights(), strict=True))


def test_the_curve_is_the_mean_iou_of_what_counts():
    (metric,) = head().metrics
    said = np.eye(2, dtype=np.float32)[[[0, 1, 1, 0]]]

    metric.update_state(np.array([[0, 1, 0, 255]], np.int32), said)

    assert float(metric.result()) == pytest.approx((1 / 2 + 1 / 2) / 2)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (
            "SparseCategoricalCrossentropy",
            "SparseCategoricalCrossentropy needs ignore_class: 255, or what counts for nothing is "
            "a class of its own",
        ),
        (
            "CategoricalCrossentropy",
            "CategoricalCrossentropy takes no masks; a segmentation takes "
            "SparseCategoricalCrossentropy: {ignore_class: 255}, which is the default",
        ),
    ],
)
def test_a_loss_that_does_not_know_what_counts_is_a_mistake_with_its_place(loss, message):
    with pytest.raises(Mistakes) as caught:
        head(loss=loss)

    (problem,) = caught.value.problems
    assert (problem.location, problem.message) == (("train", "loss"), message)


def test_a_loss_of_the_file_is_the_loss():
    given = {"SparseCategoricalCrossentropy": {"ignore_class": 255, "from_logits": True}}

    assert head(loss=given).loss.get_config()["from_logits"]


def test_a_loss_that_cannot_be_built_is_a_mistake_of_the_file(monkeypatch):
    def refuse(_):
        raise ValueError("no such axis")

    monkeypatch.setattr(learn, "build", refuse)

    with pytest.raises(Mistakes, match="no such axis"):
        head(loss="Dice")
