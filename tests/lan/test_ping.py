"""`lanbridge ping` from a phone's place on the network to a real daemon, by every transport."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lan.discovery import Service
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import advertise, discover, lanbridge, serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.lan.host import Host

TRANSPORTS = ("http", "ws", "udp", "tcp")
FAST = ("--interval", "0.02")
_SILENT_DNS = """
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("10.77.0.1", 53))
print("ready", flush=True)
while True:
    print(len(sock.recv(512)), flush=True)
"""
LOST = 0.25  # of the packets, each way


class Run:
    """One `lanbridge ping` that ended: its JSON lines."""

    def __init__(self, host: Host, *arguments: str) -> None:
        done = lanbridge(host, "ping", *FAST, *arguments)
        self.status, self.stderr = done.returncode, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.probes = [row for row in rows if row["event"] == "probe"]
        self.summary: dict[str, Any] = rows[-1] if rows else {}

    @property
    def outcomes(self) -> list[str]:
        """Of each probe, in the order of their ends."""
        return [probe["outcome"] for probe in self.probes]


@pytest.fixture(scope="module")
def lab() -> Generator[Lab]:
    """A Pi with the daemon, a phone beside it, and one behind a router."""
    with Lab() as lab:
        pi = lab.host("pi")
        lab.host("phone")
        router = lab.host("router")
        router.attach("guests")
        router.sysctl("net.ipv4.ip_forward", 1)
        lab.host("stranger", segment="guests", gateway="10.77.1.3")
        # As a host without libnss-mdns, whose DNS server says nothing.
        plain = lab.host("plain")
        files = {"nsswitch.conf": "hosts: files dns", "resolv.conf": "nameserver 10.77.0.1"}
        pi.python(["-c", _SILENT_DNS]).wait_line("^ready$")
        for file, text in files.items():
            path = plain.directory / file
            path.write_text(f"{text}\n")
            plain.run(["mount", "--bind", path, f"/etc/{file}"])
        pi.ip("route add 10.77.1.0/24 via 10.77.0.3")
        pi.avahi([Service("Twin", "_http._tcp", 8086, {"path": "/ping"})])
        advertise(pi, "Twin", "_lanbridge._tcp", "8620", "--host", "twin", "--address", "10.77.0.1")
        advertise(pi, "Dr. Lamp", "_http._tcp", "8620", "--txt", "path=/ping")
        serve(pi, "--name", "Werkstatt")
        eventually(
            lambda: {"Twin", "Dr. Lamp", "Werkstatt"} <= discover(lab.hosts["phone"]).keys(),
            what="all are advertised",
        )
        yield lab


@pytest.mark.parametrize("address", ["10.77.0.1:8620", "[fd77::1]:8620"], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("via", TRANSPORTS)
def test_every_transport_by_address(lab: Lab, via: str, address: str) -> None:
    """All are answered, with what was sent."""
    run = Run(lab.hosts["phone"], address, "--via", via, "--count", "5")
    assert (run.status, run.stderr, run.outcomes) == (0, "", ["ok"] * 5)
    assert (run.summary["received"], run.summary["loss"]) == (5, 0.0)
    assert all(probe["received_bytes"] == probe["sent_bytes"] for probe in run.probes)


@pytest.mark.parametrize("via", ["http", "ws", "udp"])
def test_the_largest_payload(lab: Lab, via: str) -> None:
    """Two fragments over UDP."""
    run = Run(lab.hosts["phone"], f"{via}://10.77.0.1:8620", "--count", "2", "--size", "4095")
    assert [probe["received_bytes"] for probe in run.probes] == [4095, 4095]


@pytest.mark.parametrize("url", ["http://{}/ping", "http://{}", "ws://{}", "udp://{}", "tcp://{}"])
def test_a_link_local_address_with_its_scope(lab: Lab, url: str) -> None:
    """As `discover` shows it; the Host header has no scope."""
    shown = json.loads(lab.hosts["pi"].run(["ip", "-json", "-6", "address", "show", "eth0"]).stdout)
    address = next(one["local"] for one in shown[0]["addr_info"] if one["scope"] == "link")
    run = Run(lab.hosts["phone"], url.format(f"[{address}%25eth0]:8620"), "--count", "2")
    assert run.outcomes == ["ok", "ok"]


@pytest.mark.parametrize("via", TRANSPORTS)
def test_every_transport_by_name(lab: Lab, via: str) -> None:
    """The daemon's own instance, without its type."""
    run = Run(lab.hosts["phone"], "werkstatt", "--via", via, "--count", "2")
    assert (run.status, run.outcomes) == (0, ["ok", "ok"])
    target = run.probes[0]["target"]
    assert (target["address"], target["instance"]) == ("10.77.0.1", "Werkstatt._lanbridge._tcp")


