"""Names of the daemon beside rivals, copies of itself, and avahi on the same host."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.lan.discovery import Service
from tests.lan.once import announce
from tests.lan.process import eventually
from tests.lan.program import advertise, http, serve, services

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

_RESOLVE = """
import socket, struct, sys
name = sys.argv[1]
labels = b"".join(bytes((len(one),)) + one.encode() for one in name.split("."))
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(1)
question = labels + b"\\0\\0\\x0c\\0\\1"
sock.sendto(struct.pack("!6H", 7, 0, 1, 0, 0, 0) + question, ("224.0.0.251", 5353))
try:
    answer = sock.recv(9000)
    at = 12 + len(labels) + 5 + 2 + 10
    words = []
    while size := answer[at]:
        if size >= 0xC0:
            at = (size & 0x3F) << 8 | answer[at + 1]
            continue
        words.append(answer[at + 1 : at + 1 + size].decode())
        at += 1 + size
    print(".".join(words))
except TimeoutError:
    print("silence")
"""


def reverse(host: Host, address: str) -> str:
    """The name of an IPv4 address, asked for as a one-shot querier does."""
    name = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    return host.run([sys.executable, "-c", _RESOLVE, name]).stdout.strip()


def own(host: Host) -> dict[str, Any]:
    """The daemon's own advertisement as it goes now."""
    answer = http(host, "http://127.0.0.1:8620/api/v1/advertisements")
    return dict(answer.body["items"][0])


def advertised(host: Host) -> tuple[str, str] | None:
    """Instance and host name, once they are its own."""
    view = own(host)
    return (view["name"], view["host"]) if view["state"] == "advertised" else None


def test_a_name_that_gave_way_is_told_and_kept_over_a_restart(lab: Lab) -> None:
    """Also when the rival is gone by then."""
    pi, rival = lab.host("pi"), lab.host("rival")
    other = advertise(rival, "bridge", "_lanbridge._tcp", "99")
    daemon = serve(pi, "--name", "bridge")
    daemon.wait_line(r"the name bridge is taken on this network, now advertised as bridge \(2\)")
    eventually(lambda: own(pi)["state"] == "advertised", what="it has a name")
    daemon.terminate()
    other.terminate()
    serve(pi, "--name", "bridge")
    assert own(pi)["name"] == "bridge (2)"


@pytest.mark.timeout(180)  # an alarm is told when it has lasted for half a minute
def test_a_copied_disk_is_told_on_both_and_both_stay_visible(lab: Lab) -> None:
    """The same identity and names at two addresses: an alarm on each, and names of their own."""
    one, two = lab.host("one"), lab.host("two")
    first = serve(one)
    eventually(lambda: advertised(one), what="the original has its name")
    first.signal(signal.SIGKILL)
    first.wait()
    original, copy = lab.directory / "one-state", lab.directory / "two-state"
    copy.mkdir()
    for name in ("instance-id", "names.json"):
        (copy / name).write_bytes((original / name).read_bytes())
    daemons = [serve(one), serve(two)]
    names = [eventually(lambda host=host: advertised(host), 20) for host in (one, two)]  # type: ignore[misc]
    assert names[0][0] != names[1][0]
    assert names[0][1] != names[1][1]
    expected = {name for name, _ in names}
    eventually(
        lambda: set(services(one, "?type=_lanbridge._tcp&state=online")) == expected,
        what="each is seen under its name",
    )
    for daemon in daemons:
        daemon.wait_line(r"both say .*was an SD card copied\?", timeout_s=60)


def test_reverse_names_belong_to_avahi_where_it_runs(lab: Lab) -> None:
    """Whichever of the two was first; and avahi keeps its host name."""
    pi, alone, phone = lab.host("pi"), lab.host("alone"), lab.host("phone")
    serve(alone)
    eventually(lambda: advertised(alone), what="it has its name")
    eventually(lambda: reverse(phone, "10.77.0.2") == own(alone)["host"], what="we answer")
    serve(pi)
    eventually(lambda: reverse(phone, "10.77.0.1") == own(pi)["host"], what="we answer alone")
    avahi = pi.avahi([Service("Files", "_smb._tcp", 445)])
    eventually(lambda: reverse(phone, "10.77.0.1") == "pi.local", what="avahi answers")
    assert not any("conflict" in line.text.lower() for line in avahi.lines)
    second = lab.host("second")
    avahi = second.avahi([Service("Files 2", "_smb._tcp", 445)])
    serve(second)
    eventually(lambda: advertised(second), what="it has its name beside avahi")
    assert reverse(phone, "10.77.0.4") == "second.local"
    assert not any("conflict" in line.text.lower() for line in avahi.lines)


def test_two_hosts_of_one_name_or_address_are_told_and_one_with_two_cards_is_not(lab: Lab) -> None:
    """avahi with Ethernet and Wi-Fi in one network, beside two that defend nothing."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    one, two = lab.host("one"), lab.host("two")
    lamp.attach("lan", ipv4="10.77.0.102/24", ipv6="fd77::102/64")
    daemon = serve(pi)
    lamp.avahi([Service("Kitchen lamp", "_http._tcp", 80)])
    lamp_views = eventually(lambda: services(pi).get("Kitchen lamp"), what="the lamp is found")
    assert lamp_views["host"] == "lamp.local"
    for _ in range(2):
        announce(one, "twin.local", "One", "10.77.0.3")
        announce(two, "twin.local", "Two", "10.77.0.4")
    daemon.wait_line("twin.local is 10.77.0.[34] and 10.77.0.[34] by turns", timeout_s=30)
    announce(one, "solo.local", "Three", "10.77.0.3")
    announce(two, "crossed.local", "Four", "10.77.0.4", "10.77.0.3")
    daemon.wait_line("10.77.0.3 is .*, but crossed.local, which is 10.77.0.4", timeout_s=30)
    services(pi)  # a look: both cards answer once more
    alarms = http(pi, "http://127.0.0.1:8620/api/v1/status").body["alarms"]
    assert not [alarm for alarm in alarms if "lamp" in alarm["detail"]]
    assert {alarm["kind"] for alarm in alarms} <= {"duplicate-host", "cross-wired"}
