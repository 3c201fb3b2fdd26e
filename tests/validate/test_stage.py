"""What is found in a dataset, and what happens then."""

import json

import numpy as np
import pytest
from PIL import Image

from components.config.validate import Config
from components.data.features.class_label import ClassLabel
from components.data.features.image import Image as Images
from components.data.features.value import Value
from components.validate.stage import numbers, unusable, validate
from tests.validate.made import (
    GOOD,
    KINDS,
    LENIENT,
    arrays,
    checked,
    cut_off,
    file,
    files,
    kinds,
    named,
    opened,
    photo,
    photos,
    save,
    tabular,
    unbalanced,
)

CUT, WHY = cut_off()
ONE_COLOUR = file(np.full((96, 96, 3), 128, np.uint8))
OTHERS = photos(*range(100, 140))  # so many that one in 41 is odd

CASES = {
    "corrupt": ([*GOOD, ("zero.jpg", b"", 1)], {"zero.jpg": "the file is empty"}),
    "foreign": ([*GOOD, ("note.txt", b"read me", 0)], {"note.txt": "not an image"}),
    "truncated": ([*GOOD, ("cut.jpg", CUT, 0)], {"cut.jpg": WHY}),
    "constant": ([*GOOD, ("grey.png", ONE_COLOUR, 0)], {"grey.png": "of one colour or value"}),
    "conflicting": (
        [*GOOD, ("copy.bmp", file(photo(1), "BMP"), 1)],
        {"1.png": "equals copy.bmp of another class", "copy.bmp": "equals 1.png of another class"},
    ),
    "leaked": ([*GOOD, ("copy.png", file(photo(2001)), 0)], {"copy.png": "equals 2001.png"}),
    "duplicates": ([*GOOD, ("copy.gif.png", file(photo(1)), 0)], {"copy.gif.png": "equals 1.png"}),
    "near_duplicates": (
        [*GOOD, ("again.jpg", file(photo(1), "JPEG"), 0)],
        {"again.jpg": "looks like 1.png"},
    ),
    "near_leaked": (
        [*GOOD, ("again.jpg", file(photo(2001), "JPEG"), 0)],
        {"again.jpg": "looks like 2001.png"},
    ),
    "odd_size": (
        [*GOOD, *photos(7, height=20, width=20), *photos(8, height=400, width=400)],
        {"7.png": "20 x 20", "8.png": "400 x 400"},
    ),
    "odd_aspect": (
        [*GOOD, *photos(7, height=40, width=140), *photos(8, height=140, width=40)],
        {"7.png": "140 x 40", "8.png": "40 x 140"},
    ),
    "odd_mode": (
        [*OTHERS, ("grey.png", file(photo(7)[..., 0]), 0)],
        {"grey.png": "L, most are RGB"},
    ),
    "odd_format": (
        [*OTHERS, ("one.gif", file(photo(7), "GIF"), 0)],
        {"one.gif": "GIF, most are PNG"},
    ),
}
CHOICES = [
    (kind, policy)
    for kind in CASES
    for policy in ("error", "drop", "warn")
    if policy != "warn" or kind not in ("corrupt", "foreign")
]


@pytest.mark.parametrize(("kind", "policy"), CHOICES)
def test_every_kind_is_found_counted_named_and_handled(tmp_path, kind, policy):
    examples, expected = CASES[kind]
    rows = [row for row, (name, _, _) in enumerate(examples) if name in expected]

    report = checked(tmp_path / "set", files(examples), **{kind: policy})

    (finding,) = [one for one in report.findings if one.kind == kind]
    assert (finding.count, finding.policy) == (len(expected), policy)
    assert named(report, kind) == expected
    assert [one.split(":")[0] for one in report.problems] == [kind] * (policy == "error")
    dropped = rows if policy == "drop" else []
    assert report.dropped == {"train": dropped, "validation": [], "test": []}
    gone = len(rows) if kind in ("corrupt", "foreign") else len(dropped)
    assert sum(report.counts["train"].values()) == len(examples) - gone


