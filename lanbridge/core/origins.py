"""Names and origins as browsers send them, however an operator writes them (WHATWG URL)."""

import re
from unicodedata import normalize

from lanbridge.core.addresses import parse_address, parse_port
from lanbridge.core.errors import InvalidAddress, InvalidInput

_ORIGIN = re.compile(r"(https?)://(\[[^\s/?#@*\[\]]+\]|[^\s/?#@*:\[\]]+)(?::([^:/?#]+))?", re.I)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_origin(text: str) -> str:
    """RFC 6454 §6.1: scheme and host, and a port where it is not the default; or `null`.

    Raises InvalidInput.
    """
    if text == "null":
        return text
    found = _ORIGIN.fullmatch(text)
    if found is None:
        rule = "it is no origin"
        raise InvalidInput(text, rule, "write it like http://192.168.1.5:3000, without a path")
    scheme, host = found[1].lower(), found[2]
    if host.startswith("["):
        host = f"[{parse_address(host[1:-1])}]"
    port = parse_port(found[3]) if found[3] else _DEFAULT_PORTS[scheme]
    tail = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{as_sent(host)}{tail}"


def as_sent(host: str) -> str:
    """A host as it stands in a header: small letters, and labels beyond ASCII as `xn--…`."""
    try:
        return str(parse_address(host))
    except InvalidAddress:
        # UTS #46 joins forms that look alike, also of the dot, as Chinese keyboards have it.
        return ".".join(map(_label, normalize("NFKC", host).lower().replace("。", ".").split(".")))


def _label(label: str) -> str:
    """Browsers keep ß, as not all of IDNA does."""
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
