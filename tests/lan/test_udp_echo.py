"""Whom the daemon answers over UDP, with real datagrams: it has two links and three subnets."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import http, lanbridge, serve

if TYPE_CHECKING:
    from collections.abc import Generator

PI_LINK_LOCAL, PHONE_LINK_LOCAL = "fe80::aa", "fe80::bb%eth0"
# One datagram; of its answer, where one is due, the address that it came from.
_SEND = """
import socket, sys
source, port, to, size, hops, due = sys.argv[1:]
family, kind, _, _, here = socket.getaddrinfo(source, int(port), type=socket.SOCK_DGRAM)[0]
there = socket.getaddrinfo(to, 8620, type=socket.SOCK_DGRAM)[0][4]
with socket.socket(family, kind) as sock:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(hops))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, int(hops))
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, int(hops))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, int(hops))
    sock.bind(here)
    sent = bytes(range(256)) * 16
    sock.sendto(sent[:int(size)], there)
    if due == "due":
        sock.settimeout(10)
        data, peer = sock.recvfrom(9000)
        assert data == sent[:int(size)]
        print(socket.getnameinfo(peer, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0])
"""


class Case(NamedTuple):
    """One datagram: who sends it, from where, to where."""

    sender: str
    source: str
    to: str
    port: int = 0
    size: int = 64
    hops: int = 64


ANSWERED = {
    "a neighbour": Case("phone", "10.77.0.2", "10.77.0.1"),
    "the smallest": Case("phone", "10.77.0.2", "10.77.0.1", size=1),
    "the largest": Case("phone", "10.77.0.2", "10.77.0.1", size=4095),
    "a few hops short": Case("phone", "10.77.0.2", "10.77.0.1", hops=9),
    "the second subnet of a link": Case("phone", "192.168.50.2", "192.168.50.1"),
    "from one subnet of a link to the other": Case("phone", "192.168.50.2", "10.77.0.1"),
    "IPv6": Case("phone", "fd77::2", "fd77::1"),
    "IPv6, link-local": Case("phone", PHONE_LINK_LOCAL, f"{PI_LINK_LOCAL}%eth0"),
    "IPv6, from a link-local address": Case("phone", PHONE_LINK_LOCAL, "fd77::1"),
    "the second link": Case("guest", "10.77.1.3", "10.77.1.1"),
    "the second link, to the address of the first": Case("guest", "10.77.1.3", "10.77.0.1"),
    "IPv6 on the second link": Case("guest", "fd77:0:0:1::3", "fd77:0:0:1::1"),
}
REFUSED = {
    "loopback": ("loopback", Case("pi", "127.0.0.1", "127.0.0.1")),
    "loopback, IPv6": ("loopback", Case("pi", "::1", "::1")),
    "itself": ("self", Case("pi", "10.77.0.1", "10.77.0.1")),
    "itself, on the other link": ("self", Case("pi", "10.77.1.1", "10.77.0.1")),
    "itself, IPv6": ("self", Case("pi", "fd77::1", "fd77::1")),
    "itself, link-local": ("self", Case("pi", f"{PI_LINK_LOCAL}%eth0", f"{PI_LINK_LOCAL}%eth0")),
    "broadcast": ("not-unicast", Case("phone", "10.77.0.2", "10.77.0.255")),
    "broadcast of the second subnet": ("not-unicast", Case("phone", "10.77.0.2", "192.168.50.255")),
    "broadcast to all": ("not-unicast", Case("phone", "10.77.0.2", "255.255.255.255")),
    "multicast": ("not-unicast", Case("phone", "10.77.0.2", "224.0.0.1")),
    "multicast to the group of mDNS": ("not-unicast", Case("phone", "10.77.0.2", "224.0.0.251")),
    "multicast, IPv6": ("not-unicast", Case("phone", PHONE_LINK_LOCAL, "ff02::1%eth0")),
    "another subnet": ("other-subnet", Case("phone", "172.16.9.9", "10.77.0.1")),
    "another subnet, IPv6": ("other-subnet", Case("phone", "fd99::9", "fd77::1")),
    "the subnet of the other link": ("other-link", Case("phone", "10.77.1.99", "10.77.0.1")),
    "a system port": ("system-port", Case("phone", "10.77.0.2", "10.77.0.1", port=123)),
    "a port that answers": ("answering-port", Case("phone", "10.77.0.2", "10.77.0.1", port=1900)),
    "the port of echo": ("echo-port", Case("phone", "10.77.0.2", "10.77.0.1", port=8620)),
    "an empty one": ("empty", Case("phone", "10.77.0.2", "10.77.0.1", size=0)),
    "one too large": ("too-large", Case("phone", "10.77.0.2", "10.77.0.1", size=4096)),
    "a reply": ("reply", Case("phone", "10.77.0.2", "10.77.0.1", hops=8)),
    "a reply, IPv6": ("reply", Case("phone", "fd77::2", "fd77::1", hops=8)),
}


@pytest.fixture(scope="module")
def lab() -> Generator[Lab]:
    """A Pi on two links with two subnets on one of them, and a neighbour on each."""
    with Lab() as lab:
        pi = lab.host("pi")
        pi.sysctl("net.ipv4.conf.all.rp_filter", 0)  # what is forged is to be judged by the guard
        pi.sysctl("net.ipv4.conf.eth0.rp_filter", 0)
        pi.attach("guests")
        pi.add_address("192.168.50.1/24")
        pi.ip(f"address add {PI_LINK_LOCAL}/64 dev eth0 nodad")
        phone = lab.host("phone")
        phone.add_address("192.168.50.2/24")
        phone.ip(f"address add {PHONE_LINK_LOCAL.partition('%')[0]}/64 dev eth0 nodad")
        for forged in ("172.16.9.9/32", "10.77.1.99/32", "fd99::9/128"):
            phone.add_address(forged)
        lab.host("guest", segment="guests").ip("route add 10.77.0.0/24 via 10.77.1.1")
        serve(pi)
        yield lab


def send(lab: Lab, case: Case, *, due: bool) -> str:
    """Send it; the address that answers, if an answer is due."""
    words = [case.source, case.port, case.to, case.size, case.hops, "due" if due else "none"]
    argv = [sys.executable, "-c", _SEND, *map(str, words)]
    return lab.hosts[case.sender].run(argv).stdout.strip()


def counted(lab: Lab) -> tuple[int, dict[str, int]]:
    """Answers so far, and refusals by reason, as the daemon tells this host itself."""
    status = http(lab.hosts["pi"], "http://127.0.0.1:8620/api/v1/status").body
    return status["udp_echo"]["answered"], status["echo_refused"]


@pytest.mark.parametrize("case", ANSWERED.values(), ids=ANSWERED)
def test_neighbours_are_answered(lab: Lab, case: Case) -> None:
    """From the address that they asked, with what they sent."""
    answered, refused = counted(lab)
    assert send(lab, case, due=True) == case.to
    assert counted(lab) == (answered + 1, refused)


@pytest.mark.parametrize(("reason", "case"), REFUSED.values(), ids=REFUSED)
def test_others_are_not_and_are_counted(lab: Lab, reason: str, case: Case) -> None:
    """Each under its reason, and no answer is sent."""
    answered, refused = counted(lab)
    send(lab, case, due=False)
    expected = (answered, refused | {reason: refused.get(reason, 0) + 1})
    eventually(lambda: counted(lab) == expected, what=f"{expected}")


@pytest.mark.parametrize("via", ["http", "ws"])
@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]", "10.77.0.1", "[fd77::1]"])
def test_this_host_itself_is_served_over_tcp(lab: Lab, address: str, via: str) -> None:
    """A dashboard on the Pi may open any of its addresses; only datagrams can be made to loop."""
    done = lanbridge(lab.hosts["pi"], "ping", f"{via}://{address}:8620", "--count", "1")
    assert json.loads(done.stdout.splitlines()[0])["outcome"] == "ok"
