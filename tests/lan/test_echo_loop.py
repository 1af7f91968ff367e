"""Two daemons and one forged datagram: the loop of CVE-1999-0103 and CVE-2024-2169."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.lan.process import eventually
from tests.lan.program import LANBRIDGE, http

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

MOST = 100
# Counts what passes eth0 between the two ports, either way, until it is quiet for a second, or is
# more than could ever be right.
_COUNT = """
import socket, struct, sys
ports, most = set(map(int, sys.argv[1:3])), int(sys.argv[3])
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
wire.bind(("eth0", 3))
wire.settimeout(10)
print("counting", flush=True)
count = 0
try:
    while count <= 10 * most:
        packet = wire.recv(65535)
        if packet[0] != 0x45 or packet[9] != 17:
            continue
        if set(struct.unpack("!2H", packet[20:24])) <= ports:
            count += 1
            wire.settimeout(1)
except TimeoutError:
    pass
print(count, flush=True)
"""
_FORGE = """
import socket, struct, sys
source, source_port, to, port, ttl = sys.argv[1:]
data = b"for ever?"
udp = struct.pack("!4H", int(source_port), int(port), 8 + len(data), 0) + data
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, int(ttl), 17, 0,
                   socket.inet_aton(source), socket.inet_aton(to))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.sendto(head + udp, (to, 0))
"""
# It stops by itself.
_NAIVE = """
import socket, sys
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", int(sys.argv[1])))
print("ready", flush=True)
for _ in range(1000):
    data, peer = sock.recvfrom(4096)
    sock.sendto(data, peer)
"""


def serve(host: Host, port: int) -> None:
    """Start a daemon on a port of its own, and wait until it is ready."""
    state_dir = str(host.lab.directory / f"{host.name}-state")
    host.popen([LANBRIDGE, "serve", "--state-dir", state_dir, "--port", str(port)])
    url = f"http://127.0.0.1:{port}/readyz"
    eventually(lambda: http(host, url).status == 200, what=f"{host.name} is ready")


def refused(host: Host, port: int) -> dict[str, int]:
    """What its guard refused, by reason."""
    counted = http(host, f"http://127.0.0.1:{port}/api/v1/status").body["echo_refused"]
    assert isinstance(counted, dict)
    return counted


@pytest.mark.parametrize(
    ("ports", "count", "at_one", "at_two"),
    [
        # Neither port is anything known: the second one sees a reply by its hop limit.
        ((9620, 9621), 2, {}, {"reply": 1}),
        ((9620, 8620), 1, {"answering-port": 1}, {}),
        ((8620, 9620), 2, {}, {"answering-port": 1}),
        ((8620, 8620), 1, {"echo-port": 1}, {}),
        ((9620, 9620), 1, {"echo-port": 1}, {}),
    ],
)
def test_two_daemons_fall_silent(
    lab: Lab,
    ports: tuple[int, int],
    count: int,
    at_one: dict[str, int],
    at_two: dict[str, int],
) -> None:
    """Whatever the ports, one datagram that seems to come from the other is answered once."""
    one, two, forger = lab.host("one"), lab.host("two"), lab.host("forger")
    serve(one, ports[0])
    serve(two, ports[1])
    counter = one.popen([sys.executable, "-c", _COUNT, *map(str, ports), str(MOST)])
    counter.wait_line("^counting$")
    forged = ["10.77.0.2", str(ports[1]), "10.77.0.1", str(ports[0]), "64"]
    forger.run([sys.executable, "-c", _FORGE, *forged])
    counted = int(counter.wait_line(r"^\d+$"))
    assert counted == count <= MOST
    assert (refused(one, ports[0]), refused(two, ports[1])) == (at_one, at_two)


def test_the_loop_is_one_without_a_guard(lab: Lab) -> None:
    """Two echoes to the letter of RFC 862 go on from the same datagram: the count can be more."""
    one, two, forger = lab.host("one"), lab.host("two"), lab.host("forger")
    for host, port in ((one, 9620), (two, 9621)):
        host.popen([sys.executable, "-c", _NAIVE, str(port)]).wait_line("^ready$")
    counter = one.popen([sys.executable, "-c", _COUNT, "9620", "9621", str(MOST)])
    counter.wait_line("^counting$")
    forger.run([sys.executable, "-c", _FORGE, "10.77.0.2", "9621", "10.77.0.1", "9620", "64"])
    assert int(counter.wait_line(r"^\d+$")) > MOST
