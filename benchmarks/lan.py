"""The LAN that is measured on: six hosts with 205 services, one host that looks for them.

Real responders of four makers, as a home has them: avahi and python-zeroconf twice, ciao and
bonjour-service once each. Each answers in its own way, and every one of them must be heard out.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan.discovery import Service

if TYPE_CHECKING:
    from tests.lan.discovery import Found
    from tests.lan.host import Host
    from tests.lan.lab import Lab

SERVICE_TYPE = "_bench._tcp"
# How many each host has, and by its name with which stack. ciao takes two seconds for each.
SHARES = {
    "avahi-1": 60,
    "avahi-2": 60,
    "zeroconf-1": 30,
    "zeroconf-2": 30,
    "bonjour": 20,
    "ciao": 5,
}
SERVICES = sum(SHARES.values())
PROGRAMS = "benchmarks.programs"

# RFC 6762 §6: a responder "MUST NOT multicast a record [...] until at least one second has
# elapsed since the last time". After so long a silence nobody is held back by an earlier run.
QUIET_S = 1.5
QUIET_WITHIN_S = 60.0
_LOOK_S = 0.05


class SixHosts:
    """Start them all; `expected` maps each instance name to its service and host addresses."""

    def __init__(self, lab: Lab) -> None:
        self._switch = lab.switch.pid
        self.expected: dict[str, tuple[Service, set[str]]] = {}
        numbers = itertools.count()
        for name, share in SHARES.items():
            host = lab.host(name, bridged=name == "ciao")
            services = [service(number) for number in itertools.islice(numbers, share)]
            addresses = {address.partition("/")[0] for address in host.addresses()}
            publish(host, services, addresses)
            self.expected |= {one.name: (one, addresses) for one in services}

    def is_right(self, found: Found) -> bool:
        """Whether all of it was resolved, and to what its host published."""
        if found.name not in self.expected:
            return False
        wanted, addresses = self.expected[found.name]
        seen = {address.partition("%")[0] for address in found.addresses}
        return (
            found.port == wanted.port
            and dict(found.txt) == dict(wanted.txt)
            and bool(seen)
            and seen <= addresses
        )

    def wait_quiet(self) -> None:
        """Wait until no packet has crossed the switch for QUIET_S."""
        end_s = time.monotonic() + QUIET_WITHIN_S
        packets, since_s = self._packets(), time.monotonic()
        while (now_s := time.monotonic()) < end_s:
            if (count := self._packets()) != packets:
                packets, since_s = count, now_s
            if now_s - since_s >= QUIET_S:
                return
            time.sleep(_LOOK_S)
        raise TimeoutError(f"the LAN was not quiet within {QUIET_WITHIN_S:g} s")

    def _packets(self) -> int:
        rows = Path(f"/proc/{self._switch}/net/dev").read_text().splitlines()[2:]
        ports = [row.split() for row in rows if row.lstrip().startswith("p")]
        return sum(int(fields[2]) for fields in ports)  # received: name, bytes, packets, ...


def service(number: int) -> Service:
    """Name, port and TXT of the numbered service, as a device would have them."""
    txt = {"id": f"{number:04d}", "model": "sensor", "fw": "1.4.2", "path": f"/{number}"}
    return Service(f"Bench {number:03d}", SERVICE_TYPE, 20_000 + number, txt)


def publish(host: Host, services: list[Service], addresses: set[str]) -> None:
    """Publish them with the stack that the host is named after, until all are announced."""
    match host.name.partition("-")[0]:
        case "avahi":
            host.avahi(services)
        case "ciao":
            host.ciao(*services)
        case "bonjour":
            host.bonjour_service(*services)
        case _:
            argument = json.dumps([asdict(one) for one in services])
            argv = [sys.executable, "-m", f"{PROGRAMS}.zeroconf_serve", host.name, argument]
            host.popen([*argv, *addresses]).wait_line("^ready$", timeout_s=30.0)
