"""A snapshot of this host's interfaces: ifaddr for addresses, netifaces for gateways.

ifaddr knows the interface index and the prefix lengths, netifaces the default gateways and
nothing that ifaddr lacks besides; where there is no wheel of it, gateways are unknown.
"""

import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface, ip_address
from pathlib import Path
from typing import NamedTuple

import ifaddr

from lanbridge.core.addresses import Address, Interface, NetworkInterface, NetworkState
from lanbridge.network.policy import decide

_LINUX = sys.platform.startswith("linux")
_SIOCGIFFLAGS, _SIOCGIFMTU, _SIOCGIFHWADDR = 0x8913, 0x8921, 0x8927
_UP_AND_RUNNING = 0x1 | 0x40  # IFF_UP, IFF_RUNNING: without a carrier nothing is heard
_LOOPBACK, _POINT_TO_POINT, _MULTICAST = 0x8, 0x10, 0x1000

_IF_INET6 = Path("/proc/net/if_inet6")
_NOT_OURS_YET = 0x40 | 0x08  # IFA_F_TENTATIVE, _DADFAILED: duplicate address detection
# IFA_F_TEMPORARY, _DEPRECATED. A privacy address is another one tomorrow (RFC 8981): told to the
# network, each change of it would be an announcement, and a peer's next connection might fail.
_PASSING = 0x01 | 0x20
_CARRIER_CHANGES = "/sys/class/net/{}/carrier_changes"


class _Link(NamedTuple):
    flags: int
    mtu_bytes: int | None
    mac: str | None
    carrier_changes: int | None


def snapshot(include: Sequence[str] = (), exclude: Sequence[str] = ()) -> NetworkState:
    """Every interface of this host, with what the policy says of each.

    include, exclude: shell patterns of interface names, see `network.policy.decide`.
    """
    not_ours_yet, passing = _ipv6_flags()
    interfaces = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for (name, index), ips in _adapters().items():
            link = _link(probe, name)
            if link is None:  # gone between the two questions
                continue
            ours = [one for ip in ips if (one := _address(ip, name)) not in not_ours_yet]
            addresses = tuple(one for one in ours if one not in passing)
            properties = {
                "up": link.flags & _UP_AND_RUNNING == _UP_AND_RUNNING,
                "loopback": bool(link.flags & _LOOPBACK),
                "multicast": bool(link.flags & _MULTICAST),
                "point_to_point": bool(link.flags & _POINT_TO_POINT),
            }
            used, why = decide(
                name, **properties, has_address=bool(addresses), include=include, exclude=exclude
            )
            interfaces.append(
                NetworkInterface(
                    name=name,
                    index=index,
                    addresses=addresses,
                    mac=link.mac,
                    mtu_bytes=link.mtu_bytes,
                    **properties,
                    used=used,
                    why=why,
                    passing=tuple(one for one in ours if one in passing),
                    carrier_changes=link.carrier_changes,
                )
            )
    return NetworkState(
        interfaces=tuple(sorted(interfaces, key=lambda one: one.index)), gateways=_gateways()
    )


def _adapters() -> dict[tuple[str, int], list[ifaddr.IP]]:
    """The addresses by interface.

    One with a label, `ip address add … label eth0:1`, ifaddr lists under an interface of that
    name; but the link is eth0, and there is one only.
    """
    found: dict[tuple[str, int], list[ifaddr.IP]] = {}
    for adapter in ifaddr.get_adapters(include_unconfigured=True):
        name = adapter.nice_name.partition(":")[0] if _LINUX else adapter.nice_name
        found.setdefault((name, adapter.index or 0), []).extend(adapter.ips)
    return found


def _address(ip: ifaddr.IP, name: str) -> Interface:
    if isinstance(ip.ip, str):
        return IPv4Interface((ip.ip, ip.network_prefix))
    address = IPv6Address(ip.ip[0])
    scope = f"%{name}" if address.is_link_local else ""
    return IPv6Interface((f"{address}{scope}", ip.network_prefix))


def _link(probe: socket.socket, name: str) -> _Link | None:
    if not _LINUX:
        flags = _UP_AND_RUNNING | (_LOOPBACK if name.startswith("lo") else _MULTICAST)
        return _Link(flags, None, None, None)
    import fcntl

    def ask(request: int) -> bytes:
        return fcntl.ioctl(probe, request, struct.pack("256s", name.encode()[:15]))

    try:
        flags = struct.unpack_from("H", ask(_SIOCGIFFLAGS), 16)[0]
        mtu_bytes = struct.unpack_from("i", ask(_SIOCGIFMTU), 16)[0]
        mac = ask(_SIOCGIFHWADDR)[18:24]
    except OSError:
        return None
    return _Link(flags, mtu_bytes, mac.hex(":") if any(mac) else None, _carrier_changes(name))


def _carrier_changes(name: str) -> int | None:
    """None where the kernel does not say, or its /sys is not there."""
    try:
        return int(Path(_CARRIER_CHANGES.format(name)).read_text())
    except (OSError, ValueError):
        return None


def _ipv6_flags() -> tuple[set[Interface], set[Interface]]:
    """The addresses that are not ours yet, and those that are ours and not for long."""
    not_ours_yet: set[Interface] = set()
    passing: set[Interface] = set()
    try:
        lines = _IF_INET6.read_text().splitlines()
    except OSError:
        return not_ours_yet, passing
    for packed, _index, prefix, _scope, text, name in map(str.split, lines):
        flags = int(text, 16)
        if flags & (_NOT_OURS_YET | _PASSING):
            address = ip_address(bytes.fromhex(packed))
            scope = f"%{name}" if address.is_link_local else ""
            found = IPv6Interface(f"{address}{scope}/{int(prefix, 16)}")
            (not_ours_yet if flags & _NOT_OURS_YET else passing).add(found)
    return not_ours_yet, passing


def _gateways() -> tuple[Address, ...]:
    try:
        import netifaces
    except ImportError:
        return ()
    routes = netifaces.gateways()
    return tuple(
        ip_address(route[0])
        for family in (netifaces.AF_INET, netifaces.AF_INET6)
        for route in routes.get(family, ())
        if isinstance(route, tuple)
    )
