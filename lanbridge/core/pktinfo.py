"""Which interface and address a datagram came to, and its hop limit: RFC 3542 §6, and IPv4's like.

Pure: `OPTIONS` is what a socket has to be asked for, `read` takes what `recvmsg` then hands out
beside the data, and `reply` is what `sendmsg` takes. The socket module lends its constants only.
"""

import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

_LINUX = sys.platform.startswith("linux")
# linux/in.h and macOS netinet/in.h; Python names them from 3.14 on.
_IP_PKTINFO = 8 if _LINUX else 26
_IP_RECVTTL = 12 if _LINUX else 24
_IP_TTL = 2 if _LINUX else 24
_HOPS = ((socket.IPPROTO_IP, _IP_TTL), (socket.IPPROTO_IPV6, socket.IPV6_HOPLIMIT))

OPTIONS: dict[int, tuple[tuple[int, int], ...]] = {
    socket.AF_INET: ((socket.IPPROTO_IP, _IP_PKTINFO), (socket.IPPROTO_IP, _IP_RECVTTL)),
    socket.AF_INET6: (
        (socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO),
        (socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT),
    ),
}
"""(level, option) pairs to set to 1, by address family."""

ANCILLARY_BYTES = socket.CMSG_SPACE(20) + socket.CMSG_SPACE(4)
"""Room for in6_pktinfo and a hop limit, the larger of the two families."""


class Arrival(NamedTuple):
    """What the kernel did not tell is None, or 0 for the interface's index."""

    destination: IPv4Address | IPv6Address | None = None
    interface: int = 0
    hops: int | None = None


def read(ancillary: Sequence[tuple[int, int, bytes]]) -> Arrival:
    """The arrival that `recvmsg` described; `destination` is the one in the IP header."""
    destination: IPv4Address | IPv6Address | None = None
    interface, hops = 0, None
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            interface, destination = struct.unpack_from("@I", data)[0], IPv4Address(data[8:12])
        elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            interface, destination = struct.unpack_from("@I", data, 16)[0], IPv6Address(data[:16])
        elif (level, kind) in _HOPS:
            hops = int.from_bytes(data, sys.byteorder)  # an int on Linux, one byte on macOS
    return Arrival(destination, interface, hops)


def reply(arrival: Arrival) -> list[tuple[int, int, bytes]]:
    """Ancillary data that sends from the address, and by the interface, of `arrival`."""
    match arrival.destination:
        case IPv4Address(packed=packed):
            info = struct.pack("@I4s4x", arrival.interface, packed)
            return [(socket.IPPROTO_IP, _IP_PKTINFO, info)]
        case IPv6Address(packed=packed):
            info = struct.pack("@16sI", packed, arrival.interface)
            return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, info)]
    return []
