"""What the TARGET of `lanbridge ping` may be."""

import asyncio
from collections.abc import Sequence

import click
import pytest

from lanbridge.cli.ping_target import Endpoint, locate, of_service, parse
from lanbridge.core.addresses import Relation
from lanbridge.core.errors import InvalidAddress, InvalidInput, LanbridgeError, NotFound
from lanbridge.core.services import State
from lanbridge.core.views import AddressView, ServiceView
from lanbridge.probe.results import ProbeTarget

TRANSPORTS = ("http", "tcp", "udp", "ws")
NEAR = ("192.168.1.20", Relation.SAME_SUBNET)


def service(
    type_: str = "_http._tcp",
    addresses: Sequence[tuple[str, Relation]] = (NEAR,),
    *,
    url: str | None = None,
    port: int = 8086,
) -> ServiceView:
    """The kitchen lamp, as it is found."""
    return ServiceView(
        id="1",
        name="Kitchen lamp",
        fqdn=f"Kitchen lamp.{type_}.local",
        type=type_,
        subtypes=[],
        domain="local",
        host="lamp.local",
        port=port,
        state=State.ONLINE,
        own=False,
        addresses=[
            AddressView(
                address=address,
                family="IPv6" if ":" in address else "IPv4",
                interface="eth0",
                relation=relation,
                reason="",
            )
            for address, relation in addresses
        ],
        txt={},
        txt_raw="",
        reachable=url is not None,
        reason=None,
        url=url,
        first_seen="",
        last_seen="",
        ttl_s=120,
        findings=[],
    )


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("10.0.0.5:8620", Endpoint(None, "10.0.0.5", 8620, "")),
        ("[fe80::1%eth0]:8620", Endpoint(None, "fe80::1%eth0", 8620, "")),
        ("localhost:80", Endpoint(None, "localhost", 80, "")),
        ("lamp.local:80", Endpoint(None, "lamp.local", 80, "")),
        ("esp_1a2b.local.:80", Endpoint(None, "esp_1a2b.local.", 80, "")),
        ("http://10.0.0.5:8620", Endpoint("http", "10.0.0.5", 8620, "")),
        ("HTTP://10.0.0.5/", Endpoint("http", "10.0.0.5", 80, "/")),
        ("http://lamp.local/a?b=c#d", Endpoint("http", "lamp.local", 80, "/a?b=c")),
        ("http://10.0.0.5?b", Endpoint("http", "10.0.0.5", 80, "/?b")),
        ("ws://[fd00::1]:8620/echo/ws", Endpoint("ws", "fd00::1", 8620, "/echo/ws")),
        ("ws://[fe80::1%25eth0]:1", Endpoint("ws", "fe80::1%eth0", 1, "")),
        ("ws://[fe80::1%25]:1", Endpoint("ws", "fe80::1%25", 1, "")),
        ("udp://10.0.0.5:8620", Endpoint("udp", "10.0.0.5", 8620, "")),
    ],
)
def test_an_address_or_a_url(text: str, endpoint: Endpoint) -> None:
    """With the port of the scheme where a URL has none."""
    assert parse(text, TRANSPORTS) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "Kitchen lamp",
        "Kitchen lamp._http._tcp",
        "客厅灯:80",
        "Lamp: 80",
        "Dr. Lamp",
        "Lamp._http._tcp.local",
        "[lamp]:80",
    ],
)
def test_whatever_else_is_a_name(text: str) -> None:
    """Names of instances are for people, and hold anything."""
    assert parse(text, TRANSPORTS) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10.0.0.5", "it has no port; write it like 10.0.0.5:8620"),
        ("fe80::1%eth0", "it has no port; write it like [fe80::1%eth0]:8620."),
        ("fd77::1", "it has no port; write it like [fd77::1]:8620."),
        (
            "fd77::1:8620",
            "where its address ends; write it like [fd77::1]:8620 or [fd77::1:8620]:8620.",
        ),
        ("fd77::1:18620", "write it like [fd77::1]:18620."),
        ("lamp.local", "it is a host, without a port; write it like lamp.local:8620"),
        ("客厅灯.Local.", "it is a host, without a port"),
        ("10.0.0.5:0", "whole number from 1"),
        ("10.0.0.5:99999", "whole number from 1"),
        ("https://10.0.0.5", "--via tcp"),
        ("ftp://10.0.0.5", "http://, tcp://, udp://, ws://"),
        ("http://", "no host and port"),
        ("udp://10.0.0.5", "no host and port"),
        ("http://me@10.0.0.5", "it has a user"),
        ("http://10.0.0.5:x", "it is no URL"),
        ("http://[10.0.0.5", "it is no URL"),
    ],
)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    """With what to write instead."""
    with pytest.raises(InvalidInput) as error:
        parse(text, TRANSPORTS)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "via", "expected"),
    [
        ("127.0.0.1:7", None, ("tcp", ProbeTarget(address="127.0.0.1", port=7))),
        ("127.0.0.1:7", "udp", ("udp", ProbeTarget(address="127.0.0.1", port=7))),
        ("[::1]:7", "ws", ("ws", ProbeTarget(address="::1", port=7))),
        ("ws://127.0.0.1:7/a", "ws", ("ws", ProbeTarget(address="127.0.0.1", port=7, path="/a"))),
        (
            "http://localhost:7/a",
            None,
            ("http", ProbeTarget(address="127.0.0.1", port=7, host="localhost", path="/a")),
        ),
    ],
)
def test_an_address_needs_no_network(
    text: str, via: str | None, expected: tuple[str, ProbeTarget]
) -> None:
    """A name of a host is looked up once, and its IPv4 address taken, as a phone would."""
    assert asyncio.run(locate(text, via, TRANSPORTS)) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("10.0.0.300:80", InvalidAddress),
        ("[fe80::1]:80", InvalidAddress),
        ("[fe80::1%lanbridge-none]:80", InvalidAddress),
        ("..:80", InvalidAddress),
        ("lamp..local:80", NotFound),
    ],
)
def test_an_address_that_is_none(text: str, kind: type[LanbridgeError]) -> None:
    """Said before a probe is sent."""
    with pytest.raises(kind):
        asyncio.run(locate(text, None, TRANSPORTS))


