"""The laboratory itself: its peers see each other, its cables can be pulled, it leaves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lan.discovery import Found, Service
from tests.lan.lab import Lab
from tests.lan.namespaces import CommandError, pids_in
from tests.lan.process import eventually

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.lan.host import Host

PRINTER = Service("Office printer", "_http._tcp", 8631, {"path": "/a b", "note": "ünïcode"})
LAMP = Service("Kitchen lamp", "_http._tcp", 8086, {"colour": "red"})
SPEAKER = Service("Speaker", "_http._tcp", 8087, {"volume": "11"})
HOSTS = {PRINTER.name: 2, LAMP.name: 3, SPEAKER.name: 4}


def test_host_has_its_own_interfaces_name_and_state(lab: Lab) -> None:
    """A host sees only its own interfaces, host name, machine id and empty /run."""
    pi = lab.host("pi")
    assert sorted(pi.run(["ls", "/sys/class/net"]).stdout.split()) == ["eth0", "lo"]
    assert pi.run(["hostname"]).stdout == "pi\n"
    assert pi.run(["ls", "/run/dbus"]).stdout == ""
    assert pi.run(["ls", "/var/lib"]).stdout == "dbus\n"
    other = lab.host("other")
    ids = [host.run(["cat", "/var/lib/dbus/machine-id"]).stdout for host in (pi, other)]
    assert ids[0] != ids[1]


def test_addresses_are_usable_at_once(lab: Lab) -> None:
    """A new host has IPv4, ULA and link-local addresses, and each of them is reachable."""
    pi, lamp = lab.host("pi"), lab.host("lamp", bridged=True)
    addresses = [address.partition("/")[0] for address in lamp.addresses()]
    assert addresses[:2] == ["10.77.0.2", "fd77::2"]
    assert [address for address in addresses if address.startswith("fe80:")]
    for address in addresses:
        scope = "%eth0" if address.startswith("fe80:") else ""
        pi.run(["ping", "-c1", "-W2", address + scope])


def test_segments_are_separate(lab: Lab) -> None:
    """Hosts on different segments do not hear each other; a host with two cables hears both."""
    pi, lamp = lab.host("pi"), lab.host("lamp", segment="guests")
    both = lab.host("both")
    assert both.attach("guests").name == "eth1"
    both.run(["ping", "-c1", "-W2", address_of(pi)])
    both.run(["ping", "-c1", "-W2", address_of(lamp)])
    pi.ip("route add default dev eth0")
    assert pi.run(["ping", "-c1", "-W1", address_of(lamp)], check=False).returncode == 1


def test_pulled_cable_takes_the_carrier_and_leaves_the_address(lab: Lab) -> None:
    """A pulled cable is no carrier with the address kept, and it works again when plugged in."""
    pi, lamp = lab.host("pi"), lab.host("lamp", bridged=True)
    lamp.set_cable(plugged=False)
    assert "10.77.0.2/24" in lamp.addresses()
    assert pi.run(["ping", "-c1", "-W1", "10.77.0.2"], check=False).returncode == 1
    lamp.set_cable(plugged=True)
    eventually(lambda: pi.run(["ping", "-c1", "-W1", "10.77.0.2"]))


def test_interface_that_comes_back_has_its_addresses_and_routes(lab: Lab) -> None:
    """Switching an interface off and on again restores addresses and the multicast route."""
    pi = lab.host("pi", gateway="10.77.0.254")
    before = (sorted(pi.addresses()), pi.run(["ip", "route"]).stdout)
    pi.set_link(up=False)
    assert pi.run(["ip", "route"]).stdout == ""
    pi.set_link(up=True)
    assert (sorted(pi.addresses()), pi.run(["ip", "route"]).stdout) == before


def test_address_can_move(lab: Lab) -> None:
    """A new lease replaces the old address, and multicast still has a route."""
    pi = lab.host("pi")
    pi.move_address("10.77.0.1/24", "10.77.0.99/24")
    assert "10.77.0.99/24" in pi.addresses()
    assert "10.77.0.1/24" not in pi.addresses()
    assert "224.0.0.0/4 dev eth0" in pi.run(["ip", "route"]).stdout


@pytest.mark.parametrize("bridged", [False, True], ids=["plain", "bridged"])
def test_packets_are_lost_both_ways_and_no_more_when_mended(lab: Lab, bridged: bool) -> None:
    """Loss on a cable counts for both directions, and ends when it is set to zero."""
    pi, lamp = lab.host("pi"), lab.host("lamp", bridged=bridged)
    ping = ["ping", "-q", "-c200", "-i0.002", "-W1", "10.77.0.2"]
    pi.run(ping)
    # The neighbour entry is fixed, so that ARP, which is lost too, does not decide the figure.
    for host, other in ((pi, lamp), (lamp, pi)):
        host.ip(f"neigh replace {address_of(other)} lladdr {mac_of(other)} dev eth0 nud permanent")
    lamp.lose_packets(0.5)
    received = int(pi.run(ping).stdout.split(" received")[0].split()[-1])
    assert 10 < received < 100  # a quarter of 200 is expected; one direction alone would be 100
    lamp.lose_packets(0)
    assert " 0% packet loss" in pi.run(ping).stdout


@pytest.fixture(scope="module")
def lan() -> Generator[Lab]:
    """Give three hosts that publish, one with each peer, and one that browses with all of them."""
    with Lab() as lab:
        browsing = lab.host("browsing", bridged=True)
        lab.host("printer").avahi([PRINTER])
        lab.host("lamp", bridged=True).ciao(LAMP)
        lab.host("speaker").bonjour_service(SPEAKER)
        browsing.avahi()
        yield lab


@pytest.mark.parametrize(
    ("service", "via", "address"),
    [
        pytest.param(PRINTER, "IPv4", "10.77.0.2", id="avahi-IPv4"),
        pytest.param(PRINTER, "IPv6", "fd77::2", id="avahi-IPv6"),
        pytest.param(LAMP, "IPv4", "10.77.0.3", id="ciao-IPv4"),
        pytest.param(LAMP, "IPv6", "", id="ciao-IPv6"),  # at one of its two IPv6 addresses
        pytest.param(SPEAKER, "IPv4", "10.77.0.4", id="bonjour-service-IPv4"),
    ],
)
def test_avahi_finds_what_is_published(lan: Lab, service: Service, via: str, address: str) -> None:
    """avahi resolves instances of all three over IPv4, and of those that use it over IPv6."""
    browser = lan.hosts["browsing"].avahi_browse(service.type)
    check(browser.wait_found(service.name, via=via, address=address), service)


@pytest.mark.parametrize("service", [PRINTER, LAMP, SPEAKER], ids=lambda service: service.name)
@pytest.mark.parametrize("peer", ["bonjour_service_browse", "ciao_browse"])
def test_node_peers_find_what_is_published(lan: Lab, peer: str, service: Service) -> None:
    """bonjour-service and ciao's decoder resolve what the three publish, with IPv6 addresses."""
    browser = getattr(lan.hosts["browsing"], peer)(service.type)
    found = browser.wait_found(service.name, address=f"fd77::{HOSTS[service.name]}")
    check(found, service)


