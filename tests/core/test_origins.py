"""What an operator writes, as a browser will send it."""

import pytest

from lanbridge.core.errors import InvalidInput
from lanbridge.core.origins import as_sent, parse_origin


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("http://hub:3000", "http://hub:3000"),
        ("http://hub:80", "http://hub"),
        ("https://hub:443", "https://hub"),
        ("https://hub:80", "https://hub:80"),
        ("HTTP://Hub.Fritz.Box:03000", "http://hub.fritz.box:3000"),
        ("http://[FD00:0::1]:80", "http://[fd00::1]"),
        ("http://10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("https://Bücher.lan", "https://xn--bcher-kva.lan"),
        ("null", "null"),
    ],
)
def test_an_origin_is_written_as_it_is_sent(written: str, sent: str) -> None:
    """Browsers leave the default port out, and know small letters alone: RFC 6454 §4."""
    assert parse_origin(written) == sent
    assert parse_origin(sent) == sent


@pytest.mark.parametrize(
    "text",
    [
        *("", "*", "hub", "hub:3000", "ftp://hub", "http://", "http://hub/", "http://a@hub"),
        *("http://*.hub", "http://hub:", "http://hub:x", "http://hub:0", "http://hub:65536"),
        *("http://hub:1:2", "http://[hub]", "http://[::1", "http://::1", "http://a b", "http://a?"),
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    """It would let nobody in, in silence."""
    with pytest.raises(InvalidInput):
        parse_origin(text)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("Pi.Fritz.Box", "pi.fritz.box"),
        ("bücher.lan", "xn--bcher-kva.lan"),
        ("BÜCHER.LAN", "xn--bcher-kva.lan"),
        ("bu\u0308cher.lan", "xn--bcher-kva.lan"),
        ("straße.lan", "xn--strae-oqa.lan"),
        ("客厅.lan", "xn--imrr2q.lan"),
        ("客厅。ｌａｎ", "xn--imrr2q.lan"),
        ("xn--bcher-kva.lan", "xn--bcher-kva.lan"),
        ("pi.lan.", "pi.lan."),
        ("FD00::0:1", "fd00::1"),
    ],
)
def test_a_name_is_written_as_it_is_sent(written: str, sent: str) -> None:
    """In ASCII, by RFC 5891 §4.4."""
    assert as_sent(written) == sent
