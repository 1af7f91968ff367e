"""Real peers and lanbridge find and resolve each other, over IPv4 and over IPv6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lan.discovery import Service
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import advertise, discover, http, serve, services

if TYPE_CHECKING:
    from collections.abc import Generator

PRINTER = Service("Office printer", "_http._tcp", 8631, {"path": "/a b", "note": "ünïcode"})
LAMP = Service("Kitchen lamp", "_http._tcp", 8086, {"colour": "red"})
SPEAKER = Service("Speaker", "_http._tcp", 8087, {"volume": "11"})
AVAHI, CIAO, BONJOUR = "avahi", "ciao", "bonjour-service"
PUBLISHED = {AVAHI: PRINTER, CIAO: LAMP, BONJOUR: SPEAKER}
NAME = "Dr. Müller's sensor v1.2"
PLAIN = "Sensor"  # bonjour-service and ciao's coder cut a name at its first dot
OURS = "10.77.0.5"


@pytest.fixture(scope="module")
def lab() -> Generator[Lab]:
    """One LAN for all: avahi, ciao and bonjour-service on hosts of their own, and ours."""
    with Lab() as lab:
        lab.host("pi")
        printer = lab.host(AVAHI)
        printer.avahi([PRINTER])
        lab.host(CIAO, bridged=True).ciao(LAMP)
        lab.host(BONJOUR).bonjour_service(SPEAKER)
        lab.host("sensor")
        yield lab


@pytest.fixture(scope="module", autouse=True)
def advertised(lab: Lab) -> None:
    """Our own services on `sensor`; one has dots, an apostrophe and an umlaut in its name."""
    for name in (NAME, PLAIN):
        options = ("--txt", "unit=°C", "--txt", "dry")
        advertise(lab.hosts["sensor"], name, "_http._tcp", "8099", *options)


# bonjour-service 1.4.4 has no IPv6 socket.
@pytest.mark.parametrize(
    ("peer", "version"), [(AVAHI, "4"), (AVAHI, "6"), (CIAO, "4"), (CIAO, "6"), (BONJOUR, "4")]
)
def test_we_find_a_peer(lab: Lab, peer: str, version: str) -> None:
    """Name, port, TXT and an address of every peer, over either IP version alone."""
    published = PUBLISHED[peer]
    found = eventually(
        lambda: discover(lab.hosts["pi"], "_http._tcp", f"--ipv{version}").get(published.name),
        what=f"{peer} is found",
    )
    assert found["port"] == published.port
    assert published.txt.items() <= found["txt"].items()
    assert {one["family"] for one in found["addresses"]} == {f"IPv{version}"}
    assert found["addresses"][0]["relation"] == "same-subnet"
    assert (found["state"], found["own"]) == ("online", False)


def test_discover_finds_everything_at_once(lab: Lab) -> None:
    """All types, all peers, one command."""
    found = discover(lab.hosts["pi"])
    assert {one.name for one in PUBLISHED.values()} | {NAME} <= found.keys()


@pytest.mark.parametrize("version", ["4", "6"])
def test_avahi_finds_us(lab: Lab, version: str) -> None:
    """Over each IP version, with the dots of the name in one label."""
    found = lab.hosts[AVAHI].avahi_browse("_http._tcp").wait_found(NAME, via=f"IPv{version}")
    assert found.port == 8099
    assert found.txt == {"txtvers": "1", "unit": "°C", "dry": ""}
    assert found.host.startswith("lanbridge-")


def test_ciao_reads_us(lab: Lab) -> None:
    """ciao is a responder only; its own socket and packet code resolve our service."""
    found = lab.hosts[CIAO].ciao_browse("_http._tcp").wait_found(PLAIN, address=OURS)
    assert found.port == 8099
    assert found.txt["unit"] == "°C"


def test_bonjour_service_finds_us(lab: Lab) -> None:
    """With the IPv4 and the IPv6 addresses."""
    browser = lab.hosts[BONJOUR].bonjour_service_browse("_http._tcp")
    found = browser.wait_found(PLAIN, address=OURS)
    assert found.port == 8099
    assert found.txt["unit"] == "°C"


def test_a_name_that_bonjour_service_holds_is_left_to_it(lab: Lab) -> None:
    """It answers no probe at once and sets no cache-flush bit; it was first all the same."""
    process = advertise(lab.hosts["sensor"], SPEAKER.name, SPEAKER.type, "99")
    process.wait_line(r"^advertising Speaker \(2\)")
    found = discover(lab.hosts["pi"], SPEAKER.type)
    assert found[SPEAKER.name]["port"] == SPEAKER.port
    assert found[f"{SPEAKER.name} (2)"]["port"] == 99


def test_goodbye_is_understood_by_every_peer(lab: Lab) -> None:
    """A service that is stopped is gone at once, and not when its records run out."""
    process = advertise(lab.hosts["sensor"], "Short lived", "_ipp._tcp", "631")
    browsers = [
        lab.hosts[AVAHI].avahi_browse("_ipp._tcp"),
        lab.hosts[BONJOUR].bonjour_service_browse("_ipp._tcp"),
    ]
    for browser in browsers:
        browser.wait_found("Short lived")
    assert process.terminate() == 0
    for browser in browsers:
        browser.wait_lost("Short lived")


def test_the_daemon_shows_every_peer_and_what_becomes_of_it(lab: Lab) -> None:
    """Found, resolved, judged for the caller; and a peer that leaves is offline with a reason."""
    pi = lab.hosts["pi"]
    serve(pi)
    names = {one.name for one in PUBLISHED.values()} | {NAME}
    eventually(lambda: names <= services(pi).keys(), what="all are listed")
    lamp = services(pi, "?from=10.77.0.200/24")[LAMP.name]
    assert (lamp["reachable"], lamp["url"]) == (True, "http://10.77.0.3:8086/")
    far = services(pi, "?from=10.78.0.200/24")[LAMP.name]
    assert not far["reachable"]
    assert "10.78.0.0/24" in far["reason"]
    own = eventually(lambda: services(pi, "?own=true"), what="our own service is heard")
    assert [one["type"] for one in own.values()] == ["_lanbridge._tcp"]
    devices = http(pi, "http://127.0.0.1:8620/api/v1/devices").body["items"]
    assert any(device["host"] == "avahi.local" for device in devices)
    stopped = lab.hosts[BONJOUR].processes[0]
    stopped.terminate()
    eventually(
        lambda: services(pi, "?state=offline").get(SPEAKER.name, {}).get("reason") == "goodbye",
        what="the speaker is offline",
    )
