"""A host of the laboratory: its cables and addresses, what runs on it, its peers."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lan import avahi, node
from tests.lan.process import Process, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.lan.discovery import Browser, Service
    from tests.lan.lab import Lab

REPOSITORY = Path(__file__).parents[2]

# What makes the namespaces of a host. It holds them open by sleeping in them: when the last
# process of a host ends, the kernel takes its namespaces, interfaces and mounts away.
# Nothing of the machine's own state is visible: /run (D-Bus, avahi), /var/lib and /etc/lanbridge
# are empty, and the host has a name and a machine id of its own, as two computers have.
HOLD = """
hostname "$1"
mount -t tmpfs tmpfs /run
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /var/lib
[ ! -d /etc/lanbridge ] || mount -t tmpfs tmpfs /etc/lanbridge
mkdir -p /run/dbus /run/avahi-daemon /var/lib/dbus
echo "$2" >/run/machine-id
cp /run/machine-id /var/lib/dbus/machine-id
[ ! -f /etc/machine-id ] || mount --bind /run/machine-id /etc/machine-id
ip link set lo up
echo held
exec sleep infinity
"""


class CommandError(AssertionError):
    """A command on a host failed; the message holds its output."""


@dataclass
class Interface:
    """One cable from a host to the switch, and the addresses it should have while it is up."""

    name: str
    cable: str
    switch_port: str
    routes: list[str]
    addresses: list[str] = field(default_factory=list)


class Host:
    """One computer on the LAN."""

    def __init__(self, lab: Lab, name: str, *, number: int) -> None:
        self.lab = lab
        self.name = name
        self.number = number
        self.directory = lab.directory / name
        self.directory.mkdir()
        self.interfaces: dict[str, Interface] = {}
        self.processes: list[Process] = []
        self.environment = self._environment()
        namespaces = ["unshare", "--net", "--uts", "--mount", "--propagation", "private"]
        machine_id = uuid.uuid5(uuid.NAMESPACE_DNS, name).hex
        self._holder = Process(
            [*namespaces, "sh", "-euc", HOLD, "hold", name, machine_id],
            name="namespaces",
            env=self.environment,
        )
        self._holder.wait_line("^held$")
        self._enter = [
            *("nsenter", f"--target={self._holder.pid}", "--net", "--uts", "--mount"),
            f"--wdns={Path.cwd()}",
        ]
        # Duplicate address detection would keep every IPv6 address unusable for a second or two.
        self.sysctl("net.ipv6.conf.all.accept_dad", 0)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)

    # -- programs ------------------------------------------------------------------------------

    def run(
        self,
        argv: Sequence[str | Path],
        *,
        timeout_s: float = 30.0,
        check: bool = True,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this host to its end."""
        words = [str(word) for word in argv]
        done = subprocess.run(
            [*self._enter, *words],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env={**self.environment, **(env or {})},
            check=False,
        )
        if check and done.returncode != 0:
            raise CommandError(
                f"[{self.name}] {shlex.join(words)} ended with {done.returncode}\n"
                f"{done.stdout}{done.stderr}"
            )
        return done

    def popen(
        self,
        argv: Sequence[str | Path],
        *,
        name: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program on this host; the laboratory ends it at the latest in close()."""
        words = [str(word) for word in argv]
        process = Process(
            words,
            name=name or Path(words[0]).name,
            env={**self.environment, **(env or {})},
            enter=self._enter,
        )
        self.processes.append(process)
        return process

    def python(self, argv: Sequence[str | Path]) -> Process:
        """Start a Python program with the interpreter of the tests."""
        return self.popen([sys.executable, "-u", *argv])

    def shell(self, argv: Sequence[str], env: Mapping[str, str]) -> int:
        """Run an interactive program on the terminal of this process."""
        return subprocess.call([*self._enter, *argv], env={**self.environment, **env})

    @property
    def entry(self) -> str:
        """The words of a shell command that enter this host."""
        return shlex.join(self._enter)

    # -- cables and addresses ------------------------------------------------------------------

    def attach(
        self,
        segment: str,
        *,
        ipv4: str | None = "auto",
        ipv6: str | None = "auto",
        gateway: str | None = None,
        bridged: bool = False,
        multicast_route: bool = True,
    ) -> Interface:
        """Plug a cable to a segment into a new interface: eth0, eth1, ..."""
        subnet = self.lab.segment(segment)
        index = len(self.interfaces)
        name = f"eth{index}"
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
            f"link add {interface.switch_port} type veth"
            f" peer name {cable} netns {self._holder.pid}",
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

    def avahi(self, services: Sequence[Service] = (), *, host_name: str | None = None) -> Process:
        """Start avahi-daemon, with a D-Bus of its own, publishing these services."""
        return avahi.start(self, services, host_name or self.name)

    def avahi_browse(self, service_type: str) -> Browser:
        """Browse with avahi-browse; this host needs its avahi() first."""
        return avahi.browse(self, service_type)

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

    # -- end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """End whatever runs in this host's network namespace, by process id, then the host."""
        # Until none is left, for a program may start another while this goes round.
        while programs := [pid for pid in self.pids() if pid != self._holder.pid]:
            for pid in programs:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()
        self._holder.kill()

    def pids(self) -> list[int]:
        """Return the ids of all processes in this host's network namespace."""
        return pids_in(self.namespace)

    @property
    def namespace(self) -> str:
        """The network namespace of this host, as the kernel names it."""
        return str(Path(f"/proc/{self._holder.pid}/ns/net").readlink())

    # -- inside --------------------------------------------------------------------------------

    def _environment(self) -> dict[str, str]:
        # Without what would lead a program off its host: proxies, the desktop's bus and folders.
        off_host = ("LANBRIDGE_", "DBUS_", "XDG_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(off_host)}
        tools = [str(Path(sys.executable).parent), os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]
        return {
            **kept,
            "PATH": os.pathsep.join(tools),
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
        }

    def _apply(self, action: str, address: str, interface: str) -> None:
        self.ip(f"address {action} {address} dev {interface}")

    def _apply_routes(self, interface: str) -> None:
        # The kernel forgets routes when an interface goes down or loses its last IPv4 address.
        if any("." in address for address in self.interfaces[interface].addresses):
            self.ip(*self.interfaces[interface].routes)

    def _has_carrier(self, interface: str) -> bool:
        shown = json.loads(self.run(["ip", "-json", "link", "show", "dev", interface]).stdout)
        return "LOWER_UP" in shown[0]["flags"]


def pids_in(namespace: str) -> list[int]:
    """Return the ids of the processes in a network namespace."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str((entry / "ns/net").readlink()) == namespace:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found
