"""After each change of its network: how soon `lanbridge serve` and avahi-daemon are back.

Each on a host of its own, in turn, on one LAN with a neighbour who offers a service. Measured from
just before the command that makes the network able to work again, until the neighbour has heard the
host's address and the host has the neighbour's service again; the later of the two counts.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.processes import LANBRIDGE, LOAD, Program
from benchmarks.report import Check, Result, ratio
from tests.lan.avahi import parse as parse_avahi
from tests.lan.discovery import Found, Service
from tests.lan.lab import Lab
from tests.lan.process import eventually
from tests.lan.program import FOLLOW, http

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lan.host import Host

NAME = "recovery"
NEEDS_LAB = True
RUNS, QUICK_RUNS = 5, 2
OVER_AVAHI = 1.5
AWAY_S = 2.0
# Nobody is held back by what was before: RFC 6762 §8.3 has at most ten announcements of changes a
# minute, and lanbridge slows down after changes that follow each other.
REST_S = 5.5
LONGEST_S = 30.0
LAMP = Service("Kitchen lamp", "_http._tcp", 8086)


class Contender(NamedTuple):
    """`finds`: whether a line of its browser says that the lamp is there; `programs`: all of it."""

    host: Host
    host_name: str
    browser: Program
    finds: Callable[[str], bool]
    programs: list[Program]


class Kind(NamedTuple):
    """`away` takes the network away; `back` gives it back and returns the address it has then."""

    name: str
    away: Callable[[Host], None]
    back: Callable[[Host], str]
    loses_lamp: bool = True


def run(*, quick: bool) -> Result:
    """Each change for each in turn."""
    kinds = (
        Kind("cable", pull, plug),
        Kind("link down", down, up),
        Kind("interface", remove, add),
        Kind("address", nothing, renumber, loses_lamp=False),
    )
    runs: dict[str, list[float]] = {}
    facts: dict[str, list[float]] = {}
    with Lab() as lab:
        pi, rival, watcher = (lab.host(name) for name in ("pi", "rival", "watcher"))
        watcher.avahi([LAMP])
        ear = Program(watcher, [sys.executable, "-um", "tests.lan.ear", "eth0"], core=LOAD)
        ear.line(LONGEST_S)
        contenders = [lanbridge(pi), avahi(rival)]
        programs = [ear, *(program for one in contenders for program in one.programs)]
        time.sleep(2 * REST_S)
        try:
            for _ in range(QUICK_RUNS if quick else RUNS):
                for kind in kinds:
                    for who, contender in zip(("lanbridge", "avahi"), contenders, strict=True):
                        heard_s, found_s = measure(kind, contender, ear)
                        key = f"{kind.name}: {who}"
                        runs.setdefault(key, []).append(max(heard_s, found_s))
                        facts.setdefault(f"{key} is heard, s", []).append(heard_s)
                        if kind.loses_lamp:
                            facts.setdefault(f"{key} finds, s", []).append(found_s)
        finally:
            for program in programs:
                program.stop()
    checks = [
        Check(
            f"times avahi's, {kind.name}",
            ratio(runs, f"{kind.name}: lanbridge", f"{kind.name}: avahi"),
            OVER_AVAHI,
        )
        for kind in kinds
    ]
    middle = {name: sorted(values)[len(values) // 2] for name, values in facts.items()}
    return Result(NAME, "Recovery after a change of the network", "s", runs, checks, middle)


def lanbridge(host: Host) -> Contender:
    """The daemon, and a reader of its events."""
    serving = Program(host, [LANBRIDGE, "serve"], silent=True)
    eventually(lambda: http(host, "http://127.0.0.1:8620/readyz").status == 200, LONGEST_S)
    identity = http(host, "http://127.0.0.1:8620/ping").body["id"]
    url = "http://127.0.0.1:8620/api/v1/events"
    reader = Program(host, [sys.executable, "-uc", FOLLOW, url], core=LOAD)
    reader.line(LONGEST_S)

    def finds(line: str) -> bool:
        service = (json.loads(line[6:]).get("service") or {}) if line.startswith("data: ") else {}
        return (service.get("name"), service.get("state")) == (LAMP.name, "online")

    return Contender(host, f"lanbridge-{identity[:6]}.local", reader, finds, [serving, reader])


def avahi(host: Host) -> Contender:
    """avahi-daemon with a service, and avahi-browse."""
    # By default it does not look at the carrier, and so never knows of a cable.
    host.avahi([Service("rival", "_rival._tcp", 1)], server="use-iff-running=yes")
    argv = ["avahi-browse", "--resolve", "--parsable", "--no-db-lookup", LAMP.type]
    browser = Program(host, argv, core=LOAD)

    def finds(line: str) -> bool:
        found = parse_avahi(line)
        return isinstance(found, Found) and found.name == LAMP.name

    return Contender(host, "rival.local", browser, finds, [browser])


def measure(kind: Kind, contender: Contender, ear: Program) -> tuple[float, float]:
    """Seconds until it is heard, and until it finds; infinite where that takes too long."""
    kind.away(contender.host)
    for program in (ear, contender.browser):
        drain(program)
    begin_s = time.monotonic()
    address = kind.back(contender.host)
    waiting: dict[Program, Callable[[str], bool]] = {
        ear: lambda line: tells(line, contender.host_name, address)
    }
    if kind.loses_lamp:
        waiting[contender.browser] = contender.finds
    at_s: dict[Program, float] = {}
    while waiting.keys() - at_s.keys() and time.monotonic() < begin_s + LONGEST_S:
        for program in waiting.keys() - at_s.keys():
            for stamped in program.lines(time.monotonic() + 0.01):
                if waiting[program](stamped.text):
                    at_s[program] = stamped.at_s - begin_s
                    break
    time.sleep(REST_S)
    never = float("inf")
    found_s = at_s.get(contender.browser, never) if kind.loses_lamp else 0.0
    return at_s.get(ear, never), found_s


def tells(line: str, host_name: str, address: str) -> bool:
    """Whether a response gives this address for this name."""
    return any(
        record["name"] == host_name and record["data"] == address and record["ttl_s"] > 0
        for record in json.loads(line)
    )


def drain(program: Program) -> None:
    """Read what was said before."""
    for _ in program.lines(time.monotonic() + 0.05):
        pass


def nothing(_host: Host) -> None:
    """The network is there, and something about it changes."""


def renumber(host: Host) -> str:
    """A new lease, of two in turn."""
    old = ipv4(host)
    new = old.removesuffix("9") if old.endswith("9") else f"{old}9"
    # In this order: the kernel takes a second one away with the first.
    host.ip(f"address del {old}/24 dev eth0", f"address add {new}/24 dev eth0")
    host.interfaces["eth0"].addresses[0] = f"{new}/24"
    return new


def pull(host: Host) -> None:
    """At the switch."""
    host.lab.switch.ip(f"link set {host.interfaces['eth0'].switch_port} down")
    time.sleep(AWAY_S)


def plug(host: Host) -> str:
    """Put it in again."""
    host.lab.switch.ip(f"link set {host.interfaces['eth0'].switch_port} up")
    return ipv4(host)


def down(host: Host) -> None:
    """As an administrator does."""
    host.ip("link set eth0 down")
    time.sleep(AWAY_S)


def up(host: Host) -> str:
    """With its addresses; IPv6 ones went with the link."""
    host.ip("link set eth0 up", *(f"address replace {a} dev eth0" for a in wanted(host)))
    return ipv4(host)


def remove(host: Host) -> None:
    """A USB adapter is pulled."""
    host.detach("eth0")
    time.sleep(AWAY_S)


def add(host: Host) -> str:
    """And plugged in: another interface of the same name, with the first address."""
    host.attach("lan", name="eth0")
    return ipv4(host)


def wanted(host: Host) -> list[str]:
    """The addresses that eth0 should have."""
    return host.interfaces["eth0"].addresses


def ipv4(host: Host) -> str:
    """The first of them, without its prefix length."""
    return wanted(host)[0].partition("/")[0]
