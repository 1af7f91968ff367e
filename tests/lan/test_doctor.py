"""`lanbridge doctor` on hosts that are well, and on hosts that are not."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import http, lanbridge, serve

if TYPE_CHECKING:
    from tests.lan.host import Host
    from tests.lan.lab import Lab

LAMP = Service("Kitchen lamp", "_http._tcp", 8086)

HOLD = """
import signal, socket
held = []
for family in (socket.AF_INET, socket.AF_INET6):
    held.append(socket.socket(family, socket.SOCK_DGRAM))
    if family == socket.AF_INET6:
        held[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    held[-1].bind(("", 5353))
print("held", flush=True)
signal.pause()
"""
# The first bit of a frame's destination says that it is for many: drop those, let others pass.
NO_MULTICAST = "5,48 0 0 0,69 0 1 1,6 0 0 2,6 0 0 0,6 0 0 0"


def state_dir(host: Host) -> str:
    """Where `serve` keeps the state of this host."""
    return str(host.lab.directory / f"{host.name}-state")


def doctor(host: Host) -> tuple[int, list[dict[str, Any]]]:
    """Its exit status and its findings, of the daemon that `serve` starts or started there."""
    done = lanbridge(host, "doctor", "--format", "json", "--state-dir", state_dir(host))
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert document["version"] == 1
    for finding in document["items"]:
        assert "the check" not in finding["sentence"], finding
    return done.returncode, document["items"]


def of(check: str, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of one check."""
    return [finding for finding in findings if finding["check"] == check]


def wrong(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those for which the exit status is 1."""
    return [finding for finding in findings if finding["severity"] in ("problem", "warning")]


def test_a_host_that_is_well_without_a_daemon(lab: Lab) -> None:
    """Its own multicast comes back over both versions, a device answers, and it leaves nothing."""
    pi, lamp = lab.host("pi"), lab.host("lamp")
    lamp.avahi([LAMP])
    status, findings = doctor(pi)
    assert (status, wrong(findings)) == (0, [])
    ipv4, ipv6 = of("multicast", findings)
    assert ipv4["evidence"] == {
        "came_back": True,
        "by_multicast": ["10.77.0.2"],
        "by_unicast": ["10.77.0.2"],
    }
    assert ipv6["severity"] == "ok"
    assert of("port-5353", findings)[0]["sentence"] == "UDP 5353 is held by nobody"
    assert of("visibility", findings)[0]["severity"] == "note"
    assert pi.run(["test", "-e", state_dir(pi)], check=False).returncode == 1


def test_the_daemon_is_visible_and_finds_the_same(lab: Lab) -> None:
    """Alone on its LAN, which is a note; over HTTP for who has the token."""
    pi = lab.host("pi")
    serve(pi)
    name = http(pi, "http://127.0.0.1:8620/ping").body["name"]
    status, findings = doctor(pi)
    assert (status, wrong(findings)) == (0, [])
    assert of("visibility", findings)[0]["sentence"] == f"{name} is visible on eth0"
    assert "lanbridge (pid " in of("port-5353", findings)[0]["sentence"]
    assert all("nobody else answered" in one["sentence"] for one in of("multicast", findings))
    token = lanbridge(pi, "token", "--state-dir", state_dir(pi)).stdout.strip()
    url = "http://127.0.0.1:8620/api/v1/doctor"
    assert http(pi, url, "POST").status == 401
    answer = http(pi, url, "POST", token=token)
    assert answer.status == 200
    checks = {finding["check"] for finding in findings}
    assert {finding["check"] for finding in answer.body["items"]} == checks
    assert wrong(answer.body["items"]) == []


def test_a_port_that_is_kept_comes_first_with_its_holder(lab: Lab) -> None:
    """Status 1; and the daemon that runs is not visible, which follows from it."""
    pi = lab.host("pi")
    holder = pi.python(["-c", HOLD])
    holder.wait_line("^held$")
    status, findings = doctor(pi)
    assert status == 1
    assert findings[0]["check"] == "port-5353"
    assert f"python (pid {holder.pid}) holds it for itself alone" in findings[0]["sentence"]


def test_multicast_that_is_lost_on_the_way_in(lab: Lab) -> None:
    """Unicast answers arrive: the devices are there, and a switch keeps their multicast."""
    pi, lamp = lab.host("pi", ipv6=None), lab.host("lamp", ipv6=None)
    lamp.avahi([LAMP])
    # Who the lamp is was asked before the filter: an ARP question is for many too.
    pi.run(["ping", "-c", "1", "10.77.0.2"])
    port = pi.interfaces["eth0"].switch_port
    lab.switch.run(["tc", "qdisc", "add", "dev", port, "clsact"])
    program = ["bpf", "direct-action", "bytecode", NO_MULTICAST]
    lab.switch.run(["tc", "filter", "add", "dev", port, "egress", *program])
    status, findings = doctor(pi)
    assert status == 1
    [lost] = [one for one in wrong(findings) if one["check"] == "multicast"]
    assert lost["sentence"].startswith("answers to us arrive on eth0 over IPv4")
    assert lost["evidence"]["by_unicast"] == ["10.77.0.2"]


def test_a_copied_memory_card_is_noticed(lab: Lab) -> None:
    """The same identity at two addresses, said with the other's."""
    one, two = lab.host("one"), lab.host("two")
    serve(one)
    shutil.copytree(state_dir(one), state_dir(two))
    serve(two)

    def twin() -> dict[str, Any]:
        [finding] = of("twin", doctor(two)[1])
        assert finding["severity"] == "problem", finding
        return finding

    found = eventually(twin, 20, what="the twin is noticed")
    assert "10.77.0.1" in found["sentence"]


def test_one_network_twice_and_two_with_the_same_numbers(lab: Lab) -> None:
    """A note and a warning: our own question tells the two apart."""
    twice, split = lab.host("twice"), lab.host("split")
    twice.attach("lan", ipv4="10.77.0.101/24", ipv6=None)
    split.attach("other", ipv4="10.77.0.102/24", ipv6=None)
    [same] = of("subnets", doctor(twice)[1])
    assert (same["severity"], same["sentence"]) == ("note", "eth0 and eth1 are on one network")
    [apart] = of("subnets", doctor(split)[1])
    assert apart["severity"] == "warning"
    assert "two networks with the same numbers, 10.77.0.0/24" in apart["sentence"]


def test_without_a_network_it_says_so(lab: Lab) -> None:
    """And is no failure of its own."""
    status, findings = doctor(lab.host("pi", segment=None))
    assert status == 1
    assert findings[0]["sentence"] == "there is no usable interface"
