"""The daemon on a network: it waits for one, follows it, serves its neighbours and leaves."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import (
    advertise,
    discover,
    follow,
    http,
    lanbridge,
    own_name,
    serve,
    services,
)

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LAMP = Service("Kitchen lamp", "_http._tcp", 8086, {"colour": "red"})

_HOLD = """
import signal, socket
for family in (socket.AF_INET, socket.AF_INET6):
    held = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    held.bind(("", 5353))
    held.detach()
print("held", flush=True)
signal.pause()
"""
_ANNOUNCE_ONCE = """
import socket, sys
from ipaddress import ip_address
from lanbridge.core.records import Record, RecordType, Srv
from lanbridge.mdns.wire import encode_response
name = "Silent._http._tcp.local"
records = [
    Record("_http._tcp.local", RecordType.PTR, 120, name),
    Record(name, RecordType.SRV, int(sys.argv[2]), Srv(0, 0, 80, "silent.local"), True),
    Record(name, RecordType.TXT, 120, b"\\0", True),
    Record("silent.local", RecordType.A, int(sys.argv[2]), ip_address(sys.argv[1]), True),
]
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("", 5353))
for packet in encode_response(records):
    sock.sendto(packet, ("224.0.0.251", 5353))
"""
_UDP = """
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.settimeout(float(sys.argv[3]))
sock.sendto(sys.argv[2].encode(), (sys.argv[1], 8620))
try:
    print(sock.recv(4096).decode())
except TimeoutError:
    print("silence")
"""


def udp(host: Host, to: str, text: str = "hello", timeout_s: float = 5.0) -> str:
    """What comes back over UDP echo."""
    return host.run([sys.executable, "-c", _UDP, to, text, str(timeout_s)]).stdout.strip()


def test_it_starts_without_a_network_and_goes_on_when_one_comes(lab: Lab) -> None:
    """Waiting is a state that /readyz names; afterwards both sides find each other."""
    pi, lamp = lab.host("pi", segment=None), lab.host("lamp")
    lamp.avahi([LAMP])
    serve(pi, ready=False)
    waiting = http(pi, "http://127.0.0.1:8620/readyz")
    assert waiting.status == 503
    assert "no usable interface (lo: loopback" in waiting.body["waiting_for"][0]
    pi.attach("lan")
    eventually(lambda: LAMP.name in services(pi), what="the lamp is found")
    assert http(pi, "http://127.0.0.1:8620/readyz").body == {
        "ready": True,
        "waiting_for": [],
        "degraded": [],
    }
    lamp.avahi_browse("_lanbridge._tcp").wait_found(own_name(pi))


def test_a_cable_that_was_pulled_and_plugged_in_again(lab: Lab) -> None:
    """Both sides find each other again, without a restart."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    lamp.avahi([LAMP])
    serve(pi)
    name = own_name(pi)
    eventually(lambda: discover(lamp, "_lanbridge._tcp").get(name), what="found before")
    pi.set_cable(plugged=False)
    eventually(lambda: http(pi, "http://127.0.0.1:8620/readyz").status == 503, what="it notices")
    pi.set_cable(plugged=True)
    eventually(lambda: http(pi, "http://127.0.0.1:8620/readyz").status == 200, what="it is ready")
    eventually(lambda: discover(lamp, "_lanbridge._tcp").get(name), what="found after")
    eventually(lambda: services(pi)[LAMP.name]["state"] == "online", what="the lamp is online")


def test_two_interfaces_in_one_network(lab: Lab) -> None:
    """Ethernet and Wi-Fi of one Pi: it does not take itself for a rival."""
    pi, phone = lab.host("pi"), lab.host("phone")
    pi.attach("lan", ipv4="10.77.0.101/24", ipv6="fd77::101/64")
    serve(pi, "--name", "both")
    found = eventually(
        lambda: discover(phone, "_lanbridge._tcp").get("both"), what="found under its name"
    )
    ipv4 = {one["address"] for one in found["addresses"] if one["family"] == "IPv4"}
    assert ipv4 & {"10.77.0.1", "10.77.0.101"}