def test_two_transports_at_once_are_a_usage_error() -> None:
    """The URL says one, the option another."""
    with pytest.raises(click.UsageError):
        asyncio.run(locate("ws://127.0.0.1:7", "http", TRANSPORTS))


@pytest.mark.parametrize(
    ("found", "via", "expected"),
    [
        (service("_lanbridge._tcp", url="http://192.168.1.20:8086/"), None, ("http", "")),
        (service("_lanbridge._tcp"), "udp", ("udp", "")),
        (service("_ipp._tcp"), None, ("tcp", "")),
        (service("_tftp._udp"), None, ("udp", "")),
        (service(url="http://192.168.1.20:8086/on?a=1"), "http", ("http", "/on?a=1")),
        (service(), "http", ("http", "/")),
        (service("_ws._tcp", url="ws://192.168.1.20:8086/live"), "ws", ("ws", "/live")),
        (service(url="http://192.168.1.20:8086/on"), "ws", ("ws", "")),
    ],
    ids=["own", "own by udp", "tcp", "udp", "http", "http without path", "ws", "ws of http"],
)
def test_a_service_says_how_it_is_probed(
    found: ServiceView, via: str | None, expected: tuple[str, str]
) -> None:
    """By its type; and a page that it names is asked for, where lanbridge's echo is not."""
    used, target = of_service(found, via)
    assert (used, target.path) == expected
    assert (target.address, target.port) == ("192.168.1.20", 8086)
    assert target.instance == f"Kitchen lamp.{found.type}"


def test_the_best_address_is_taken() -> None:
    """A neighbour before ourselves before anybody else, IPv4 before IPv6, never an unusable one."""
    ranked = [
        ("192.168.1.20", Relation.SAME_SUBNET),
        ("fe80::20%eth0", Relation.SAME_SUBNET),
        ("192.168.1.5", Relation.SELF),
        ("10.9.9.9", Relation.OTHER_SUBNET),
        ("127.0.0.1", Relation.LOOPBACK),
    ]
    for at, (address, _) in enumerate(ranked[:-1]):
        assert of_service(service(addresses=[*ranked[:at:-1], ranked[at]]), None)[1].address == (
            address
        )
    with pytest.raises(NotFound):
        of_service(service(addresses=ranked[-1:]), None)


def test_a_placeholder_is_never_dialled() -> None:
    """RFC 6763 §8: port 0."""
    with pytest.raises(NotFound):
        of_service(service(port=0), None)
