"""What a pipeline file says of a language model by counts, and what is wrong with it."""

import pytest

from components.base.errors import Invalid
from components.config.pipeline import load
from components.models.ngram import AddK, GoodTuring, KneserNey

TEXT = """\
version: 1
description: a language model
task: language_model
ingest:
  source: text
  file: "*.txt"
model:
  architecture: ngram
compress:
  methods: [cutoff, bins]
register:
  name: prose
"""
MODEL = "  architecture: ngram\n"


@pytest.fixture
def read(tmp_path):
    """The file with changes of its text."""

    def written(*changes):
        text = TEXT
        for old, new in changes:
            assert text.count(old) == 1
            text = text.replace(old, new)
        (tmp_path / "prose.yaml").write_text(text)
        return load(tmp_path / "prose.yaml")

    return written


@pytest.fixture
def refused(read, tmp_path):
    """What is said of the file with changes, without its path."""

    def said(*changes):
        with pytest.raises(Invalid) as caught:
            read(*changes)
        return str(caught.value).replace(f"{tmp_path}/prose.yaml:", "")

    return said


def test_what_is_left_out_is_a_trigram_of_kneser_and_ney(read):
    file = read()

    assert (file.model.order, file.model.least_count, file.model.lower) == (3, 2, True)
    assert file.model.smoothing.chosen == KneserNey(discount=None)
    assert file.train.learner == "counts"
    assert file.task.samples == 10
    assert [method.least for method in file.compress.methods[:1]] == [(1, 2)]
    assert file.compress.methods[1].bins == 256


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AddK", AddK(k=1.0)),
        ("{AddK: {k: 0.1}}", AddK(k=0.1)),
        ("{GoodTuring: }", GoodTuring(reliable=5)),
        ("{GoodTuring: {reliable: 7}}", GoodTuring(reliable=7)),
        ("{KneserNey: {discount: 0.75}}", KneserNey(discount=0.75)),
    ],
)
def test_a_smoothing_is_given_by_its_name_or_with_its_settings(read, text, expected):
    assert read((MODEL, f"{MODEL}  smoothing: {text}\n")).model.smoothing.chosen == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("order: 0", "9: model.order: must be greater than 0, is 0"),
        ("order: 11", "9: model.order: must be less than or equal to 10, is 11"),
        ("order: 2.5", "9: model.order: must be a whole number, is 2.5"),
        ("least_count: 0", "9: model.least_count: must be greater than 0, is 0"),
        ("lower: maybe", "9: model.lower: must be true or false, is 'maybe'"),
        ("ordr: 2", "9: model.ordr: unknown key; did you mean 'order'?"),
        (
            "smoothing: Laplace",
            "9: model.smoothing.Laplace: unknown key; there are AddK, GoodTuring, KneserNey",
        ),
        (
            "smoothing: {AddK: , KneserNey: }",
            "9: model.smoothing: must be one of AddK, GoodTuring, KneserNey",
        ),
        (
            "smoothing: {AddK: {k: 0}}",
            "9: model.smoothing.AddK.k: must be greater than 0, is 0",
        ),
        (
            "smoothing: {KneserNey: {discount: 1}}",
            "9: model.smoothing.KneserNey.discount: must be less than 1, is 1",
        ),
        (
            "smoothing: {GoodTuring: {reliable: 1000000000}}",
            "9: model.smoothing.GoodTuring.reliable: must be less than or equal to 1000, is "
            "1000000000",
        ),
    ],
)
def test_a_wrong_setting_is_named(refused, text, message):
    assert refused((MODEL, f"{MODEL}  {text}\n")) == message


def test_int8_is_not_for_counts(refused):
    assert refused(("[cutoff, bins]", "[int8]")) == (
        "10: compress.methods.0: int8 is for keras models; this one is of arpa"
    )


def test_cutoff_and_bins_are_not_for_networks(refused):
    said = refused(
        ('text\n  file: "*.txt"', "sklearn.datasets.load_iris"),
        ("language_model", "classification"),
        ("ngram", "mlp\n  units: [4]"),
        ("compress:", "train:\n  epochs: 1\n  batch_size: 8\ncompress:"),
    )

    assert said.splitlines() == [
        f"13: compress.methods.{place}: {method} is for arpa models; this one is of keras"
        for place, method in enumerate(("cutoff", "bins"))
    ]


@pytest.mark.parametrize(
    ("methods", "message"),
    [
        (
            "[{cutoff: {least: [3, 2]}}]",
            "10: compress.methods.0.cutoff.least: none may be below the one before it, got [3, 2]",
        ),
        (
            "[{bins: {bins: 1}}]",
            "10: compress.methods.0.bins.bins: must be greater than or equal to 2, is 1",
        ),
        ("[cutof]", "10: compress.methods.0: no method 'cutof'; did you mean 'cutoff'?"),
    ],
)
def test_a_wrong_method_is_named(refused, methods, message):
    assert refused(("[cutoff, bins]", methods)) == message


def test_layers_have_nothing_to_do_with_counts(refused):
    before = "preprocess:\n  - Rescaling: {scale: 2.0}\n"
    varied = "augment:\n  layers:\n    - GaussianNoise: {stddev: 0.1}\n"

    assert refused(("model:", f"{before}{varied}model:")).splitlines() == [
        "7: preprocess: counts take text as it is; no layer stands before them",
        "9: augment: counts take text as it is; no layer stands before them",
    ]


def test_a_network_is_not_fitted_by_counting(refused):
    said = refused((MODEL, "  architecture: mlp\n  units: [4]\ntrain:\n  learner: counts\n"))

    assert said.splitlines() == [
        "8: model.architecture: mlp gives a vector; language_model needs a sequence",
        "11: train.learner: counts are for model: {architecture: ngram}",
    ]


def test_images_are_not_counted(refused):
    said = refused(('text\n  file: "*.txt"', "image_folder"), ("language_model", "classification"))

    assert said.splitlines() == [
        "7: model.architecture: an n-gram model learns from a column of Text; there are Image, "
        "ClassLabel",
        "7: model.architecture: ngram gives a sequence; classification needs a vector",
    ]


TABLE = "table\n  file: prose.jsonl\n  columns: {text: Text}"


def test_a_table_of_texts_is_one_of_which_nothing_is_learned_apart(read, refused):
    file = read(('text\n  file: "*.txt"', f"{TABLE}\n  targets: []"))

    assert file.ingest.learned == ()
    assert refused(('text\n  file: "*.txt"', TABLE)) == (
        "4: ingest.targets: language_model learns 0 targets; the source has 1 (text)"
    )


def test_a_limit_of_perplexity_is_a_maximum(refused):
    assert refused(("  name: prose\n", "  name: prose\n  gate: {min: 100}\n")) == (
        "13: register.gate.min: perplexity is better the lower; the limit is 'max'"
    )
