"""UDP sockets on port 5353, one per link and address family (RFC 6762 §3, §11, §15).

Each socket joins the group on its own link and is told, packet by packet, by which interface
and to which address a datagram came: the rules about off-link senders need both.
"""

import contextlib
import errno
import socket
import struct
import sys
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from lanbridge.core import pktinfo
from lanbridge.core.errors import MdnsUnavailable

PORT = 5353
GROUP_V4 = IPv4Address("224.0.0.251")
GROUP_V6 = IPv6Address("ff02::fb")

_LINUX = sys.platform.startswith("linux")
_IP_MULTICAST_ALL = 49  # Linux: deliver only what this socket joined
_IPV6_MULTICAST_ALL = 29

# A burst of answers from a whole LAN arrives within milliseconds; the kernel keeps it for us.
_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
_BATCH = 64  # datagrams read per wake-up, so that one busy link cannot hold the loop


class Datagram(NamedTuple):
    """`scope`: index of the interface it came in by; `multicast`: it was sent to a group."""

    data: bytes
    source: IPv4Address | IPv6Address
    port: int
    scope: int
    multicast: bool


class LinkSocket:
    """One family on one link. Raises MdnsUnavailable where the port or the group is refused."""

    def __init__(self, interface: str, index: int, family: socket.AddressFamily) -> None:
        self.interface = interface
        self.index = index
        self.family = family
        self.sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._bind()
            self._join()
        except OSError as error:
            self.sock.close()
            raise _unavailable(error, interface) from error

    def close(self) -> None:
        self.sock.close()

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, packet: bytes, to: tuple[str, int] | None = None) -> None:
        """Multicast a packet on this link, or send it to one host on it.

        What cannot be sent now (no carrier, full buffer) is lost, as on any network; mDNS
        repeats what matters.
        """
        if self.family == socket.AF_INET:
            address: tuple[str, int] | tuple[str, int, int, int] = to or (str(GROUP_V4), PORT)
        else:
            host, port = to or (str(GROUP_V6), PORT)
            address = (host.partition("%")[0], port, 0, self.index)
        try:
            self.sock.sendto(packet, address)
        except OSError as error:
            if error.errno == errno.EBADF:
                raise

    def rejoin(self) -> None:
        """Leave the group and join it again, which makes the kernel report the membership.

        A switch or access point that snoops on these reports forgets members after minutes where
        no router asks for them, and a roaming Wi-Fi client is unknown to its new access point.
        With IGMPv3 and MLDv2 leave and join become one report, the join.
        """
        level, leave, join, membership = self._membership()
        for option in (leave, join):
            with contextlib.suppress(OSError):  # not a member, or the link has just gone
                self.sock.setsockopt(level, option, membership)

    def read(self, receive: Callable[[Datagram], None]) -> None:
        """Hand every waiting datagram to `receive`, at most a batch."""
        for _ in range(_BATCH):
            try:
                data, ancillary, _, sender = self.sock.recvmsg(9_216, pktinfo.ANCILLARY_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error of an earlier send; the next read is clean
                continue
            interface, multicast = _arrival(tuple(ancillary))
            source = _address(sender[0])
            receive(Datagram(data, source, sender[1], interface or self.index, multicast))

    def _bind(self) -> None:
        sock = self.sock
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not _LINUX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
        if self.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind(("", PORT))
        except OSError as error:
            # On Linux SO_REUSEADDR shares the port with every stack that sets it too, and keeps
            # us out of a SO_REUSEPORT group, in which the kernel would deal unicast answers out
            # among the members. A stack with SO_REUSEPORT alone wants the same of us.
            if error.errno != errno.EADDRINUSE or not _LINUX:
                raise
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.bind(("", PORT))

    def _join(self) -> None:
        sock = self.sock
        for level, option in pktinfo.OPTIONS[self.family]:
            sock.setsockopt(level, option, 1)
        level, _, join, membership = self._membership()
        if self.family == socket.AF_INET:
            if _LINUX:
                sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
            sock.setsockopt(level, join, membership)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, membership)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)  # RFC 6762 §11
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        else:
            index = struct.pack("@I", self.index)
            if _LINUX:
                sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
            sock.setsockopt(level, join, membership)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)

    def _membership(self) -> tuple[int, int, int, bytes]:
        """(level, option to leave, option to join, the group on this link)."""
        index = struct.pack("@I", self.index)
        if self.family == socket.AF_INET:
            options = socket.IPPROTO_IP, socket.IP_DROP_MEMBERSHIP, socket.IP_ADD_MEMBERSHIP
            return *options, GROUP_V4.packed + bytes(4) + index
        options = socket.IPPROTO_IPV6, socket.IPV6_LEAVE_GROUP, socket.IPV6_JOIN_GROUP
        return *options, GROUP_V6.packed + index


# A LAN has few senders and they say the same to us each time; the sizes bound what strangers,
# who may make up both, can fill.
_address = lru_cache(maxsize=1_024)(ip_address)


@lru_cache(maxsize=256)
def _arrival(ancillary: tuple[tuple[int, int, bytes], ...]) -> tuple[int, bool]:
    """The interface by which a datagram came (0: not told), and whether it was sent to a group."""
    arrival = pktinfo.read(ancillary)
    return arrival.interface, arrival.destination is None or arrival.destination.is_multicast


def _unavailable(error: OSError, interface: str) -> MdnsUnavailable:
    match error.errno:
        case errno.EADDRINUSE:
            return MdnsUnavailable(
                "UDP 5353",
                "another mDNS stack holds it for itself alone",
                "find it with `ss -ulpn sport = 5353`; for avahi set disallow-other-stacks=no",
            )
        case errno.EACCES | errno.EPERM:
            return MdnsUnavailable(
                "UDP 5353", "this process is not allowed to bind it", "check its sandbox"
            )
        case errno.ENOBUFS:
            return MdnsUnavailable(
                interface,
                "the kernel's limit of multicast memberships is reached",
                "raise it with `sysctl net.ipv4.igmp_max_memberships=1024`",
            )
    return MdnsUnavailable(interface, f"cannot join the mDNS group there ({error.strerror})")
