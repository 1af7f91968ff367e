"""The kernel's neighbour table: which hardware address is behind an IP address on a link."""

import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from lanbridge.core.addresses import Address

_RTM_GETNEIGH, _RTM_NEWNEIGH = 30, 28
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_NDA_DST, _NDA_LLADDR = 1, 2
_UNUSABLE = 0x01 | 0x20 | 0x40  # NUD_INCOMPLETE, _FAILED, _NOARP
_HEAD = struct.Struct("=IHHII")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")
_TIMEOUT_S = 1.0
MAX_NEIGHBOURS = 8_192  # whoever answers for made-up addresses fills the kernel's table first


def neighbours() -> dict[Address, str]:
    """Hardware addresses by IP address, link-local ones with their scope; empty where untold."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        return {}
    found: dict[Address, str] = {}
    try:
        names = dict(socket.if_nameindex())
        with socket.socket(family, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
            sock.settimeout(_TIMEOUT_S)
            body = _NEIGHBOUR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
            flags = _NLM_F_REQUEST | _NLM_F_DUMP
            sock.send(_HEAD.pack(_HEAD.size + len(body), _RTM_GETNEIGH, flags, 1, 0) + body)
            more = True
            while more:
                data = sock.recv(65_536)
                more = bool(data) and read(data, names, found)
    except OSError:  # no descriptor left, no netlink, or a table that changed under us
        return found
    return found


def read(data: bytes, names: dict[int, str], found: dict[Address, str]) -> bool:
    """Put the neighbours of one datagram into `found`; False if it was the last."""
    at = 0
    while at + _HEAD.size <= len(data):
        length, kind, *_ = _HEAD.unpack_from(data, at)
        if kind in (_NLMSG_DONE, _NLMSG_ERROR) or length < _HEAD.size:
            return False
        if kind == _RTM_NEWNEIGH and min(length, len(data) - at) >= _HEAD.size + _NEIGHBOUR.size:
            _take(data[at + _HEAD.size : at + length], names, found)
        at += (length + 3) & ~3
    return True


def _take(message: bytes, names: dict[int, str], found: dict[Address, str]) -> None:
    _family, index, state, *_ = _NEIGHBOUR.unpack_from(message)
    held = dict(_attributes(message[_NEIGHBOUR.size :]))
    address, mac = held.get(_NDA_DST), held.get(_NDA_LLADDR)
    if state & _UNUSABLE or address is None or mac is None or len(mac) != 6 or not any(mac):
        return
    if len(found) >= MAX_NEIGHBOURS:
        return
    if len(address) == 4:
        found[IPv4Address(address)] = mac.hex(":")
    elif len(address) == 16:
        ip = IPv6Address(address)
        scope = f"%{names[index]}" if ip.is_link_local and index in names else ""
        found[IPv6Address(f"{ip}{scope}")] = mac.hex(":")


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            return
        yield kind, data[at + 4 : at + length]
        at += (length + 3) & ~3
