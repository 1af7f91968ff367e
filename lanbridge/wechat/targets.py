"""What somebody wants to talk to, read from an address, a name, an IP:PORT or a URL.

What is none of them raises InvalidAddress: that is nonsense, and no verdict.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from lanbridge.core.addresses import Address, parse_address, parse_port
from lanbridge.core.errors import InvalidAddress
from lanbridge.core.text import printable

_LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
_HEX = re.compile(r"0x[0-9a-f]*", re.I)
_PADDED = re.compile(r"(?<![^.])0+[0-9]")
_HALF_A_SCHEME = re.compile(r"(https?|wss?):(?!//|[0-9]+(?:/|$))", re.I)  # "http:80" is a host
_MAX_NAME = 253  # RFC 1035 §2.3.4, written with dots
_HOST_REMEDY = "write it like 192.168.1.20 or lamp.local"
_MORE_REMEDY = f"{_HOST_REMEDY}, and ask `lanbridge check url` about a URL or IP:PORT"
_URL_REMEDY = "write it like http://192.168.1.20:8620/ or 192.168.1.20:8620"


class Target(NamedTuple):
    """scheme: None for a bare IP:PORT. address: None where `host` is a name."""

    scheme: str | None
    host: str
    address: Address | None
    port: int | None


def parse_host(text: str) -> tuple[str, Address | None]:
    """An address, or a name without one; raises InvalidAddress."""
    try:
        return text, parse_address(text)
    except InvalidAddress:
        pass
    labels = text.removesuffix(".").split(".")
    if len(text) > _MAX_NAME or not all(map(_LABEL.fullmatch, labels)):
        rule = "it is neither an IP address nor a host name"
        is_more = ":" in text or "/" in text
        raise InvalidAddress(text, rule, _MORE_REMEDY if is_more else _HOST_REMEDY)
    # Browsers read more as numbers than inet_pton(3) does: WHATWG URL, "ends in a number".
    if labels[-1].isdigit() or _HEX.fullmatch(labels[-1]):
        rule = "it ends in a number as an IPv4 address does, and is none"
        if _PADDED.search(text):
            rule = "a number in it begins with 0, which some read as octal"
        raise InvalidAddress(text, rule, _HOST_REMEDY)
    return text, None


def parse_target(text: str) -> Target:
    """A URL, or `HOST:PORT` with or without a path; raises InvalidAddress and InvalidPort."""
    if not text.isprintable() or " " in text or "\\" in text:
        raise _no_url(text, "it holds a space, a backslash or a character that is not printed")
    if half := _HALF_A_SCHEME.match(text):
        raise _no_url(text, f"after {half[0]} come no two slashes")
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host = parts.hostname
    except ValueError as error:
        raise _no_url(text, f"it is no URL ({printable(str(error))})") from None
    if not host:
        raise _no_url(text, "it names no host")
    port = parts.netloc.rpartition("]")[2].partition(":")[2]
    if parts.username is not None:
        raise _no_url(text, "it holds a user name, and no rule is about those")
    if port and not (port.isascii() and port.isdigit()):
        raise _no_url(text, f"what comes after its colon, '{printable(port, 32)}', is no port")
    name, address = parse_host(unquote(host) if ":" in host else host)
    return Target(parts.scheme or None, name, address, parse_port(port) if port else None)


def _no_url(text: str, rule: str) -> InvalidAddress:
    return InvalidAddress(text, rule, _URL_REMEDY)