def test_it_follows_a_new_address(lab: Lab) -> None:
    """A new DHCP lease: what we advertise has the new address, and no longer the old one."""
    pi, lamp = lab.host("pi", ipv6=None), lab.host("lamp", ipv6=None)
    serve(pi)
    name = own_name(pi)

    def addresses() -> set[str]:
        found = discover(lamp, "_lanbridge._tcp", "--ipv4").get(name, {"addresses": []})
        return {one["address"] for one in found["addresses"]}

    eventually(lambda: addresses() == {"10.77.0.1"}, what="the first address is known")
    pi.move_address("10.77.0.1/24", "10.77.0.99/24")
    eventually(lambda: addresses() == {"10.77.0.99"}, 20, what="the new address is known")


def test_a_device_that_falls_silent_is_stale_and_then_offline(lab: Lab) -> None:
    """It is asked again before its records run out, here after seconds, and says nothing."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    serve(pi)
    stream = follow(pi, "127.0.0.1")
    lamp.python(["-c", _ANNOUNCE_ONCE, "10.77.0.2", "4"])
    stream.wait_line("^event: service.resolved$")
    stream.wait_line("^event: service.stale$")
    stream.wait_line("^event: service.lost$")
    stream.wait_line(r'^data: .*"reason": "no-answer"')


def test_a_device_that_is_gone_is_offline_soon_after_somebody_looks(lab: Lab) -> None:
    """Its records say that they hold for a day; opening the stream asks, and so does reading.

    How soon is a matter of the registry's clock, in tests/core; here it is that it happens at all.
    """
    pi, lamp = lab.host("pi"), lab.host("lamp")
    serve(pi)
    lamp.python(["-c", _ANNOUNCE_ONCE, "10.77.0.2", "86400"])
    eventually(lambda: "Silent" in services(pi), what="it is found")
    stream = follow(pi, "127.0.0.1")
    stream.wait_line("^event: service.lost$", timeout_s=30.0)
    assert services(pi)["Silent"]["reason"] == "no-answer"


def test_each_link_hears_only_its_own_addresses(lab: Lab) -> None:
    """RFC 6762 §6.2: guests are not told our address on the other network."""
    pi = lab.host("pi")
    pi.attach("guests")
    home, guest = lab.host("home"), lab.host("guest", segment="guests")
    serve(pi)
    name = own_name(pi)
    for host, prefix in ((home, "10.77.0."), (guest, "10.77.1.")):
        found = eventually(
            lambda host=host: discover(host, "_lanbridge._tcp").get(name),  # type: ignore[misc]
            what=f"{host.name} finds us",
        )
        ipv4 = [one["address"] for one in found["addresses"] if one["family"] == "IPv4"]
        assert len(ipv4) == 1
        assert ipv4[0].startswith(prefix)


def test_two_daemons_have_names_of_their_own(lab: Lab) -> None:
    """And a second one with the first one's identity gives way instead of fighting."""
    one, two = lab.host("one"), lab.host("two")
    serve(one, "--name", "bridge")
    serve(two, "--name", "bridge")
    expected = {"bridge", "bridge (2)"}
    eventually(
        lambda: set(services(one, "?type=_lanbridge._tcp&state=online")) == expected,
        what="both are seen",
    )


def test_sigterm_ends_it_within_five_seconds_with_streams_open(lab: Lab) -> None:
    """Streams end, goodbyes are sent, the exit status is 0."""
    pi, dashboard = lab.host("pi"), lab.host("dashboard")
    dashboard.avahi()
    daemon = serve(pi)
    browser = dashboard.avahi_browse("_lanbridge._tcp")
    browser.wait_found(own_name(pi))
    readers = [follow(dashboard, "10.77.0.1") for _ in range(5)]
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(5.0) == 0
    assert [reader.wait(5.0) for reader in readers] == [0] * 5
    browser.wait_lost("lanbridge")
    eventually(lambda: not browser.found(), what="the goodbye is heard")


