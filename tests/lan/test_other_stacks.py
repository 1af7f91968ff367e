"""Beside other mDNS stacks on one host: both sides work, or it is said who keeps the port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import (
    LANBRIDGE,
    advertise,
    discover,
    http,
    lanbridge,
    own_name,
    serve,
    services,
)
from tests.lan.resolved import resolvectl
from tests.lan.test_doctor import doctor, of

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LAMP = Service("Kitchen lamp", "_http._tcp", 8086)
LOCAL = Service("Local files", "_smb._tcp", 445)

# Always the last to bind, with every option for sharing: what is sent to this host alone is its.
SWALLOW = """
import select, socket, time
def bound():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    one.bind(("", 5353))
    return one
held, swallowed, until = bound(), 0, time.monotonic() + 30
print("swallowing", flush=True)
while time.monotonic() < until:
    if select.select([held], [], [], 0.005)[0]:
        data, sender = held.recvfrom(9216)
        if data[2] & 0x80:
            swallowed += 1
            print("swallowed", swallowed, "from", sender[0], flush=True)
    else:
        held.close()
        held = bound()
"""


# As a stack that shares the port with its own kind only.
REUSEPORT_ALONE = """
import signal, socket
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
held.bind(("", 5353))
print("held", flush=True)
signal.pause()
"""


def ready(host: Host) -> bool:
    """Whether the daemon on this host discovers and advertises."""
    return http(host, "http://127.0.0.1:8620/readyz").status == 200


def waits_for(host: Host) -> str:
    """What the daemon on this host says it waits for."""
    return " ".join(http(host, "http://127.0.0.1:8620/readyz").body["waiting_for"])


@pytest.mark.parametrize("first", ["avahi", "lanbridge"])
def test_avahi_on_the_same_host(lab: Lab, first: str) -> None:
    """Whichever started first: each finds the LAN and the other, and a phone finds both."""
    pi, lamp, phone = lab.host("pi"), lab.host("lamp"), lab.host("phone")
    lamp.avahi([LAMP])
    phone.avahi()
    if first == "avahi":
        avahi = pi.avahi([LOCAL])
        serve(pi)
    else:
        serve(pi)
        avahi = pi.avahi([LOCAL])
    name = own_name(pi)
    for host in (phone, pi):
        host.avahi_browse("_lanbridge._tcp").wait_found(name)
        host.avahi_browse("_smb._tcp").wait_found(LOCAL.name)
    pi.avahi_browse("_http._tcp").wait_found(LAMP.name)
    eventually(lambda: {LAMP.name, LOCAL.name} <= services(pi).keys(), what="we find both")
    found = discover(pi, "--include-self")
    assert {LAMP.name, LOCAL.name, name} <= found.keys()
    assert found[LOCAL.name]["own"] is True
    # The host name that avahi holds is not ours to claim.
    assert found[name]["host"] != "pi.local"
    assert phone.run(["avahi-resolve", "-n", "pi.local"]).stdout.split()[0] == "pi.local"
    assert "conflict" not in avahi.stdout + avahi.stderr
    status, findings = doctor(pi)
    assert status == 0, findings
    assert "avahi-daemon (pid " in of("port-5353", findings)[0]["sentence"]


def test_a_host_name_that_avahi_holds_is_given_way_to(lab: Lab) -> None:
    """Even where it was asked for: ours is another name then, and avahi keeps its own."""
    pi, phone = lab.host("pi"), lab.host("phone")
    avahi = pi.avahi()
    phone.avahi()
    arguments = ("Fake", "_http._tcp", "80", "--host", "pi", "--address", "10.77.0.50")
    process = advertise(pi, *arguments)
    process.wait_line("at pi-2.local:80")
    answer = phone.run(["avahi-resolve", "-4", "-n", "pi.local"]).stdout.split()
    assert answer == ["pi.local", "10.77.0.1"]
    assert "conflict" not in avahi.stdout + avahi.stderr


def test_avahi_that_tolerates_nobody_was_first(lab: Lab) -> None:
    """`discover`, `/readyz` and the journal name it; when it ends, we go on by ourselves."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    lamp.avahi([LAMP])
    avahi = pi.avahi(server="disallow-other-stacks=yes")
    holder = f"avahi-daemon (pid {avahi.pid}) holds it for itself alone"
    refused = lanbridge(pi, "discover")
    assert (refused.returncode, refused.stdout) == (3, "")
    assert holder in refused.stderr
    assert "set disallow-other-stacks=no" in refused.stderr
    daemon = serve(pi, ready=False)
    assert holder in waits_for(pi)
    daemon.wait_line(lambda line: "waiting: " in line and holder in line)
    status, findings = doctor(pi)
    assert status == 1
    assert {one["check"] for one in findings if one["severity"] == "problem"} >= {
        "avahi",
        "port-5353",
    }
    avahi.terminate()
    eventually(lambda: ready(pi), 20, what="it goes on when the port is free")
    eventually(lambda: LAMP.name in services(pi), what="the lamp is found")


def test_avahi_that_tolerates_nobody_comes_second(lab: Lab) -> None:
    """It does not start; we are not disturbed, and the doctor says what to change."""
    pi, phone = lab.host("pi"), lab.host("phone")
    serve(pi)
    avahi = pi.avahi(server="disallow-other-stacks=yes", starts=False)
    assert avahi.wait() != 0
    assert discover(phone, "_lanbridge._tcp").keys() == {own_name(pi)}
    status, findings = doctor(pi)
    [finding] = of("avahi", findings)
    assert (status, finding["severity"]) == (1, "warning")
    assert "disallow-other-stacks=no" in finding["remedy"]


