"""A host of the laboratory: its cables, its addresses, and the peers it can run."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.lan import avahi, node, resolved
from tests.lan.namespaces import Namespaces
from tests.lan.process import Process, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lan.discovery import Browser, Service
    from tests.lan.lab import Lab


@dataclass
class Interface:
    """One cable from a host to the switch, and the addresses it should have while it is up."""

    name: str
    cable: str
    switch_port: str
    routes: list[str]
    addresses: list[str] = field(default_factory=list)


class Host(Namespaces):
    """One computer on the LAN."""

    def __init__(self, lab: Lab, name: str, *, number: int) -> None:
        super().__init__(name, lab.directory / name)
        self.lab = lab
        self.number = number
        self.interfaces: dict[str, Interface] = {}
        self._cables = itertools.count()
        # Duplicate address detection would keep every IPv6 address unusable for a second or two.
        self.sysctl("net.ipv6.conf.all.accept_dad", 0)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)

    # -- cables and addresses ------------------------------------------------------------------

    def attach(
        self,
        segment: str,
        *,
        name: str | None = None,
        ipv4: str | None = "auto",
        ipv6: str | None = "auto",
        gateway: str | None = None,
        bridged: bool = False,
        multicast_route: bool = True,
    ) -> Interface:
        """Plug a cable to a segment into a new interface: eth0, eth1, ... or `name`."""
        subnet = self.lab.segment(segment)
        index = next(self._cables)
        name = name or f"eth{index}"
        cable = f"port{index}" if bridged else name
        interface = Interface(name, cable, f"p{self.number}-{index}", routes=[])
        if multicast_route:
            # bonjour-service ends with ENETUNREACH on a host without a route for 224.0.0.251.
            interface.routes.append(f"route replace 224.0.0.0/4 dev {name}")
        if gateway is not None:
            interface.routes.append(f"route replace default via {gateway} dev {name}")
        auto = {
            "auto4": f"10.77.{subnet}.{self.number}/24",
            "auto6": f"fd77:0:0:{subnet}::{self.number}/64",
        }
        for wanted, family in ((ipv4, "auto4"), (ipv6, "auto6")):
            if wanted is not None:
                interface.addresses.append(auto[family] if wanted == "auto" else wanted)
        self.lab.switch.ip(
            f"link add {interface.switch_port} type veth peer name {cable} netns {self.pid}",
            f"link set {interface.switch_port} master {segment} up",
        )
        if bridged:
            # A bridge port with IPv6 of its own would take the multicast memberships of eth0.
            self.sysctl(f"net.ipv6.conf.{cable}.disable_ipv6", 1)
            self.ip(
                f"link add {name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                f"link set {cable} master {name} up",
            )
        self.interfaces[name] = interface
        self.set_link(up=True, interface=name)
        return interface

    def detach(self, interface: str = "eth0") -> None:
        """Take an interface out of the host, as a USB adapter is pulled."""
        self.ip(f"link del {self.interfaces.pop(interface).cable}")

    def ip(self, *commands: str) -> None:
        """Run iproute2 commands on this host, in one batch."""
        self.run(["ip", "-batch", "-"], stdin="\n".join(commands) + "\n")

    def sysctl(self, key: str, value: object) -> None:
        """Set a kernel setting of this host, for example net.ipv4.ip_forward."""
        self.run(["sh", "-c", f"echo {value} >/proc/sys/{key.replace('.', '/')}"])

    def set_link(self, *, up: bool, interface: str = "eth0") -> None:
        """Switch an interface off or on, as an administrator does; on brings its addresses back."""
        if not up:
            self.ip(f"link set {interface} down")
            return
        self.ip(f"link set {interface} up")
        for address in self.interfaces[interface].addresses:
            self._apply("replace", address, interface)
        self._apply_routes(interface)
        eventually(lambda: self._has_carrier(interface), what=f"{interface} is up")

    def set_cable(self, *, plugged: bool, interface: str = "eth0") -> None:
        """Pull the cable at the switch, or plug it in again; addresses stay."""
        port = self.interfaces[interface].switch_port
        self.lab.switch.ip(f"link set {port} {'up' if plugged else 'down'}")
        eventually(
            lambda: self._has_carrier(interface) == plugged, what=f"{interface} plugged: {plugged}"
        )

    def add_address(self, address: str, interface: str = "eth0") -> None:
        """Give an interface one more address, written with its prefix length."""
        self.interfaces[interface].addresses.append(address)
        self._apply("replace", address, interface)
        self._apply_routes(interface)

    def del_address(self, address: str, interface: str = "eth0") -> None:
        """Take an address away."""
        self.interfaces[interface].addresses.remove(address)
        self._apply("del", address, interface)

    def move_address(self, old: str, new: str, interface: str = "eth0") -> None:
        """Replace an address by another, as a new DHCP lease does."""
        self.del_address(old, interface)
        self.add_address(new, interface)

    def addresses(self, interface: str = "eth0") -> list[str]:
        """Return what the kernel says the addresses of an interface are, with prefix lengths."""
        shown = json.loads(self.run(["ip", "-json", "address", "show", "dev", interface]).stdout)
        return [f"{info['local']}/{info['prefixlen']}" for info in shown[0]["addr_info"]]

    def lose_packets(self, share: float, interface: str = "eth0") -> None:
        """Lose this share of the packets on a cable, at random, each way; 0 mends it."""
        wired = self.interfaces[interface]
        for host, port in ((self, wired.cable), (self.lab.switch, wired.switch_port)):
            host.run(["tc", "qdisc", "del", "dev", port, "clsact"], check=False)
            if share > 0:
                host.run(["tc", "qdisc", "add", "dev", port, "clsact"])
                # Not netem: many kernels are built without it. Four BPF instructions: take a
                # random number; below the share: drop, else: pass.
                threshold = min(int(share * 2**32), 2**32 - 1)
                program = f"4,32 0 0 4294963256,53 1 0 {threshold},6 0 0 2,6 0 0 0"
                rule = ["bpf", "direct-action", "bytecode", program]
                host.run(["tc", "filter", "add", "dev", port, "ingress", *rule])

    # -- peers ---------------------------------------------------------------------------------

    def avahi(
        self,
        services: Sequence[Service] = (),
        *,
        host_name: str | None = None,
        server: str = "",
        starts: bool = True,
    ) -> Process:
        """Start avahi-daemon, with a D-Bus of its own, publishing these services."""
        name = host_name or self.name
        return avahi.start(self, services, name, server=server, starts=starts)

    def avahi_browse(self, service_type: str) -> Browser:
        """Browse with avahi-browse; this host needs its avahi() first."""
        return avahi.browse(self, service_type)

    def resolved(self) -> Process:
        """Start systemd-resolved, with mDNS on every interface."""
        return resolved.start(self)

    def ciao(self, *services: Service) -> Process:
        """Publish services with @homebridge/ciao; the host must be `bridged`."""
        return node.ciao(self, services)

    def ciao_browse(self, service_type: str) -> Browser:
        """Query with ciao's socket and packet code (it has no browser); `bridged` hosts only."""
        return node.ciao_browse(self, service_type)

    def bonjour_service(self, *services: Service) -> Process:
        """Publish services with bonjour-service."""
        return node.bonjour_service(self, services)

    def bonjour_service_browse(self, service_type: str) -> Browser:
        """Browse with bonjour-service."""
        return node.bonjour_service_browse(self, service_type)

    # -- inside --------------------------------------------------------------------------------

    def _apply(self, action: str, address: str, interface: str) -> None:
        self.ip(f"address {action} {address} dev {interface}")

    def _apply_routes(self, interface: str) -> None:
        # The kernel forgets routes when an interface goes down or loses its last IPv4 address.
        if any("." in address for address in self.interfaces[interface].addresses):
            self.ip(*self.interfaces[interface].routes)

    def _has_carrier(self, interface: str) -> bool:
        shown = json.loads(self.run(["ip", "-json", "link", "show", "dev", interface]).stdout)
        return "LOWER_UP" in shown[0]["flags"]
