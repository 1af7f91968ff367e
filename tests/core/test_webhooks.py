"""Targets and signatures of webhooks."""

import base64
import hashlib
import hmac

import pytest

from lanbridge.core.webhooks import key_of, signed, target


def test_a_target_is_taken_apart() -> None:
    """With the defaults of its scheme; the path is not in what is shown of it."""
    assert target("http://10.0.0.9:8123/api?x=1") == (
        "10.0.0.9",
        8123,
        False,
        "/api?x=1",
        "http://10.0.0.9:8123",
    )
    assert target("https://example.org")[:4] == ("example.org", 443, True, "/")
    assert target("http://[fe80::1]:80/a")[:2] == ("fe80::1", 80)
    assert target("http://[fe80::1%25Eth0]:80/a")[:2] == ("fe80::1%Eth0", 80)


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://a/", "//a/", "http://", "http:///a", "http://a:x/", "http://a:99999/"),
        *("http://a/ b", "http://a/\r\nX: y", "http://ä/", "http://u:p@a/", "http://a/#b"),
    ],
)
def test_what_is_no_target_is_refused(url: str) -> None:
    """Also what would add a header."""
    with pytest.raises(ValueError, match=r"."):
        target(url)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks documents, and the five lines of our own README."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    headers = signed(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_any_text_is_a_key_and_none_is_no_signature() -> None:
    """What follows whsec_ has to be base64."""
    assert key_of("open sesame") == b"open sesame"
    assert set(signed(b"", "a", 1, b"")) == {"webhook-id", "webhook-timestamp"}
    for secret in ("whsec_not base64!", "whsec_"):
        with pytest.raises(ValueError, match=r"."):
            key_of(secret)
