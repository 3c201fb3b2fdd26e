"""What the `ingest` section refuses by itself."""

import pytest
from pydantic import ValidationError

from components.config.ingest import Remote

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