@pytest.mark.parametrize("first", ["resolved", "lanbridge"])
def test_systemd_resolved_on_the_same_host(lab: Lab, first: str) -> None:
    """It resolves and is resolved, we find and are found, and the doctor names it."""
    pi, lamp, phone = lab.host("pi"), lab.host("lamp"), lab.host("phone")
    lamp.avahi([LAMP])
    phone.avahi()
    if first == "resolved":
        pi.resolved()
        serve(pi)
    else:
        serve(pi)
        pi.resolved()
    phone.avahi_browse("_lanbridge._tcp").wait_found(own_name(pi))
    assert phone.run(["avahi-resolve", "-4", "-n", "pi.local"]).stdout.split() == [
        "pi.local",
        "10.77.0.1",
    ]
    assert "10.77.0.2" in resolvectl(pi, "query", "--cache=no", "-4", "lamp.local")
    eventually(lambda: LAMP.name in services(pi), what="we find the lamp")
    assert LAMP.name in discover(pi)
    status, findings = doctor(pi)
    assert status == 0, findings
    assert "systemd-resolve (pid " in of("port-5353", findings)[0]["sentence"]
    [resolved] = of("resolved", findings)
    assert resolved["evidence"] == {
        "MulticastDNS": "yes",
        "from": "/run/systemd/resolved.conf.d/lab.conf",
    }


def test_avahi_and_systemd_resolved_on_the_same_host(lab: Lab) -> None:
    """They fight over the host's name, which the doctor says; ours is not touched."""
    pi, lamp, phone = lab.host("pi"), lab.host("lamp"), lab.host("phone")
    lamp.avahi([LAMP])
    pi.resolved()
    pi.avahi([LOCAL])
    serve(pi)
    name = own_name(pi)
    found = eventually(lambda: discover(phone, "_lanbridge._tcp").get(name), what="we are found")
    assert found["host"] == f"{name}.local"
    eventually(lambda: LAMP.name in services(pi), what="we find the lamp")
    status, findings = doctor(pi)
    [finding] = of("resolved", findings)
    assert (status, finding["severity"]) == (1, "warning")


def test_two_daemons_on_one_host(lab: Lab) -> None:
    """Another port and state directory: two identities, two names, and each finds the other."""
    pi, phone = lab.host("pi"), lab.host("phone")
    serve(pi, "--name", "bridge")
    other = ("--port", "8621", "--state-dir", str(lab.directory / "other"))
    pi.popen([LANBRIDGE, "serve", "--name", "bridge", *other])
    expected = {"bridge", "bridge (2)"}
    eventually(
        lambda: discover(phone, "_lanbridge._tcp").keys() == expected, what="the phone finds both"
    )
    found = discover(phone, "_lanbridge._tcp")
    assert {one["port"] for one in found.values()} == {8620, 8621}
    for key in ("host", "txt"):
        first, second = (str(one[key]) for one in found.values())
        assert first != second
    for port in (8620, 8621):
        listed = http(pi, f"http://127.0.0.1:{port}/api/v1/services?type=_lanbridge._tcp").body
        assert {one["name"] for one in listed["items"] if one["state"] == "online"} == expected


def test_commands_beside_the_daemon(lab: Lab) -> None:
    """`advertise` and `discover` on its host: found by a phone, by it, and by each other."""
    pi, lamp, phone = lab.host("pi"), lab.host("lamp"), lab.host("phone")
    lamp.avahi([LAMP])
    serve(pi)
    advertise(pi, "Guest", "_http._tcp", "8080")
    assert discover(phone, "_http._tcp").keys() == {"Guest", LAMP.name}
    assert discover(pi, "_http._tcp", "--include-self").keys() == {"Guest", LAMP.name}
    eventually(lambda: {"Guest", LAMP.name} <= services(pi).keys(), what="the daemon finds both")


def test_a_stack_that_shares_with_its_own_kind_only(lab: Lab) -> None:
    """SO_REUSEPORT without SO_REUSEADDR: we do as it does, and both hear what is multicast."""
    pi, lamp, phone = (lab.host(name, ipv6=None) for name in ("pi", "lamp", "phone"))
    for host in (pi, lamp, phone):
        host.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
    advertise(lamp, LAMP.name, LAMP.type, str(LAMP.port))
    pi.python(["-c", REUSEPORT_ALONE]).wait_line("^held$")
    assert discover(pi, "_http._tcp").keys() == {LAMP.name}
    serve(pi)
    assert discover(phone, "_lanbridge._tcp").keys() == {own_name(pi)}


def test_nothing_depends_on_an_answer_that_was_sent_to_us_alone(lab: Lab) -> None:
    """Another stack gets every one of them; asked by multicast a second later, all is found."""
    pi, lamp = lab.host("pi", ipv6=None), lab.host("lamp", ipv6=None)
    for host in (pi, lamp):
        host.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
    advertise(lamp, LAMP.name, LAMP.type, str(LAMP.port))
    swallower = pi.python(["-c", SWALLOW])
    swallower.wait_line("^swallowing$")
    found = discover(pi, "_http._tcp")
    assert found[LAMP.name]["port"] == LAMP.port
    swallower.wait_line("^swallowed 1 from 10.77.0.2$")
    serve(pi)
    eventually(
        lambda: services(pi).get(LAMP.name, {}).get("state") == "online", what="the daemon finds it"
    )
