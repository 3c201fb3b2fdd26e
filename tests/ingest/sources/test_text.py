"""Text files: each line or sentence an example."""

import os
import zipfile

import pytest

from components.base.errors import Invalid, Mistakes, Stop
from components.config.pipeline import load
from components.data.features.text import Text
from components.data.schema import Schema
from components.ingest.sources.text import TextFiles
from tests.models.ngram.test_ngram import TEXT


def listed(folder, **settings):
    """Each text by its name."""
    section = TextFiles.model_validate({"source": "text", "file": "*.txt", **settings})
    found = section.listing(folder)
    assert found.schema == Schema({"text": Text()})
    return dict(zip(found.names, found.columns["text"][:], strict=True))


def write(folder, text, name="a.txt", encoding="utf-8"):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_bytes(text.encode(encoding))


def test_each_line_with_a_word_is_an_example(tmp_path):
    write(tmp_path, "One.  Two\t three\r\n\n   \r\nfour\n")

    assert listed(tmp_path) == {"a.txt:1": "One. Two three", "a.txt:4": "four"}


def test_a_file_whose_name_is_not_utf_8_is_refused(tmp_path):
    write(tmp_path, "One", name=os.fsdecode(b"caf\xe9.txt"))

    with pytest.raises(Stop) as caught:
        listed(tmp_path)

    assert str(caught.value) == (f"'{tmp_path}/caf\\udce9.txt': its name is not UTF-8; rename it")


@pytest.mark.parametrize(
    ("content", "line"),
    [("one\ntwo".encode("utf-16-le"), 1), (b"one\ntwo\n" + bytes(512), 3)],
    ids=["UTF-16 without its mark", "a block that was never written"],
)
def test_a_character_that_no_text_has_is_refused_with_its_line(tmp_path, content, line):
    (tmp_path / "a.txt").write_bytes(content)

    with pytest.raises(Stop) as caught:
        listed(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/a.txt:{line}: it has a NUL character, as text in UTF-16 has; save it as UTF-8"
    )


def test_a_last_line_needs_no_end_and_a_mark_of_bytes_is_none(tmp_path):
    write(tmp_path, "\ufeffna\u00efve \u8a9e")

    assert listed(tmp_path) == {"a.txt:1": "na\u00efve \u8a9e"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("One\nof two\nlines. Next", ["One of two lines.", "Next"]),
        ("A title\n\nA paragraph.\n \nAnother", ["A title", "A paragraph.", "Another"]),
        ('"Go." He went.', ['"Go."', "He went."]),
        ("\u201cGo!\u201d \u2018Why?\u2019 (Or so.) So", None),
        ('He asked. "Why?" she said.', ["He asked.", '"Why?" she said.']),
        ("At 3.5 p.m. exactly. 1905 was long ago", ["At 3.5 p.m. exactly. 1905 was long ago"]),
        (
            "Fin. \u00c9t\u00e9. \u0420\u0430\u0437.",
            ["Fin.", "\u00c9t\u00e9.", "\u0420\u0430\u0437."],
        ),
        ("What?! No... Yes", ["What?!", "No...", "Yes"]),
        ("Mr. Smith", ["Mr.", "Smith"]),
    ],
)
def test_sentences_end_before_a_capital_and_keep_all_their_signs(tmp_path, text, expected):
    write(tmp_path, text)

    found = list(listed(tmp_path, unit="sentence").values())

    expected = expected or ["\u201cGo!\u201d", "\u2018Why?\u2019", "(Or so.)", "So"]
    assert found == expected
    assert " ".join(found).split() == text.split()


def test_sentences_have_their_numbers(tmp_path):
    write(tmp_path, "One. Two.\n\n\n\nThree.")

    assert list(listed(tmp_path, unit="sentence")) == ["a.txt:1", "a.txt:2", "a.txt:3"]


def test_files_are_read_in_the_order_of_their_names_each_under_its_own(tmp_path):
    write(tmp_path / "two", "second")
    write(tmp_path / "one", "first")
    write(tmp_path / "one", "no text", "a.md")

    found = listed(tmp_path, file="*/*.txt")

    assert list(found.items()) == [("one/a.txt:1", "first"), ("two/a.txt:1", "second")]


def test_files_of_an_archive_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "books.zip", "w") as archive:
        archive.writestr("books/b.txt", "second")
        archive.writestr("books/a.txt", "first")

    found = listed(tmp_path, archive="books.zip", file="books/*.txt")

    assert found == {"books/a.txt:1": "first", "books/b.txt:1": "second"}


def test_a_file_that_is_not_utf_8_is_named_with_its_byte(tmp_path):
    write(tmp_path, "d\u00e9j\u00e0 vu", encoding="latin-1")

    with pytest.raises(Stop) as caught:
        listed(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/a.txt: not UTF-8 text: invalid continuation byte at byte 1"
    )


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "\ufeff"])
@pytest.mark.parametrize("unit", ["line", "sentence"])
def test_a_text_without_a_word_is_none(tmp_path, text, unit):
    write(tmp_path, text)

    with pytest.raises(Stop) as caught:
        listed(tmp_path, unit=unit)

    assert str(caught.value) == f"{tmp_path}/a.txt: has no text"


def test_an_empty_file_among_others_is_passed_over(tmp_path):
    write(tmp_path, "")
    write(tmp_path, "word", "b.txt")

    assert listed(tmp_path) == {"b.txt:1": "word"}


def test_no_file_is_named(tmp_path):
    with pytest.raises(Mistakes) as caught:
        listed(tmp_path)

    assert [one.message for one in caught.value.problems] == [f"no file {tmp_path}/*.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unit: word", "7: ingest.unit: must be 'line' or 'sentence', is 'word'"),
        (
            "columns: {}",
            "7: ingest.columns: unknown key; there are source, split, file, archive, unit",
        ),
        (
            "split: {train: 0.5, validation: 0.2, test: 0.2}",
            "7: ingest.split: train, validation and test must sum to 1; they sum to 0.9",
        ),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path, text, message):
    path = tmp_path / "prose.yaml"
    path.write_text(TEXT.replace('"*.txt"\n', f'"*.txt"\n  {text}\n'))

    with pytest.raises(Invalid) as caught:
        load(path)

    assert str(caught.value) == f"{path}:{message}"