def test_a_png_that_is_cut_off_is_found_as_such_and_compared_with_the_others(tmp_path):
    whole = file(photo(9))

    report = checked(tmp_path / "set", files([*GOOD, ("cut.png", whole[: len(whole) // 2], 0)]))

    assert named(report, "truncated") == {"cut.png": "damaged: image file is truncated"}
    assert kinds(report) == {"truncated": 1}


def test_a_good_dataset_has_no_findings(tmp_path):
    report = checked(tmp_path / "set", files(GOOD))

    assert report.findings == report.problems == []
    assert report.counts == {
        "train": {"ant": 2, "bee": 2},
        "validation": {"ant": 1, "bee": 1},
        "test": {"ant": 1, "bee": 1},
    }


def test_a_problem_says_which_examples_and_what_to_do(tmp_path):
    train = [
        *GOOD,
        *[(f"{number}.jpg", b"", 0) for number in range(6)],
        ("copy.png", file(photo(1)), 0),
        ("grey.png", ONE_COLOUR, 0),
    ]

    assert checked(tmp_path / "set", files(train)).problems == [
        "corrupt: 6 of 16 examples: 0.jpg (the file is empty), 1.jpg (the file is empty), "
        "2.jpg (the file is empty), 3.jpg (the file is empty), 4.jpg (the file is empty), ...; "
        "remove them, or set validate.corrupt: drop",
        "constant: 1 of 16 examples: grey.png (of one colour or value); "
        "remove them, or set validate.constant: drop or warn",
        "duplicates: 1 of 16 examples: copy.png (equals 1.png); remove them, or set "
        "validate.duplicates: drop or warn; validate.max_duplicate_fraction allows 0.0%",
    ]


@pytest.mark.parametrize("policy", ["error", "drop", "warn"])
def test_features_that_are_not_finite(tmp_path, policy):
    splits = arrays(
        train=([[1, 2], [3, np.nan], [5, 6], [np.inf, 8], [9, 10]], [0, 1, 1, 0, 0]),
        test=([[2, 1], [4, 3]], [0, 1]),
    )

    report = checked(tmp_path / "set", splits, not_finite=policy)

    assert named(report, "not_finite") == {
        "train:1": "holds NaN or infinity",
        "train:3": "holds NaN or infinity",
    }
    assert report.dropped == {"train": [1, 3] if policy == "drop" else [], "test": []}
    assert len(report.problems) == (policy == "error")
    assert json.loads(json.dumps(report.model_dump(), allow_nan=False))


GAPS = {
    "width": [1, np.nan, 3, 4],
    "place": ["north", "south", "", "west"],
    "label": [0, 1, 1, 0],
}


@pytest.mark.parametrize("policy", ["error", "drop", "warn"])
def test_values_that_are_not_there(tmp_path, policy):
    report = checked(tmp_path / "set", tabular(KINDS, train=GAPS), missing=policy)

    assert named(report, "missing") == {
        "train:1": "width: it has no value",
        "train:2": "place: it has no value",
    }
    assert [one.label for one in report.findings[0].examples] == ["b", "b"]
    assert report.dropped == {"train": [1, 2] if policy == "drop" else []}
    assert report.problems == (
        [
            "missing: 2 of 4 examples: train:1 (width: it has no value), "
            "train:2 (place: it has no value); remove them, or set validate.missing: drop or warn, "
            "or say missing: true of the column"
        ]
        if policy == "error"
        else []
    )
    assert json.loads(json.dumps(report.model_dump(), allow_nan=False))


def test_values_that_may_be_missing_are_no_finding(tmp_path):
    kinds = {**KINDS, "width": Value(missing=True), "place": Value("string", missing=True)}

    assert checked(tmp_path / "set", tabular(kinds, train=GAPS)).findings == []


def test_an_example_that_lacks_two_values_is_found_once(tmp_path):
    gaps = {"width": [np.nan, 2], "place": ["", "south"], "label": [0, 1]}

    report = checked(tmp_path / "set", tabular(KINDS, train=gaps))

    assert kinds(report) == {"missing": 1}
    assert named(report, "missing") == {"train:0": "width, place: it has no value"}


@pytest.mark.parametrize("policy", ["error", "drop", "warn"])
def test_labels_that_are_no_class(tmp_path, policy):
    splits = arrays(train=([[1, 2], [3, 4], [5, 6], [7, 8]], [0, 1, 2, -1]))

    report = checked(tmp_path / "set", splits, outside=policy)

    assert named(report, "outside") == {
        "train:2": "label 2 of 2 classes",
        "train:3": "label -1 of 2 classes",
    }
    assert [one.label for one in report.findings[0].examples] == ["", ""]
    assert report.dropped == {"train": [2, 3] if policy == "drop" else []}
    assert report.counts == {"train": {"a": 1, "b": 1}}
    assert report.problems == (
        [
            "outside: 2 of 4 examples: train:2 (label 2 of 2 classes), "
            "train:3 (label -1 of 2 classes); "
            "remove them, or set validate.outside: drop or warn"
        ]
        if policy == "error"
        else []
    )


def test_pictures_whose_sizes_differ(tmp_path):
    kinds = {"left": Images(), "right": Images(), "label": ClassLabel("a")}
    small = file(photo(7, 40, 60))
    whole = [file(photo(seed)) for seed in range(3)]
    splits = tabular(kinds, train={"left": whole, "right": [*whole[1:], small], "label": [0] * 3})

    report = checked(tmp_path / "set", splits, unequal_size="drop")

    assert named(report, "unequal_size") == {"train:2": "40 x 60 and 96 x 96, height and width"}
    assert report.dropped == {"train": [2]}


def test_what_is_odd_is_looked_for_in_every_column_of_pictures(tmp_path):
    kinds = {"photo": Images(), "photo small": Images(), "label": ClassLabel("a")}
    tiny, whole = file(photo(7, 20, 20)), [file(photo(seed)) for seed in range(5)]
    rows = {
        "photo": [tiny, *whole[:4]],
        "photo small": [*whole[:3], tiny, whole[4]],
        "label": [0] * 5,
    }

    report = checked(tmp_path / "set", tabular(kinds, train=rows), unequal_size="warn")

    assert named(report, "odd_size") == {"train:0": "20 x 20", "train:3": "20 x 20"}


def test_pictures_that_look_alike_are_compared_by_their_own_column(tmp_path):
    kinds = {"photo": Images(), "photo small": Images(), "label": ClassLabel("a")}
    rows = {
        "photo": [file(photo(1)), file(photo(2)), file(photo(1), "JPEG")],
        "photo small": [file(photo(seed)) for seed in (3, 4, 5)],
        "label": [0] * 3,
    }

    report = checked(tmp_path / "set", tabular(kinds, train=rows))

    assert named(report, "near_duplicates") == {"train:2": "looks like train:0"}


def test_an_image_with_16_bits_among_those_with_8_is_odd(tmp_path):
    deep = Image.fromarray(photo(7)[..., 0].astype(np.uint16) * 257)
    grey = [(name, file(photo(seed)[..., 0]), 0) for seed, (name, _, _) in enumerate(OTHERS)]

    report = checked(tmp_path / "set", files([*grey, ("deep.png", file(deep), 1)]))

    assert named(report, "odd_mode")["deep.png"] == "I;16, most are L"


@pytest.mark.parametrize(
    ("others", "expected"), [(19, 0), (20, 1)], ids=["one in twenty", "fewer than one in twenty"]
)
def test_a_format_is_odd_where_fewer_than_5_percent_have_it(tmp_path, others, expected):
    train = [*photos(*range(others)), ("one.bmp", file(photo(99), "BMP"), 0)]

    report = checked(tmp_path / "set", files(train, test=[], validation=[]))

    assert kinds(report).get("odd_format", 0) == expected


def test_an_example_of_two_kinds_is_found_in_both_and_dropped_once(tmp_path):
    odd = file(np.full((5, 5, 3), 128, np.uint8))
    train = [*GOOD, ("odd.png", odd, 0)]

    both = checked(tmp_path / "warn", files(train), constant="warn", odd_size="warn")
    one = checked(tmp_path / "drop", files(train), constant="warn", odd_size="drop")

    assert kinds(both) == kinds(one) == {"constant": 1, "odd_size": 1}
    assert one.dropped["train"] == [4]


def test_what_is_dropped_for_one_kind_does_not_count_for_the_next(tmp_path):
    train = [*GOOD, ("one.png", ONE_COLOUR, 0), ("two.png", ONE_COLOUR, 1)]

    kept = checked(tmp_path / "kept", files(train), constant="warn")
    left_out = checked(tmp_path / "left-out", files(train), constant="drop")

    assert kinds(kept) == {"constant": 2, "conflicting": 2}
    assert kinds(left_out) == {"constant": 2}
    assert left_out.dropped["train"] == [4, 5]


def test_what_looks_like_a_dropped_example_is_kept(tmp_path):
    train = [*GOOD, ("again.jpg", file(photo(2001), "JPEG"), 0), ("copy.png", file(photo(2001)), 1)]

    report = checked(tmp_path / "set", files(train), conflicting="drop", near_leaked="drop")

    assert kinds(report) == {"conflicting": 2, "missing_class": 1}
    assert report.dropped == {"train": [5], "validation": [], "test": [0]}


def test_all_conflicting_copies_are_dropped_and_the_leaked_one_of_train(tmp_path):
    train = [*GOOD, ("copy.png", file(photo(2001)), 0), ("bad.png", file(photo(2)), 0)]

    report = checked(tmp_path / "set", files(train), conflicting="drop", leaked="drop")

    assert report.dropped == {"train": [1, 4, 5], "validation": [], "test": []}


def test_dropped_examples_count_in_no_class_no_drift_and_no_imbalance(tmp_path):
    copies = [(f"copy{number}.png", file(photo(1)), 0) for number in range(30)]

    kept = checked(tmp_path / "kept", files([*GOOD, *copies]), duplicates="warn")
    left_out = checked(tmp_path / "left-out", files([*GOOD, *copies]), duplicates="drop")

    assert kinds(kept) == {"duplicates": 30, "imbalance": 1, "drift": 3}
    assert kinds(left_out) == {"duplicates": 30}
    assert left_out.counts["train"] == {"ant": 2, "bee": 2}
    assert left_out.statistics.categories["value label"] == {"ant": 2, "bee": 2}


@pytest.mark.parametrize(
    ("limit", "policy", "problems"), [(0.12, "error", 1), (0.125, "warn", 0), (1, "warn", 0)]
)
def test_a_share_of_copies_at_the_limit_passes(tmp_path, limit, policy, problems):
    splits = arrays(train=([[7, 1], [7, 1], *[[x, -1] for x in range(6)]], [0, 0] + [1] * 6))

    report = checked(tmp_path / "set", splits, max_duplicate_fraction=limit)

    assert [one.policy for one in report.findings if one.kind == "duplicates"] == [policy]
    assert len(report.problems) == problems


def test_dropped_copies_do_not_use_up_the_share_that_may_stay(tmp_path):
    rows = [[7, 1], [7, 1], [7, 1], [2, 0], [3, 0], [4, 0], [5, 0], [5, 0]]
    splits = arrays(train=(rows, [0] * 7 + [1]))

    report = checked(tmp_path / "set", splits, duplicates="drop", max_duplicate_fraction=0.25)

    assert [(one.kind, one.count, one.policy) for one in report.findings] == [
        ("conflicting", 2, "warn"),
        ("duplicates", 2, "drop"),
    ]


def test_a_class_with_too_few_examples(tmp_path):
    report = checked(tmp_path / "set", unbalanced(), min_examples_per_class=2)

    assert report.problems == [
        "class 'b' has 1 training examples; validate.min_examples_per_class asks for 2"
    ]


@pytest.mark.parametrize(("limit", "stops"), [(0.19, True), (0.2, False)])
def test_the_share_that_may_be_dropped(tmp_path, limit, stops):
    train = [*GOOD, ("one.jpg", b"", 0), ("two.jpg", b"", 1)]

    report = checked(tmp_path / "set", files(train), corrupt="drop", max_dropped_fraction=limit)

    sentence = "2 of 10 examples would be dropped; validate.max_dropped_fraction allows 19.0%"
    assert report.problems == [sentence] * stops


def test_dropped_rows_are_those_that_ingest_wrote(tmp_path):
    rows = np.arange(40.0).reshape(20, 2)
    rows[[3, 8, 17]] = np.nan
    splits = arrays(train=(rows, [0, 1] * 10), test=(rows[:10] + 0.5, [0, 1] * 5))
    save(splits, tmp_path / "set", shard=4)
    splits, table = opened(tmp_path / "set")

    report = validate(table, splits, Config(**LENIENT, not_finite="drop"))

    assert report.dropped == {"train": [3, 8, 17], "test": [3, 8]}


@pytest.mark.parametrize("policy", ["error", "drop"])
def test_every_example_may_be_corrupt(tmp_path, policy):
    broken = [("one.jpg", b"", 0), ("two.jpg", b"no image", 1)]

    report = checked(
        tmp_path / "set", files(broken, test=broken, validation=broken), corrupt=policy
    )

    assert kinds(report) == {"corrupt": 6, "missing_class": 6}
    assert sum(map(len, report.dropped.values())) == (6 if policy == "drop" else 0)


def test_splits_may_be_empty(tmp_path):
    report = checked(tmp_path / "set", files(GOOD, test=[], validation=[]))

    assert kinds(report) == {"missing_class": 4}


def test_a_dataset_may_be_empty(tmp_path):
    report = checked(tmp_path / "set", files([], test=[], validation=[]))

    assert kinds(report) == {"missing_class": 6}
    assert report.counts["train"] == {"ant": 0, "bee": 0}
    assert report.statistics.categories == {"value label": {}}


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_copies_among_images_of_any_type(tmp_path, dtype):
    images = np.stack([photo(seed) for seed in (1, 2, 3, 1)]).astype(dtype)
    splits = arrays(train=(images, [0, 1, 1, 0]))

    assert kinds(checked(tmp_path / "set", splits)) == {"duplicates": 1}


def test_rows_of_which_no_picture_can_be_made(tmp_path):
    train = [*GOOD, ("zero.jpg", b"", 1), ("note.txt", b"read me", 0), ("cut.jpg", CUT, 0)]
    save(files(train), tmp_path / "set", shard=3)

    assert unusable(opened(tmp_path / "set")[1], "train").tolist() == [4, 5]


def test_a_label_that_is_no_class_is_in_no_picture(tmp_path):
    save(arrays(train=([[1, 2], [3, 4], [5, 6]], [0, 2, -1])), tmp_path / "set", shard=2)

    assert unusable(opened(tmp_path / "set")[1], "train").tolist() == [1, 2]


def test_numbers_are_the_counts_of_the_report(tmp_path):
    train = [*GOOD, ("zero.jpg", b"", 1), ("grey.png", ONE_COLOUR, 0)]

    report = checked(tmp_path / "set", files(train), corrupt="drop")

    assert numbers(report) == {"corrupt": 1, "constant": 1, "dropped": 1, "problems": 1}
