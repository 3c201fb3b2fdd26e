"""How much the examples of each class count."""

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from components.data.dataset import Split
from components.data.features.mask import Mask
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.weights import weights
from components.fitting.watch import Watch
from components.tasks.head import values
from components.tasks.segmentation import Segmentation
from tests.fitting.made import SCHEMA, SECTIONS, pipeline


def classes(*labels):
    labels = np.array(labels)
    return Split(SCHEMA, {"point": np.zeros((len(labels), 2), np.float32), "label": labels})


def asked(class_weight, split, task=None):
    file = pipeline(train={**SECTIONS["train"], "class_weight": class_weight})
    found = weights(file.train, task or file.task, split)
    return found and found({split.schema.targets[0]: split.target})


def test_without_a_word_there_are_none():
    assert asked(None, classes(0, 1)) is None


def test_balanced_is_as_in_scikit_learn():
    split = classes(0, 0, 0, 1, 0, 0)

    found = asked("balanced", split)

    theirs = compute_class_weight("balanced", classes=np.array([0, 1]), y=split.target)
    assert found == pytest.approx(theirs[split.target])
    assert found.mean() == pytest.approx(1)
    assert found.dtype == np.float32


def test_a_class_without_an_example_breaks_nothing():
    assert asked("balanced", classes(1, 1)) == pytest.approx([0.5, 0.5])


def test_by_name_and_1_where_nothing_is_said():
    assert asked({"above": 5.0}, classes(0, 1, 1)) == pytest.approx([1, 5, 5])


def test_pixels_that_count_for_nothing_are_not_counted():
    masks = np.array([[[0, 0], [0, 255]], [[1, 255], [255, 255]]], np.uint8)
    schema = Schema(
        {"image": Value("float32", (2, 2, 1)), "mask": Mask(("road", "car"), shape=(2, 2))},
        ("mask",),
    )
    split = Split(schema, {"image": np.zeros((2, 2, 2, 1), np.float32), "mask": masks})

    found = asked("balanced", split, Segmentation())

    assert found[0] == pytest.approx(np.array([[2 / 3, 2 / 3], [2 / 3, 0]]))
    assert found[1, 0, 0] == 2


def test_a_batch_has_them():
    weigh = lambda columns: 2.0 * columns["label"]  # noqa: E731

    *_, weighed = Batches(classes(0, 1, 1), 2, values, weights=weigh)[0]

    assert list(weighed) == [0, 2]


def test_a_rare_class_is_found_where_it_counts_for_more():
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(-0.3, 1, (190, 2)), random.normal(0.7, 1, (10, 2))])
    labels = np.repeat([0, 1], [190, 10])
    split = Split(SCHEMA, {"point": points.astype(np.float32), "label": labels})

    def recall(**settings):
        from tests.fitting.made import points as made

        data = made()
        data = type(data)(split, split, data.augmentation, data.ready)
        file = pipeline(train={**SECTIONS["train"], **settings})
        model = file.train.fit(file, data, 0, Watch()).model
        return (np.asarray(model(split.input[190:])).argmax(axis=1) == 1).mean()

    assert recall(class_weight="balanced") > recall() + 0.3
