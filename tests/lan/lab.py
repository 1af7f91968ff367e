"""The laboratory: a switch and hosts, each in network, mount and host-name namespaces of its own.

    with Lab() as lab:
        pi = lab.host("pi")
        printer = lab.host("printer")
        printer.avahi([Service("Office printer", "_ipp._tcp", 631)])
        daemon = pi.popen(["lanbridge", "serve"])

Nothing here works outside `tools/lab`, so that no packet can reach a real network.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.lan.host import Host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lan.process import Process

MARKER = Path("/run/lanbridge-lab")
OUTSIDE = (
    "the tests of tests/lan multicast: they run only in the network laboratory; "
    "use `make lan`, or `tools/lab .venv/bin/python -m pytest tests/lan`"
)
DEFAULT_SEGMENT = "lan"


class LabError(RuntimeError):
    """The laboratory cannot be made here."""


def is_inside() -> bool:
    """True if this process runs in the namespaces that tools/lab made."""
    try:
        return MARKER.read_text().strip() == str(Path("/proc/self/ns/net").readlink())
    except OSError:
        return False


class Lab:
    """A small LAN: a switch with segments, and hosts on them."""

    def __init__(self) -> None:
        if not is_inside():
            raise LabError(OUTSIDE)
        self.directory = Path(tempfile.mkdtemp(prefix="lanbridge-lab-"))
        self.hosts: dict[str, Host] = {}
        self._numbers = itertools.count(1)
        self._segments: dict[str, int] = {}
        # The switch is a host without a cable: its bridges carry frames and have no addresses.
        self.switch = Host(self, "switch", number=0)
        self.switch.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.segment(DEFAULT_SEGMENT)

    def segment(self, name: str) -> int:
        """Add a link that only its own hosts share; return its number."""
        if name not in self._segments:
            # No snooping: a querier would have to be on the link for it to work. No spanning
            # tree: its first 15 seconds would eat every packet.
            self.switch.ip(
                f"link add {name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                f"link set {name} up",
            )
            self._segments[name] = len(self._segments)
        return self._segments[name]

    def slow_segment(self, name: str, delay_s: float) -> None:
        """Add a segment from which each frame takes this long to the first one, and back.

        Not netem: many kernels are built without it.
        """
        self.segment(name)
        ends = f"{name}-near", f"{name}-far"
        for end, segment in zip(ends, (DEFAULT_SEGMENT, name), strict=True):
            self.switch.ip(f"tuntap add {end} mode tap", f"link set {end} master {segment} up")
        wire = self.switch.python(["-m", "tests.lan.slow_wire", *ends, str(delay_s)])
        wire.wait_line("^carrying$")

    def host(
        self,
        name: str,
        *,
        ipv4: str | None = "auto",
        ipv6: str | None = "auto",
        segment: str | None = DEFAULT_SEGMENT,
        gateway: str | None = None,
        bridged: bool = False,
        multicast_route: bool = True,
    ) -> Host:
        """Add a host with one interface, eth0 (none if `segment` is None).

        "auto" takes the next address of the segment (10.77.S.N/24 and fd77:0:0:S::N/64). A
        `bridged` host has a bridge as eth0: ciao ignores interfaces that `ip` shows as eth0@if7.
        """
        if name in self.hosts:
            raise LabError(f"there is a host {name!r} already")
        host = Host(self, name, number=next(self._numbers))
        self.hosts[name] = host
        if segment is not None:
            host.attach(
                segment,
                ipv4=ipv4,
                ipv6=ipv6,
                gateway=gateway,
                bridged=bridged,
                multicast_route=multicast_route,
            )
        return host

    @property
    def processes(self) -> Sequence[Process]:
        """What was started on the hosts and has not been collected, oldest first."""
        return [process for host in self.hosts.values() for process in host.processes]

    def describe(self) -> str:
        """Return what every process wrote, for the message of a failed test."""
        return "\n\n".join(
            f"[{host.name}] {process.describe()}"
            for host in self.hosts.values()
            for process in host.processes
        )

    def close(self) -> None:
        """End every process of every host; the namespaces go with the last one."""
        for host in [*self.hosts.values(), self.switch]:
            host.close()
        self.hosts.clear()
        shutil.rmtree(self.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
