"""What `lanbridge ping` is told to probe: `IP:PORT`, a URL, or the name of a service instance."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from lanbridge.cli.host_address import host_address
from lanbridge.core.addresses import parse_address, parse_port
from lanbridge.core.errors import InvalidAddress, InvalidInput, InvalidPort, NotFound
from lanbridge.core.views import ServiceView
from lanbridge.probe import known
from lanbridge.probe.results import ProbeTarget

_URL_PORTS = {"http": 80, "ws": 80}
# A name of a host, not of an instance: those are for people, and hold spaces.
_HOST_PORT = re.compile(
    r"(?:\[(?P<ipv6>[^\]]*:[^\]]*)\]|(?P<host>[a-z0-9._-]+)):(?P<port>[0-9]+)", re.I | re.A
)
_LOCAL_HOST = re.compile(r"(?!_)[^\s.]+\.local\.?", re.I)  # an instance has a type before that
_BEST_FIRST = ("same-subnet", "self", "other-subnet")


class Endpoint(NamedTuple):
    """What the user wrote. via: the URL's scheme; host: a literal or a name."""

    via: str | None
    host: str
    port: int
    path: str


async def locate(text: str, via: str | None, transports: Sequence[str]) -> tuple[str, ProbeTarget]:
    """(transport, target), looked up and found on the network as far as that is needed."""
    endpoint = parse(text, transports)
    if endpoint is None:
        from lanbridge.cli.finding import find  # asks the network, which an address needs not

        return of_service(await find(text), via)
    if endpoint.via and via and endpoint.via != via:
        raise click.UsageError(f"--via {via} and {endpoint.via}:// exclude each other")
    address = await _resolve(endpoint.host, endpoint.port)
    target = ProbeTarget(
        address=address,
        port=endpoint.port,
        host=endpoint.host if address != endpoint.host else "",
        path=endpoint.path,
    )
    return via or endpoint.via or "tcp", target


def parse(text: str, transports: Sequence[str]) -> Endpoint | None:
    """An address or a URL, or None for what must be a name; raises InvalidInput."""
    if "://" in text:
        return _parse_url(text, transports)
    if match := _HOST_PORT.fullmatch(text):
        return Endpoint(None, match["ipv6"] or match["host"], parse_port(match["port"]), "")
    head, _, tail = text.rpartition(":")
    with_port = _with_port(head, tail)
    if shown := list(filter(None, (with_port, _with_port(text, "8620")))):
        rule = "no brackets say where its address ends" if with_port else "it has no port"
        raise InvalidInput(text, rule, f"write it like {' or '.join(shown)}")
    if _LOCAL_HOST.fullmatch(text):
        raise InvalidInput(text, "it is a host, without a port", f"write it like {text}:8620")
    return None


def _with_port(host: str, port: str) -> str | None:
    """As an address and a port are written, if they are such."""
    with suppress(InvalidAddress, InvalidPort):
        address, number = parse_address(host), parse_port(port)
        return f"[{address}]:{number}" if address.version == 6 else f"{address}:{number}"
    return None


def of_service(service: ServiceView, via: str | None) -> tuple[str, ProbeTarget]:
    """(transport, target) of a service instance: its best address, IPv4 before IPv6."""
    usable = [one for one in service.addresses if one.relation in _BEST_FIRST]
    usable.sort(key=lambda one: (_BEST_FIRST.index(one.relation), one.family))
    if not usable or not service.port:
        rule = service.reason or "it has no address and port that one can connect to"
        raise NotFound(service.fqdn, rule)
    return known.of_service(service, via, usable[0].address)


def _parse_url(text: str, transports: Sequence[str]) -> Endpoint:
    scheme = text.partition("://")[0].lower()
    if scheme not in transports:
        remedy = f"begin it with {', '.join(f'{one}://' for one in transports)}"
        if scheme in ("https", "wss"):
            remedy = "probe its port with --via tcp and IP:PORT"
        raise InvalidInput(text, f"{scheme}:// is no transport of a probe", remedy)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or _URL_PORTS.get(scheme, 0)
    except ValueError as error:
        raise InvalidInput(text, f"it is no URL: {error}") from error
    if not host or not port or "@" in parts.netloc:
        rule = "it has a user" if "@" in parts.netloc else "it has no host and port"
        raise InvalidInput(text, rule, f"write it like {scheme}://192.168.1.20:8620")
    # RFC 6874 had the percent sign of a scope escaped, RFC 9844 has not; "%25" alone is index 25.
    host = re.sub("%25(?=.)", "%", host)
    return Endpoint(scheme, host, port, known.with_query(parts.path, parts.query))


async def _resolve(host: str, port: int) -> str:
    """A literal for `host`, which is looked up if it is a name."""
    if ":" not in host and not re.fullmatch(r"[0-9.]+", host):
        return await host_address(host, port)
    address = parse_address(host)
    if isinstance(address, IPv6Address) and address.is_link_local and not address.scope_id:
        rule = "it is link-local, and nothing says on which interface"
        raise InvalidAddress(host, rule, f"write it like {address}%eth0")
    try:
        await asyncio.get_running_loop().getaddrinfo(host, port)
    except OSError as error:  # its scope
        raise InvalidAddress(host, "this host has no such interface") from error
    return host
