"""What the `ingest` section refuses by itself."""

import sys

import pytest
from pydantic import ValidationError

from components.base.errors import Invalid
from components.config.document import Document
from components.config.ingest import Remote
from components.config.pipeline import parse

PLAIN = "an address is of plain characters; quote others as %20, hosts as xn--"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://a.org:abc/y.csv", "no address: Port could not be cast to integer value as 'abc'"),
        ("http://[::1/y.csv", "no address: Invalid IPv6 URL"),
        ("http://exämple.de/a.csv", PLAIN),
        ("http://a.org\r\n/x.csv", PLAIN),
        ("http://a.org/x y.csv", PLAIN),
        ("http://:80/x.csv", "no address: there is no host ':80'"),
        ("http://a..org/x.csv", "no address: there is no host 'a..org'"),
    ],
)
def test_an_address_that_nobody_can_ask_is_refused(url, message):
    with pytest.raises(ValidationError) as caught:
        Remote(url=url, sha256="0" * 64)

    assert caught.value.errors()[0]["msg"] == f"Value error, {message}"


@pytest.mark.parametrize("url", ["https://[::1]:8080/a/b.gz", "http://user@a.org/x%20y.csv?a=b"])
def test_an_address_that_can_be_asked_is_taken(url):
    assert Remote(url=url, sha256="0" * 64).url == url


OWN = """\
from components.config.ingest import Source
from components.config.section import kind


class Mine(Source):
    kinds = {how}(lambda self: {kinds})
    learned = property(lambda self: {learned})

    def listing(self, folder):
        ...
"""
MAPPING = "its kinds must be a mapping of names to kind('Value') and the like"


@pytest.mark.parametrize(
    ("kinds", "learned", "how", "message"),
    [
        ("None", "()", "property", "its kinds cannot be had: 'NoneType' object is not iterable"),
        ("self.nothing", "()", "property", "its kinds cannot be had: "),
        ("{'a': 'Value'}", "()", "property", MAPPING),
        ("{}", "()", "property", MAPPING),
        (
            "{'a': 'Value'}",
            "1 / 0",
            "property",
            "its kinds cannot be had: {own}:7: division by zero",
        ),
        (
            "{'a': kind('Valeu')}",
            "()",
            "property",
            "its kinds cannot be had: {own}:6: no kind of column 'Valeu' in "
            "components.data.features; did you mean 'Value'?",
        ),
        ("{'a': 1}", "()", "", "its kinds must be a property: write @property above it"),
    ],
)
def test_a_source_of_ones_own_without_kinds_is_a_mistake_in_the_file(
    tmp_path, monkeypatch, edited, kinds, learned, how, message
):
    (tmp_path / "mine.py").write_text(OWN.format(kinds=kinds, learned=learned, how=how))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    path = edited(("source: sklearn.datasets.load_digits", "source: mine:Mine"))

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    message = message.format(own=tmp_path / "mine.py")
    assert f"{path}:8: ingest.source: {message}" in str(caught.value)