@pytest.mark.parametrize("peer", ["avahi", "ciao", "bonjour_service"])
def test_goodbye_is_heard_by_every_browser(lab: Lab, peer: str) -> None:
    """A publisher that ends says goodbye, and each browser drops the instance."""
    browsing = lab.host("browsing", bridged=True)
    browsing.avahi()
    publishing = lab.host("publishing", bridged=True)
    publisher = publishing.avahi([LAMP]) if peer == "avahi" else getattr(publishing, peer)(LAMP)
    browsers = [
        browsing.avahi_browse(LAMP.type),
        browsing.bonjour_service_browse(LAMP.type),
        browsing.ciao_browse(LAMP.type),
    ]
    for browser in browsers:
        browser.wait_found(LAMP.name)
    publisher.terminate()
    for browser in browsers:
        browser.wait_lost(LAMP.name)


def test_close_leaves_no_process_namespace_or_file() -> None:
    """Closing ends every process of every host, also grandchildren that left their group."""
    lab = Lab()
    pi = lab.host("pi")
    pi.avahi([PRINTER])
    pi.popen(["sh", "-c", "setsid sleep 1000 & echo started"]).wait_line("started")
    pi.popen(["sh", "-c", "trap '' TERM; echo deaf; sleep 1000"]).wait_line("deaf")
    namespaces = {host.namespace for host in (pi, lab.switch)}
    # The holder, the bus, avahi, the deaf shell and two sleeps; the last one may take a moment.
    eventually(lambda: len(pids_in(pi.namespace)) >= 6)
    lab.close()
    assert [pid for namespace in namespaces for pid in pids_in(namespace)] == []
    assert not lab.directory.exists()


def test_failed_command_says_what_it_wrote(lab: Lab) -> None:
    """The error of a failed command holds the host, the command and its output."""
    with pytest.raises(CommandError, match=r"(?s)\[pi\] sh -c .* ended with 3\nout\nwrong"):
        lab.host("pi").run(["sh", "-c", "echo out; echo wrong >&2; exit 3"])


def test_wait_line_fails_as_soon_as_the_program_ends(lab: Lab) -> None:
    """Waiting for a line of a program that has ended does not use up the time limit."""
    process = lab.host("pi").popen(["sh", "-c", "echo one; exit 5"])
    assert process.wait_line("^one$") == "one"
    with pytest.raises(AssertionError, match="it ended"):
        process.wait_line("never", timeout_s=1000)
    assert process.wait() == 5


def test_terminate_gives_the_exit_status(lab: Lab) -> None:
    """terminate() lets a program end in order and returns its exit status."""
    script = "trap 'exit 7' TERM; echo up; sleep 1000 & wait"
    process = lab.host("pi").popen(["sh", "-c", script])
    process.wait_line("^up$")
    assert process.terminate() == 7


def test_ciao_refuses_a_host_where_it_would_use_only_lo(lab: Lab) -> None:
    """ciao on a host whose interface is shown as eth0@if7 is an error, not a silent nothing."""
    with pytest.raises(AssertionError, match="bridged=True"):
        lab.host("lamp").ciao(LAMP)


def check(found: Found, service: Service) -> None:
    """Assert that an instance was resolved to what was published, at the publisher's address."""
    number = HOSTS[service.name]
    assert (found.type, found.port, found.txt) == (service.type, service.port, service.txt)
    for address in found.addresses:
        assert address in (f"10.77.0.{number}", f"fd77::{number}") or address.startswith("fe80:")


def address_of(host: Host, interface: str = "eth0") -> str:
    """Return the first address of an interface, without its prefix length."""
    return host.addresses(interface)[0].partition("/")[0]


def mac_of(host: Host) -> str:
    """Return the hardware address of eth0."""
    return host.run(["cat", "/sys/class/net/eth0/address"]).stdout.strip()
