"""Parts of a view as the text of one cell."""

from collections.abc import Mapping, Sequence
from typing import Any

from lanbridge.cli.output import plain


def addresses(heard: Sequence[Mapping[str, str]]) -> str:
    """The address of each, once: a host is often heard on two interfaces."""
    return plain(list(dict.fromkeys(each["address"] for each in heard)))


def pairs(record: Mapping[str, str | None]) -> str:
    """A TXT record in one line, `key=value`, or `key` alone."""
    return " ".join(key if value is None else f"{key}={value}" for key, value in record.items())


def port(service: Mapping[str, Any]) -> str:
    """Nothing while it is not known: where one found a 0, he would look for a fault."""
    return plain(service.get("port")) if service.get("host") else ""
