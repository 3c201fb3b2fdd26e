"""What a source of one's own lists is what it says."""

import csv
import errno
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from own_sources import Rings

from components.base.errors import Stop
from components.config.section import kind
from components.data.features.class_label import ClassLabel
from components.data.features.text import Text
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.rows import Values
from components.data.schema import Schema
from components.ingest.listed import listed

AT, RING = np.zeros((4, 3), np.float32), np.array([0, 1, 0, 1])
KINDS = {"at": Value("float32", (3,)), "ring": ClassLabel(("a", "b"))}
GOOD = Listing(Schema(KINDS, ("ring",)), {"at": AT, "ring": RING})


def own(listing, kinds=("Value", "ClassLabel"), learned=("ring",)):
    told = {name: kind(one) for name, one in zip(KINDS, kinds, strict=True)}
    return SimpleNamespace(source="own:Mine", listing=listing, kinds=told, learned=learned)


def refusal(tmp_path, listing, **told):
    with pytest.raises(Stop) as caught:
        listed(own(listing, **told), tmp_path)
    return str(caught.value)


def changed(kinds=(), columns=(), targets=("ring",), **others):
    schema = Schema({**KINDS, **dict(kinds)}, targets)
    return Listing(schema, {**GOOD.columns, **dict(columns)}, **others)


def test_what_is_right_is_taken_as_it_is(tmp_path):
    section = Rings(source="own_sources:Rings")

    assert listed(section, tmp_path).columns["at"].shape == (200, 2)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (None, " gives None; it should give a Listing"),
        ([1], " gives list; it should give a Listing"),
        (replace(GOOD, columns={"at": AT}), ": its columns are at; its schema says at, ring"),
        (
            changed(targets=("rings",)),
            ": 'rings' is to be learned, and not among its columns at, ring",
        ),
        (
            changed(columns={"at": (one for one in AT)}),
            ": column 'at' is generator; it should be an array",
        ),
        (changed(columns={"ring": RING[:3]}), ": column 'ring' has 3 values; column 'at' has 4"),
        (changed(names=["one"]), ": names has 1 values; column 'at' has 4"),
        (changed(given=np.array(["train"])), ": given has 1 values; column 'at' has 4"),
        (changed(groups=np.arange(5)), ": groups has 5 values; column 'at' has 4"),
        (changed(times=np.arange(5)), ": times has 5 values; column 'at' has 4"),
        (
            changed(given=np.array(["train", "val", "test", "test"])),
            ": given holds val; it should say train, validation, test",
        ),
        (
            changed(kinds={"at": Value("int8", (3,))}),
            ": column 'at' holds float32; its kind, Value, holds int8",
        ),
        (
            changed(kinds={"at": Value("int8", (3,))}, columns={"at": AT.astype(int) + 300}),
            ": column 'at' holds 300 to 300; its kind, Value, holds -128 to 127",
        ),
        (
            changed(
                kinds={"at": Value("int8", (3,))},
                columns={"at": AT.astype(int) - np.eye(4, 3, dtype=int) * 300},
            ),
            ": column 'at' holds -300 to 0; its kind, Value, holds -128 to 127",
        ),
        (
            changed(columns={"ring": RING + 0.7}),
            ": column 'ring' holds float64; its kind, ClassLabel, holds int64",
        ),
        (
            changed(columns={"at": AT[:, :2]}),
            ": column 'at' holds arrays of shape (2,); its kind, Value, holds arrays of shape (3,)",
        ),
        (
            changed(columns={"at": [[1, 2, 3], [1], [2], [3]]}),
            ": column 'at' holds values of several shapes; its kind, Value, holds arrays of shape "
            "(3,)",
        ),
        (
            changed(kinds={"at": Text()}, columns={"at": Values(["a", None, "b", "c"])}),
            ": column 'at' holds None; its kind, Text, holds str",
        ),
        (
            changed(columns={"at": AT[:0], "ring": RING[:0]}),
            ": it has no examples",
        ),
    ],
)
def test_what_is_not_as_it_says_is_named(tmp_path, found, message):
    def listing(_):
        return found

    line = listing.__code__.co_firstlineno
    assert refusal(tmp_path, listing) == f"{__file__}:{line}: ingest.source: own:Mine{message}"


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (KeyError("at"), "KeyError: 'at'"),
        (RuntimeError("the service said no"), "the service said no"),
        (AssertionError(), "AssertionError"),
        (ModuleNotFoundError("No module named 'nowhere'"), "No module named 'nowhere'"),
        (csv.Error("line contains NUL"), "line contains NUL"),
        (OSError("no such table"), "no such table"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_mistake_in_its_code_is_told_with_its_line(tmp_path, error, what):
    def broken(_):
        raise error

    line = broken.__code__.co_firstlineno + 1
    assert refusal(tmp_path, broken) == (
        f"{__file__}:{line}: ingest.source: own:Mine cannot list its examples: {what}"
    )


def test_the_line_is_the_users_where_a_library_raises(tmp_path):
    def broken(_):
        return np.concatenate([AT, RING])

    assert refusal(tmp_path, broken).startswith(f"{__file__}:{broken.__code__.co_firstlineno + 1}:")


def test_a_file_that_is_not_there_is_told_with_the_folder_of_the_source(tmp_path):
    def broken(folder):
        return (folder / "moons.csv").read_text()

    line, path = broken.__code__.co_firstlineno + 1, tmp_path / "moons.csv"
    assert refusal(tmp_path, broken) == (
        f"{__file__}:{line}: ingest.source: own:Mine cannot list its examples: [Errno 2] No such "
        f"file or directory: '{path}'; its files lie in {tmp_path}/, which `listing` is given"
    )


def test_a_method_that_takes_something_else_is_told_with_its_own_line(tmp_path):
    def listing():
        return GOOD

    assert refusal(tmp_path, listing) == (
        f"{__file__}:{listing.__code__.co_firstlineno}: ingest.source: own:Mine cannot list its "
        f"examples: {listing.__qualname__}() takes 0 positional arguments but 1 was given"
    )


@pytest.mark.parametrize(
    "error", [ConnectionResetError(104, "reset"), OSError(errno.ENOSPC, "full"), Stop("no day")]
)
def test_what_the_machine_or_the_network_says_is_no_mistake_of_its_code(tmp_path, error):
    def listing(_):
        raise error

    with pytest.raises(type(error)) as caught:
        listed(own(listing), tmp_path)

    assert caught.value is error


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"kinds": ("Image", "ClassLabel")},
            "it lists at (Value), ring (ClassLabel); its `kinds` says at (Image), ring "
            "(ClassLabel)",
        ),
        ({"learned": ()}, "the targets of its schema are ring; its `learned` says none"),
    ],
)
def test_what_it_lists_otherwise_than_it_says_is_named(tmp_path, told, message):
    def listing(_):
        return GOOD

    line = listing.__code__.co_firstlineno
    assert refusal(tmp_path, listing, **told) == (
        f"{__file__}:{line}: ingest.source: own:Mine: {message}"
    )


def test_names_may_be_an_array(tmp_path):
    named = replace(GOOD, names=np.array(["a", "b", "c", "d"]))

    assert named.take(np.array([2])).name(0) == "c"