@pytest.mark.parametrize(
    ("name", "via", "url"),
    [
        ("Werkstatt", "http", "http://10.77.0.1:8620/echo/raw"),
        ("Dr. Lamp", "tcp", "tcp://10.77.0.1:8620"),
        ("Dr. Lamp._http._tcp", "tcp", "tcp://10.77.0.1:8620"),
        (r"Dr\. Lamp._http._tcp.local", "tcp", "tcp://10.77.0.1:8620"),
        ("Twin._lanbridge._tcp.local.", "http", "http://10.77.0.1:8620/echo/raw"),
    ],
)
def test_a_name_says_how_it_is_probed(lab: Lab, name: str, via: str, url: str) -> None:
    """Without --via: a lanbridge over http, others as their type says."""
    run = Run(lab.hosts["phone"], name, "--count", "1")
    assert (run.outcomes, run.summary["url"]) == (["ok"], url)
    assert run.probes[0]["probe"] == via


def test_a_page_that_the_service_names_is_asked_for(lab: Lab) -> None:
    """The path in its TXT record."""
    run = Run(lab.hosts["phone"], "Dr. Lamp", "--via", "http", "--count", "1")
    assert (run.outcomes, run.summary["url"]) == (["ok"], "http://10.77.0.1:8620/ping")


@pytest.mark.parametrize(
    "url", ["http://pi.local:8620", "ws://PI.local.:8620", "udp://pi.local:8620", "pi.local:8620"]
)
def test_a_host_name_is_asked_for_by_mdns(lab: Lab, url: str) -> None:
    """Of avahi, by a host whose system knows nothing of `.local`; its IPv4 address is taken."""
    run = Run(lab.hosts["plain"], url, "--count", "2")
    assert (run.status, run.stderr, run.outcomes) == (0, "", ["ok", "ok"])
    assert run.probes[0]["target"]["address"] == "10.77.0.1"


def test_a_host_with_ipv6_alone_is_pinged_there(lab: Lab) -> None:
    """At a link-local address with its scope, if it gives no other."""
    lab.host("six", ipv4=None, ipv6=None).avahi()
    run = Run(lab.hosts["plain"], "six.local:9", "--count", "1")
    address = run.probes[0]["target"]["address"]
    assert address.startswith("fe80::")
    assert address.endswith("%eth0")
    assert run.outcomes == ["refused"]


@pytest.mark.parametrize("url", ["http://nobody.local:8620", "nobody.local:8620"])
def test_a_host_name_that_nobody_has(lab: Lab, url: str) -> None:
    """Said with what to do; the DNS server is asked once for each kind of address, no more."""
    (dns,) = (one for one in lab.hosts["pi"].processes if _SILENT_DNS in one.argv)
    before = len(dns.lines)
    run = Run(lab.hosts["plain"], url)
    assert (run.status, run.probes) == (1, [])
    assert len(dns.lines) - before == 2
    assert run.stderr == (
        "error: 'nobody.local': no host on the network answers to that name;"
        " see that it is on, and in this network, or give its IP address.\n"
    )


def test_a_name_that_several_have_is_not_guessed(lab: Lab) -> None:
    """They are listed, with what to write."""
    run = Run(lab.hosts["phone"], "Twin")
    assert (run.status, run.probes) == (2, [])
    assert "2 service instances on the network have that name" in run.stderr
    assert "'Twin._http._tcp'" in run.stderr
    assert "'Twin._lanbridge._tcp'" in run.stderr


