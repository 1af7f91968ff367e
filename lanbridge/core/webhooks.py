"""Where a webhook goes, and how a delivery is signed.

The signature is that of the Standard Webhooks specification, for which there are libraries in many
languages: `webhook-id` is the same when a delivery is tried again, `webhook-timestamp` the time of
this try in Unix seconds, `webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 of
`{id}.{timestamp}.{body}`.
"""

import hmac
from base64 import b64decode, b64encode
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

SECRET_PREFIX = "whsec_"  # noqa: S105  # what comes after it is base64 of the key


class Target(NamedTuple):
    """An http or https URL, taken apart. origin: the part of it that is no secret."""

    host: str
    port: int
    tls: bool
    path: str
    origin: str


def target(url: str) -> Target:
    """Raises ValueError with a clause that says what is wrong."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise ValueError("a URL is ASCII: write other characters as %XX")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is no http:// or https:// URL")
    if parts.username is not None or parts.fragment:
        raise ValueError("a URL to post to has no user, password or fragment")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    port = parts.port or (443 if tls else 80)
    # RFC 6874 §2: the zone of a link-local address has %25 before it.
    host = unquote(parts.hostname) if ":" in parts.hostname else parts.hostname
    return Target(host, port, tls, path, f"{parts.scheme}://{parts.netloc}")


def key_of(secret: str) -> bytes:
    """The key that a secret stands for: base64 after `whsec_`, else its own bytes.

    Raises ValueError.
    """
    if not secret.startswith(SECRET_PREFIX):
        return secret.encode()
    if key := b64decode(secret.removeprefix(SECRET_PREFIX), validate=True):
        return key
    raise ValueError("without a key nothing would be signed")


def signed(key: bytes, id_: str, unix_s: int, body: bytes) -> dict[str, str]:
    """The headers of one try; without a key there is no signature."""
    headers = {"webhook-id": id_, "webhook-timestamp": str(unix_s)}
    if key:
        digest = hmac.digest(key, f"{id_}.{unix_s}.".encode() + body, "sha256")
        headers["webhook-signature"] = f"v1,{b64encode(digest).decode()}"
    return headers
