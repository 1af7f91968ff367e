"""A daemon on a host whose network changes, and avahi on a neighbour, each finding the other.

scene = Scene(lab)
with scene.recovery("10.77.0.99"):
    scene.pi.move_address("10.77.0.1/24", "10.77.0.99/24")
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lan.discovery import Service
from tests.lan.process import eventually
from tests.lan.program import http, serve, services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lan.host import Host
    from tests.lan.lab import Lab
    from tests.lan.process import Process

LAMP = Service("Kitchen lamp", "_http._tcp", 8086, {"colour": "red"})
NAME = "bridge"
WITHIN_S = 5.0  # from when the network is able to, until both sides have found each other
WITHIN_LOSS_S = 15.0
AVAHI_S = 30.0  # avahi has heard us by then; how long it takes to say so is not ours to judge
SOCKETS = 2  # of a link, one for each family
REST_S = 15.0
IDLE_S = 1.0
IDLE_SHARE = 0.1  # of one core: it waits for something to do


class Scene:
    """`pi` runs the daemon, `lamp` avahi, and an ear that hears what pi announces."""

    def __init__(
        self,
        lab: Lab,
        pi: Host | None = None,
        lamp: Host | None = None,
        *,
        daemon: Process | None = None,
        ready: bool = True,
        interface: str = "eth0",
        env: dict[str, str] | None = None,
    ) -> None:
        self.pi = pi or lab.host("pi")
        self.lamp = lamp or lab.host("lamp")
        self.lamp.avahi([LAMP])
        self._ear = self.lamp.python(["-m", "tests.lan.ear", interface])
        self._ear.wait_line("^listening$")
        self.daemon = daemon or serve(self.pi, "--name", NAME, ready=ready, env=env)
        self.host_name = f"lanbridge-{self._status()['id'][:6]}.local"
        if ready and daemon is None:
            # RFC 6762 §8.3: twice, on each family.
            families = {":" in address for address in self.pi.addresses(interface)}
            times = 2 * len(families)
            eventually(lambda: len(self.told()) >= times, what="it has announced itself")

    @contextlib.contextmanager
    def recovery(
        self,
        *addresses: str,
        lines: int = 1,
        within_s: float = WITHIN_S,
        new_links: int = 0,
    ) -> Iterator[None]:
        """Change the network in the body, until it is able to; then both find each other again.

        addresses: ours, of which each is announced and resolved by avahi. lines: how many the
        journal may get, one for each change that has time to settle. new_links: how many links
        there are more afterwards than before.
        """
        if self.ready():
            self.finds_lamp(WITHIN_LOSS_S)
        said, heard = len(self.daemon.lines), len(self._ear.lines)
        tasks, files = self._tasks(), self._files() + SOCKETS * new_links
        yield
        end_s = time.monotonic() + within_s
        for address in addresses:
            self._wait_told(address, heard, end_s, lossy=within_s > WITHIN_S)
        self.finds_lamp(end_s - time.monotonic())
        eventually(self._avahi_browses, AVAHI_S, "avahi finds us")
        for address in addresses:
            eventually(lambda a=address: self._avahi_resolves(a), AVAHI_S, f"avahi has {address}")  # type: ignore[misc]
        assert self.daemon.returncode is None
        eventually(lambda: self._tasks() <= tasks, REST_S, f"{tasks} tasks or less")
        eventually(lambda: self._files() <= files, REST_S, f"{files} open files or less")
        eventually(self._idle, REST_S, "the daemon is idle")
        told = [line.text for line in self.daemon.lines[said:]]
        assert len(told) <= lines, told

    def ready(self) -> bool:
        """Whether the daemon has a network."""
        return http(self.pi, "http://127.0.0.1:8620/readyz").status == 200

    def finds_lamp(self, within_s: float = WITHIN_S) -> None:
        """The daemon lists the lamp as online."""
        eventually(
            lambda: services(self.pi).get(LAMP.name, {}).get("state") == "online",
            within_s,
            "we find the lamp",
        )

    def told(self) -> list[set[str]]:
        """The addresses of ours in each packet that gave any, in the order in which they came."""
        packets = [{r["data"] for r in self._ours(line) if r["ttl_s"]} for line in self._heard()]
        return [one for one in packets if one]

    def taken_back(self) -> set[str]:
        """The addresses of ours that were said goodbye to (RFC 6762 §10.1)."""
        return {r["data"] for line in self._heard() for r in self._ours(line) if not r["ttl_s"]}

    def _wait_told(self, address: str, heard: int, end_s: float, *, lossy: bool) -> None:
        """Wait until an address of ours is on the wire, unasked; where packets are lost, asked."""
        while lossy and not any(self._tells(one.text, address) for one in self._ear.lines[heard:]):
            assert time.monotonic() < end_s, f"nobody hears of {address}"
            self._avahi_browses()
        left_s = end_s - time.monotonic()
        self._ear.wait_line(lambda line: self._tells(line, address), left_s, after=heard)

    def _tasks(self) -> int:
        return int(self._status()["tasks"])

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = http(self.pi, "http://127.0.0.1:8620/api/v1/status").body
        return status

    def _heard(self) -> list[str]:
        return [line.text for line in self._ear.lines if line.text.startswith("[")]

    def _ours(self, line: str) -> list[dict[str, Any]]:
        """The address records of our host name in a line of the ear."""
        records = json.loads(line) if line.startswith("[") else []
        kinds = ("A", "AAAA")
        return [r for r in records if r["name"] == self.host_name and r["type"] in kinds]

    def _tells(self, line: str, address: str) -> bool:
        return any(r["data"] == address and r["ttl_s"] > 0 for r in self._ours(line))

    def _avahi_browses(self) -> bool:
        """Whether avahi, asked now, lists us."""
        argv = ["avahi-browse", "--terminate", "--parsable", "--no-db-lookup", "_lanbridge._tcp"]
        return f";{NAME};" in self.lamp.run(argv).stdout

    def _avahi_resolves(self, address: str) -> bool:
        """Whether avahi has this address for our name; it may give the link-local one instead."""
        family = "-6" if ":" in address else "-4"
        argv = ["avahi-resolve-host-name", family, self.host_name]
        given = self.lamp.run(argv, check=False).stdout.rstrip().rpartition("\t")[2]
        return given == address or (":" in address and given.startswith("fe80:"))

    def _files(self) -> int:
        return len(list(Path(f"/proc/{self.daemon.pid}/fd").iterdir()))

    def _idle(self) -> bool:
        before_s = self._cpu_s()
        time.sleep(IDLE_S)
        return self._cpu_s() - before_s <= IDLE_S * IDLE_SHARE

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self.daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ipv4_only(lab: Lab, name: str, segment: str | None = "lan", ipv4: str | None = "auto") -> Host:
    """A host without IPv6, by which it could be found all the same."""
    host = lab.host(name, segment=None)
    host.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
    host.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    if segment is not None:
        host.attach(segment, ipv4=ipv4, ipv6=None)
    return host