def test_events_are_streamed_as_they_happen(lab: Lab) -> None:
    """A service that comes and goes is found, resolved and lost, with numbers."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    serve(pi)
    stream = follow(lamp, "10.77.0.1")
    process = advertise(lamp, LAMP.name, LAMP.type, str(LAMP.port))
    for event in ("service.found", "service.resolved"):
        stream.wait_line(f"^event: {event}$")
    process.terminate()
    stream.wait_line("^event: service.lost$")
    stream.wait_line(r'^data: .*"reason": "goodbye"')
    assert any(line.text.startswith("id: ") for line in stream.lines)


def test_echo_serves_neighbours_and_nobody_else(lab: Lab) -> None:
    """HTTP, and UDP over IPv4 and IPv6; a caller from another subnet is told why not."""
    pi, phone = lab.host("pi"), lab.host("phone")
    router = lab.host("router")
    router.attach("guests")
    router.sysctl("net.ipv4.ip_forward", 1)
    stranger = lab.host("stranger", segment="guests", gateway="10.77.1.3")
    pi.ip("route add 10.77.1.0/24 via 10.77.0.3")
    serve(pi)
    echoed = http(phone, "http://10.77.0.1:8620/echo?a=1", "POST")
    assert (echoed.status, echoed.body["client"]["address"]) == (200, "10.77.0.2")
    assert udp(phone, "10.77.0.1") == "hello"
    assert udp(phone, "fd77::1") == "hello"
    assert http(pi, "http://127.0.0.1:8620/echo").status == 200
    assert udp(pi, "127.0.0.1", timeout_s=0.5) == "silence"
    refused = http(stranger, "http://10.77.0.1:8620/echo")
    assert (refused.status, refused.body["code"]) == (403, "refused")
    assert "10.77.1." in refused.body["detail"]
    assert udp(stranger, "10.77.0.1", timeout_s=0.5) == "silence"
    counted = http(pi, "http://127.0.0.1:8620/api/v1/status").body["echo_refused"]
    assert counted["other-subnet"] == 2


def test_a_taken_port_is_said_with_its_remedy(lab: Lab) -> None:
    """Exit 3, for the HTTP port and for a 5353 that another program keeps to itself."""
    pi = lab.host("pi")
    daemon = serve(pi)
    second = lanbridge(pi, "serve", "--state-dir", str(lab.directory / "second"))
    assert second.returncode == 3
    assert "port '8620': another lanbridge listens there" in second.stderr
    assert "listening on" not in second.stderr
    same = str(lab.directory / "pi-state")
    third = lanbridge(pi, "serve", "--state-dir", same, "--port", "8630")
    assert (third.returncode, third.stdout) == (3, "")
    assert third.stderr == (
        f"error: state directory '{same}': another lanbridge runs with it (pid {daemon.pid}, port "
        "8620); stop that one, or start this one with --state-dir and --port of its own.\n"
    )
    daemon.terminate()
    web = pi.python(["-u", "-m", "http.server", "8620"])
    web.wait_line("^Serving HTTP")
    other = lanbridge(pi, "serve", "--state-dir", same)
    assert other.returncode == 3
    assert "port '8620': another program listens there; find it with `ss" in other.stderr
    web.terminate()
    holder = pi.python(["-c", _HOLD])
    holder.wait_line("^held$")
    taken = lanbridge(pi, "discover")
    assert (taken.returncode, taken.stdout) == (3, "")
    assert f"python (pid {holder.pid}) holds it for itself alone" in taken.stderr
    assert "stop it, or let it share the port" in taken.stderr


def test_a_service_of_other_hardware_is_advertised_for_it(lab: Lab) -> None:
    """[[advertise]] with host and addresses: found at the address of the hardware."""
    pi, phone = lab.host("pi"), lab.host("phone")
    config = lab.directory / "pi.toml"
    config.write_text(
        '[[advertise]]\nname = "Old lamp"\ntype = "_http._tcp"\nport = 80\n'
        'txt = { path = "/on" }\nhost = "old-lamp"\naddresses = ["10.77.0.50"]\n'
    )
    serve(pi, "--config", str(config))
    found = eventually(
        lambda: discover(phone, "_http._tcp").get("Old lamp"), what="the lamp is found"
    )
    assert found["host"] == "old-lamp.local"
    assert [one["address"] for one in found["addresses"]] == ["10.77.0.50"]
    assert found["url"] == "http://10.77.0.50:80/on"
