"""One of several classes."""

from pathlib import Path

import numpy as np
import pytest
from datasets import ClassLabel as HubLabel
from datasets import Dataset, Features, load_from_disk

from components.base.errors import Stop
from components.data import dataset, shards
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.feature import TableColumn
from components.data.schema import Schema


def gathered(values, kind=None, *, known=None, is_typed=True):
    """The classes and the labels of a column."""
    features = Features({"kind": known}) if known else None
    table = Dataset.from_dict({"kind": values}, features=features)
    column = TableColumn(
        "kind", table["kind"], table.features["kind"], table, Path("folder"), is_typed
    )
    found, labels = (kind or ClassLabel()).gather(column)
    return list(found.classes), labels.tolist()


def refused(*arguments, **options):
    with pytest.raises(Stop) as caught:
        gathered(*arguments, **options)
    return str(caught.value)


def test_labels_and_their_names_come_back(tmp_path):
    kind = ClassLabel(("ant", "bee"))
    columns = {"kind": np.array([1, 0, 1])}
    shards.save({"train": Split(Schema({"kind": kind}, ("kind",)), columns)}, tmp_path)

    split = dataset.open_split(tmp_path, "train")

    assert split.target.dtype == np.int64
    assert split.target.tolist() == [1, 0, 1]
    assert split.schema.target == kind
    assert load_from_disk(str(tmp_path))["train"].features["kind"].names == ["ant", "bee"]


@pytest.mark.parametrize(
    ("values", "is_typed", "classes", "labels"),
    [
        pytest.param(["bee", "ant", "bee"], True, ["ant", "bee"], [1, 0, 1], id="text"),
        pytest.param([10, 9, 10], True, ["9", "10"], [1, 0, 1], id="numbers by their size"),
        pytest.param(["10", "9"], False, ["9", "10"], [1, 0], id="numbers of a CSV by their size"),
        pytest.param(["10", "9"], True, ["10", "9"], [0, 1], id="digits that are text as text"),
        pytest.param(["01", "1"], False, ["01", "1"], [0, 1], id="a CSV with leading zeros"),
        pytest.param([-1, 0], True, ["-1", "0"], [0, 1], id="-1 is a class like any other"),
    ],
)
def test_the_classes_are_what_the_column_has(values, is_typed, classes, labels):
    assert gathered(values, is_typed=is_typed) == (classes, labels)


def test_declared_classes_keep_their_order_and_those_that_are_not_there():
    declared = ClassLabel(("wasp", "bee", "ant"))

    assert gathered(["ant", "bee"], declared) == (["wasp", "bee", "ant"], [2, 1])


def test_the_hub_knows_its_classes():
    known = HubLabel(names=["wasp", "ant"])

    assert gathered([1, 0, 1], known=known) == (["wasp", "ant"], [1, 0, 1])


def test_declared_classes_go_before_those_that_the_hub_knows():
    known = HubLabel(names=["cat", "dog"])
    declared = ClassLabel(("dog", "cat", "bird"))

    assert gathered([1, 0, 1], declared, known=known) == (["dog", "cat", "bird"], [0, 1, 0])
    assert refused([1, 0], ClassLabel(("cat",)), known=known) == (
        "ingest.columns.kind: dog is not among the classes"
    )


def test_what_is_no_label_is_named():
    first = ", ".join(f"row {row}" for row in range(10))
    nothing = "rows have no value: {}; remove them, or fill them in"

    assert refused(["ant", None]) == f"ingest.columns.kind: 1 {nothing.format('row 1')}"
    assert refused([0, -1, -1], known=HubLabel(names=["ant"])) == (
        f"ingest.columns.kind: 2 {nothing.format('row 1, row 2')}"
    )
    assert refused([None] * 11) == (f"ingest.columns.kind: 11 {nothing.format(f'{first}, ...')}")
    assert refused([0.5, 1.0]) == (
        "ingest.columns.kind: it holds fractions; labels are text or whole numbers"
    )
    assert refused(["ant", "wasp", "hornet"], ClassLabel(("ant", "bee"))) == (
        "ingest.columns.kind: hornet, wasp is not among the classes"
    )


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_that_is_no_class_is_outside(label):
    look = ClassLabel(("ant", "bee")).look(label, None)

    assert look.findings == {"outside": f"label {label} of 2 classes"}


def test_labels_are_told_apart_by_their_digest():
    kind = ClassLabel(("ant", "bee"))

    looks = [kind.look(label, None) for label in (0, 1, 0)]

    assert [dict(one.findings) for one in looks] == [{}, {}, {}]
    assert looks[0].digest == looks[2].digest != looks[1].digest


def test_a_label_is_its_class_in_words_and_dealt_by_it():
    kind = ClassLabel(("ant", "bee"))

    assert [kind.text(label) for label in (0, 1)] == ["ant", "bee"]
    assert kind.strata(np.array([1, 0, 1])).tolist() == [1, 0, 1]
