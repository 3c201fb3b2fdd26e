"""Values that are laid over the text of a file."""

import pytest
import yaml

from components.base.errors import Invalid
from components.config.document import Document
from components.config.text import laid

TEXT = """\
# A file.
train:
  epochs: 40      # enough
  optimizer: {AdamW: {weight_decay: 1.0e-4}}   # decoupled
  blocks: [2, 2]
layers:
  - Flip: {mode: horizontal}
  # The second one:
  - Rotate: {factor: 0.04}
methods: [float16, int8]
smoothing: KneserNey
empty:
"""


@pytest.mark.parametrize(
    ("key", "value", "changed"),
    [
        pytest.param("train.epochs", 3, ("epochs: 40 ", "epochs: 3  "), id="a number"),
        pytest.param(
            "train.optimizer.AdamW.weight_decay",
            0.5,
            ("1.0e-4}}   #", "0.5}}      #"),
            id="an argument",
        ),
        pytest.param("train.blocks", [3], ("[2, 2]", "[3]"), id="a list"),
        pytest.param("layers.1.Rotate.factor", 1, ("0.04", "1"), id="in a list"),
        pytest.param(
            "methods.1.int8.bits",
            4,
            ("int8]", "int8: {bits: 4}]"),
            id="a name that is short for a section",
        ),
        pytest.param(
            "smoothing.KneserNey.discount",
            None,
            ("smoothing: KneserNey", "smoothing:\n  KneserNey:\n    discount:"),
            id="null where nothing was",
        ),
        pytest.param("empty.a.b", True, ("empty:", "empty:\n  a:\n    b: true"), id="empty"),
        pytest.param(
            "train.patience", 7, ("blocks: [2, 2]", "blocks: [2, 2]\n  patience: 7"), id="a new key"
        ),
        pytest.param("new.key", 7, ("empty:\n", "empty:\nnew:\n  key: 7\n"), id="a new section"),
        pytest.param("train.epochs", 40.0, ("", ""), id="the number that is there"),
        pytest.param(
            "train.optimizer.AdamW.weight_decay", 1e-4, ("", ""), id="however it is written"
        ),
    ],
)
def test_a_value_is_laid_over_the_text_and_nothing_else_changes(key, value, changed):
    assert laid(TEXT, {key: value}) == TEXT.replace(*changed)


def test_true_is_not_one():
    assert laid("a: 1\n", {"a": True}) == "a: true\n"
    assert laid("a: true\n", {"a": 1}) == "a: 1\n"


def test_several_values_may_be_in_one_new_section():
    text = laid("a: 1\n", {"b.c": 1, "b.d": 2, "b.e.f": 3})

    assert text == "a: 1\nb:\n  c: 1\n  d: 2\n  e:\n    f: 3\n"


def test_a_class_of_ones_own_has_dots_in_its_name():
    text = "optimizer: {own.opt:Mine: {rate: 1}}\nmethods: ['own.small:Half']\n"

    result = laid(text, {"optimizer.own.opt:Mine.rate": 2, "methods.0.own.small:Half.bits": 4})

    assert yaml.safe_load(result) == {
        "optimizer": {"own.opt:Mine": {"rate": 2}},
        "methods": [{"own.small:Half": {"bits": 4}}],
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("model: &m {a: {b: 1}, c: 3}\nother: *m\n", id="an alias"),
        pytest.param("other: &m {a: {b: 1}, c: 3}\nmodel: *m\n", id="an alias before"),
        pytest.param("other: &m\n  a: {b: 1}\n  c: 3\nmodel:\n  <<: *m\n", id="a merged mapping"),
    ],
)
def test_what_an_alias_stands_for_elsewhere_stays(text):
    result = yaml.safe_load(laid(text, {"model.a.b": 2}))

    assert result == {"model": {"a": {"b": 2}, "c": 3}, "other": {"a": {"b": 1}, "c": 3}}


@pytest.mark.parametrize(
    "value",
    [
        'it\'s "quoted"',
        "two\nlines\n",
        "{{ var.value.secret }}",
        "$(touch x)",
        "a: b # c",
        "- a",
        "&a *a",
        "!!python/object:os.system x",
        "yes",
        "null",
        "1e3",
        "",
        "\x00\x1b\x85\u2028",
        "x" * 10_000,
        1e-30,
        -0.0,
        10**30,
        {"a": [1, {"b": None}]},
    ],
)
def test_a_value_comes_back_as_it_was_given(tmp_path, value):
    path = tmp_path / "file.yaml"
    path.write_text(laid(TEXT, {"train.epochs": value, "train.new": value}))

    data = Document(path).data
    assert data["train"]["epochs"] == data["train"]["new"] == value
    assert set(data) == set(yaml.safe_load(TEXT))


@pytest.mark.parametrize(
    "key", ["layers.7.Rotate.factor", "layers.x", "train.epochs.x", "", ".", "a..b"]
)
def test_a_key_that_leads_nowhere_is_laid_too_for_the_check_to_name(key):
    assert laid(TEXT, {key: 1}) != TEXT


def test_half_a_character_is_a_mistake_of_the_file(tmp_path):
    path = tmp_path / "file.yaml"
    path.write_text(laid(TEXT, {"train.epochs": "\ud800"}))

    with pytest.raises(Invalid) as caught:
        Document(path)

    assert str(caught.value) == f"{path}:3: not valid YAML: half a character is none"
