"""What it costs to do nothing: `lanbridge serve` and avahi-daemon, each on a LAN with 50 services.

Two LANs that are alike, at the same time: five hosts with ten services each, none of which changes.
The daemons have found them all and have come to rest; then CPU time and datagrams sent are counted.
avahi-daemon browses for nobody but a client, so avahi-browse asks it for what lanbridge keeps by
itself; a third LAN has avahi-daemon alone, as a figure to know.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lan import publish, service
from benchmarks.processes import LANBRIDGE, cpu_s
from benchmarks.report import Check, Result
from tests.lan.discovery import Service
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import http

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.host import Host

NAME = "idle"
NEEDS_LAB = True
HOSTS = ("avahi-1", "avahi-2", "avahi-3", "avahi-4", "zeroconf-1")
EACH = 10
REST_S, QUICK_REST_S = 90.0, 15.0
IDLE_S, QUICK_IDLE_S = 300.0, 30.0
MOST_MS = 1.0  # a thousandth of a core
LONGEST_S = 30.0


def run(*, quick: bool) -> Result:
    """All at once, each on a LAN of its own."""
    contenders: dict[str, Callable[[Host], list[int]]] = {
        "lanbridge serve": lanbridge,
        "avahi-daemon and avahi-browse": avahi_browsing,
        "avahi-daemon alone": avahi_alone,
    }
    with Lab() as lab:
        hosts: dict[str, Host] = {}
        pids: dict[str, list[int]] = {}
        for number, who in enumerate(contenders):
            neighbours(lab, number)
            hosts[who] = lab.host(f"idle{number}", segment=segment(number))
        for who, start in contenders.items():
            pids[who] = start(hosts[who])
        known = eventually(lambda: found(hosts["lanbridge serve"]), LONGEST_S)
        time.sleep(QUICK_REST_S if quick else REST_S)
        idle_s = QUICK_IDLE_S if quick else IDLE_S
        before = {who: (used_s(pids[who]), sent(pids[who][0])) for who in contenders}
        time.sleep(idle_s)
        runs: dict[str, list[float]] = {}
        facts: dict[str, float] = {"services that lanbridge knows": known}
        packets: dict[str, float] = {}
        for who, (cpu_before_s, sent_before) in before.items():
            runs[who] = [(used_s(pids[who]) - cpu_before_s) / idle_s * 1000]
            packets[who] = (sent(pids[who][0]) - sent_before) / idle_s * 60
            facts[f"datagrams sent a minute: {who}"] = packets[who]
    ours, theirs, _ = contenders
    tick = 10.0 / idle_s  # avahi's whole use may be less than the kernel counts
    facts["times avahi's CPU, of which a tick is counted at least"] = runs[ours][0] / max(
        runs[theirs][0], tick
    )
    return Result(
        NAME,
        f"{len(HOSTS) * EACH} services on the LAN, idle for {idle_s:.0f} s: CPU time",
        "ms/s",
        runs,
        [
            Check("ms of CPU a second", runs[ours][0], MOST_MS),
            Check("datagrams a minute more than avahi", packets[ours] - packets[theirs], 0.0),
        ],
        facts,
    )


def segment(number: int) -> str:
    """The LAN of the numbered contender."""
    return f"lan{number}"


def neighbours(lab: Lab, number: int) -> None:
    """Five hosts with ten services each."""
    for at, name in enumerate(HOSTS):
        host = lab.host(f"{name}-{number}", segment=segment(number))
        addresses = {address.partition("/")[0] for address in host.addresses()}
        publish(host, [service(EACH * at + each) for each in range(EACH)], addresses)


def lanbridge(host: Host) -> list[int]:
    """The daemon as it comes."""
    daemon = host.popen([LANBRIDGE, "serve"])
    eventually(lambda: http(host, "http://127.0.0.1:8620/readyz").status == 200, LONGEST_S)
    return [daemon.pid]


def avahi_alone(host: Host) -> list[int]:
    """It advertises one service, as lanbridge does."""
    return [host.avahi([Service("idle", "_idle._tcp", 1)]).pid]


def avahi_browsing(host: Host) -> list[int]:
    """And a client that wants to know everything that is there."""
    argv = ["avahi-browse", "--all", "--resolve", "--parsable", "--no-db-lookup"]
    return [*avahi_alone(host), host.popen(argv).pid]


def found(host: Host) -> int:
    """How many services lanbridge has resolved, once it has them all."""
    url = "http://127.0.0.1:8620/api/v1/services?type=_bench._tcp&state=online&limit=100"
    count = len(http(host, url).body["items"])
    return count if count == len(HOSTS) * EACH else 0


def used_s(pids: list[int]) -> float:
    """CPU time of several processes so far."""
    return sum(map(cpu_s, pids))


def sent(pid: int) -> int:
    """UDP datagrams that this process's host has sent, over IPv4 and IPv6."""
    names, values = (
        line.split()
        for line in Path(f"/proc/{pid}/net/snmp").read_text().splitlines()
        if line.startswith("Udp: ")
    )
    ipv6 = dict(line.split() for line in Path(f"/proc/{pid}/net/snmp6").read_text().splitlines())
    return int(dict(zip(names, values, strict=True))["OutDatagrams"]) + int(
        ipv6["Udp6OutDatagrams"]
    )