@pytest.mark.parametrize("name", ["Nobody", "Nobody._http._tcp"])
def test_a_name_that_nobody_has_is_status_1(lab: Lab, name: str) -> None:
    """After the network was asked."""
    run = Run(lab.hosts["phone"], name)
    assert (run.status, run.probes) == (1, [])
    assert "no service instance of that name was found" in run.stderr


def test_our_own_daemon_can_be_pinged_by_name(lab: Lab) -> None:
    """Whether it answers at all."""
    assert Run(lab.hosts["pi"], "Werkstatt", "--count", "1").outcomes == ["ok"]


@pytest.mark.parametrize("via", ["http", "ws"])
def test_the_guard_says_why_it_refuses(lab: Lab, via: str) -> None:
    """A host of another subnet is told so."""
    run = Run(lab.hosts["stranger"], "10.77.0.1:8620", "--via", via, "--count", "1")
    assert (run.status, run.outcomes) == (1, ["refused-by-guard"])
    assert "10.77.1." in run.probes[0]["detail"]


def test_the_guard_is_silent_over_udp(lab: Lab) -> None:
    """And the command says what the silence may be."""
    arguments = ("udp://10.77.0.1:8620", "--count", "2", "--timeout", "0.3")
    run = Run(lab.hosts["stranger"], *arguments)
    assert (run.status, run.outcomes) == (1, ["timeout", "timeout"])
    assert "only from hosts of its subnet" in run.stderr


def test_a_port_where_nobody_listens_refuses(lab: Lab) -> None:
    """Over each transport."""
    for via in TRANSPORTS:
        run = Run(lab.hosts["phone"], f"{via}://10.77.0.1:9", "--count", "2")
        assert (via, run.status, run.outcomes) == (via, 1, ["refused", "refused"])


@pytest.mark.parametrize("address", ["10.77.0.250:9", "[fd77::250]:9"], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("via", ["tcp", "udp"])
def test_an_address_that_nobody_has_is_unreachable(lab: Lab, via: str, address: str) -> None:
    """The system says so when nobody answered its ARP questions."""
    run = Run(lab.hosts["phone"], f"{via}://{address}", "--count", "1", "--timeout", "20")
    assert run.outcomes == ["unreachable"]
    assert run.probes[0]["detail"] == "No route to host"


def test_no_network_is_unreachable(lab: Lab) -> None:
    """Without a route, at once."""
    island = lab.host("island", segment=None)
    run = Run(island, "udp://10.77.0.1:8620", "--count", "2")
    assert (run.status, run.outcomes) == (1, ["unreachable", "unreachable"])
    by_name = Run(island, "Werkstatt")
    assert (by_name.status, by_name.probes) == (3, [])
    by_host = Run(island, "pi.local:8620")
    assert (by_host.status, by_host.probes) == (3, [])


def test_lost_packets_are_counted(lab: Lab) -> None:
    """Over UDP each lost packet is a lost probe, one way or the other."""
    phone = lab.hosts["phone"]
    assert Run(phone, "udp://10.77.0.1:8620", "--count", "1").outcomes == ["ok"]  # ARP
    phone.lose_packets(LOST)
    try:
        run = Run(phone, "udp://10.77.0.1:8620", "--count", "200", "--timeout", "1")
    finally:
        phone.lose_packets(0)
    summary = run.summary
    assert run.status == 0
    assert sorted(probe["sequence"] for probe in run.probes) == list(range(1, 201))
    assert summary["outcomes"]["ok"] + summary["outcomes"]["timeout"] == 200
    # 1 - 0.75² = 0.44 in the mean; five standard deviations of 200 probes to either side.
    assert 0.26 < summary["loss"] < 0.62


@pytest.mark.parametrize("via", ["http", "ws"])
def test_tcp_hides_lost_packets_behind_its_patience(lab: Lab, via: str) -> None:
    """They are sent again, so nothing is lost, but the slowest answer tells of it."""
    phone = lab.hosts["phone"]
    phone.lose_packets(LOST / 5)
    try:
        arguments = (f"{via}://10.77.0.1:8620", "--count", "60", "--timeout", "60")
        run = Run(phone, *arguments)
    finally:
        phone.lose_packets(0)
    assert (run.status, run.summary["received"]) == (0, 60)
