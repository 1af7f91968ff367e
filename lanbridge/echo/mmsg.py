"""Linux's recvmmsg(2) and sendmmsg(2): a batch of datagrams in one system call each way.

Through ctypes, for Python has no words for them. Structures are as in <bits/socket.h>.
"""

import ctypes
import socket
import struct
from collections.abc import Hashable, Iterator
from ctypes import c_char, c_int, c_size_t, c_uint, c_uint32, c_void_p
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from lanbridge.core import pktinfo
from lanbridge.echo.batches import BATCH, Ancillary, Headers

_MSG_DONTWAIT = 0x40
_CMSG = struct.Struct("@Lii")  # cmsg_len, which counts this head too, cmsg_level, cmsg_type
_WORD = struct.calcsize("@L")
# struct sockaddr_in without its padding, and struct sockaddr_in6; the port is in network order.
_NAME_ROOM = 28
_NAME_BYTES = {socket.AF_INET: 8, socket.AF_INET6: 28}


class _Iovec(ctypes.Structure):
    _fields_ = (("base", c_void_p), ("length", c_size_t))


class _Msghdr(ctypes.Structure):
    _fields_ = (
        ("name", c_void_p),
        ("name_length", c_uint32),
        ("iov", c_void_p),
        ("iov_length", c_size_t),
        ("control", c_void_p),
        ("control_length", c_size_t),
        ("flags", c_int),
    )


class _Mmsghdr(ctypes.Structure):
    _fields_ = (("header", _Msghdr), ("length", c_uint))


# Where the fields are that change from one datagram to the next, in words and in ints.
_STEP = ctypes.sizeof(_Mmsghdr) // _WORD
_CONTROL = _Msghdr.control.offset // _WORD
_CONTROL_LENGTH = _Msghdr.control_length.offset // _WORD
_INTS_STEP = ctypes.sizeof(_Mmsghdr) // 4
_LENGTH = _Mmsghdr.length.offset // 4


class _Packed(NamedTuple):
    """Ancillary data in memory that stays."""

    address: int
    length: int
    memory: object


class LinuxBatch:
    """Each datagram has its place, and is sent back from there."""

    def __init__(self, sock: socket.socket, room_bytes: int) -> None:
        self._family = sock.family
        self._descriptor = sock.fileno()
        libc = ctypes.CDLL(None)
        self._receive, self._send = libc.recvmmsg, libc.sendmmsg
        self._receive.argtypes = (c_int, c_void_p, c_uint, c_int, c_void_p)
        self._send.argtypes = (c_int, c_void_p, c_uint, c_int)
        self._data = (c_char * (room_bytes * BATCH))()
        names = (c_char * (_NAME_ROOM * BATCH))()
        controls = (c_char * (pktinfo.ANCILLARY_BYTES * BATCH))()
        parts, messages = (_Iovec * BATCH)(), (_Mmsghdr * BATCH)()
        for number in range(BATCH):
            parts[number].base = ctypes.addressof(self._data) + number * room_bytes
            parts[number].length = room_bytes
            header = messages[number].header
            header.name = ctypes.addressof(names) + number * _NAME_ROOM
            header.name_length = _NAME_ROOM
            header.iov = ctypes.addressof(parts) + number * ctypes.sizeof(_Iovec)
            header.iov_length = 1
            header.control = ctypes.addressof(controls) + number * pktinfo.ANCILLARY_BYTES
            header.control_length = pktinfo.ANCILLARY_BYTES
        self._messages_at = ctypes.addressof(messages)
        # The same memory as numbers: that costs less than the fields of a structure.
        self._names = memoryview(names).cast("B")
        self._controls = memoryview(controls).cast("B")
        self._messages = memoryview(messages).cast("B")
        self._words, self._ints = self._messages.cast("L"), self._messages.cast("I")
        self._parts = memoryview(parts).cast("B").cast("L")
        self._empty = bytes(self._messages), bytes(self._parts.cast("B"))
        self._name_bytes = _NAME_BYTES[sock.family]
        self._count = self._queued = 0

    def read(self) -> int:
        messages, parts = self._empty
        self._messages[:], self._parts.cast("B")[:] = messages, parts
        count: int = self._receive(self._descriptor, self._messages_at, BATCH, _MSG_DONTWAIT, None)
        # -1: nothing is there, or an ICMP error of an earlier reply, and the next read is clean.
        return max(0, count)

    def about(self, number: int) -> tuple[Hashable, int]:
        name, control = number * _NAME_ROOM, number * pktinfo.ANCILLARY_BYTES
        length = self._words[number * _STEP + _CONTROL_LENGTH]
        key = bytes(self._names[name : name + self._name_bytes])
        key += self._controls[control : control + length]
        return key, self._ints[number * _INTS_STEP + _LENGTH]

    def headers(self, number: int) -> Headers:
        name = self._names[number * _NAME_ROOM :]
        port = int.from_bytes(name[2:4], "big")
        source: IPv4Address | IPv6Address
        if self._family == socket.AF_INET:
            source = IPv4Address(bytes(name[4:8]))
        else:
            scope = struct.unpack_from("@I", name, 24)[0]
            source = IPv6Address(bytes(name[8:24]))
            source = IPv6Address(f"{source}%{scope}") if scope else source
        at = number * pktinfo.ANCILLARY_BYTES
        control = self._controls[at : at + self._words[number * _STEP + _CONTROL_LENGTH]]
        return Headers(source, port, pktinfo.read(list(_unpacked(control))))

    def packed(self, ancillary: Ancillary) -> _Packed:
        data = b"".join(map(_packed, ancillary))
        memory = ctypes.create_string_buffer(data, len(data))
        return _Packed(ctypes.addressof(memory), len(data), memory)

    def send_back(self, number: int, packed: _Packed) -> None:
        self._parts[2 * number + 1] = self._ints[number * _INTS_STEP + _LENGTH]
        to, at = self._queued * _STEP, number * _STEP
        if to != at:  # one before it is not sent back
            self._words[to : to + _STEP] = self._words[at : at + _STEP]
        self._words[to + _CONTROL] = packed.address
        self._words[to + _CONTROL_LENGTH] = packed.length
        self._queued += 1

    def flush(self) -> tuple[int, int]:
        sent = unsent = 0
        while sent + unsent < self._queued:
            at = self._messages_at + (sent + unsent) * ctypes.sizeof(_Mmsghdr)
            left = self._queued - sent - unsent
            count = self._send(self._descriptor, at, left, _MSG_DONTWAIT)
            if count < 1:  # the first of them is not taken
                unsent += 1
            else:
                sent += count
        self._queued = 0
        return sent, unsent


def _unpacked(control: memoryview) -> Iterator[tuple[int, int, bytes]]:
    """cmsg(3)."""
    while len(control) >= _CMSG.size:
        length, level, kind = _CMSG.unpack_from(control)
        if length < _CMSG.size:
            return
        yield level, kind, bytes(control[_CMSG.size : length])
        control = control[_aligned(length) :]


def _packed(one: tuple[int, int, bytes]) -> bytes:
    level, kind, data = one
    length = _CMSG.size + len(data)
    return (_CMSG.pack(length, level, kind) + data).ljust(_aligned(length), b"\0")


def _aligned(length: int) -> int:
    return -(-length // _WORD) * _WORD
