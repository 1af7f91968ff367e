"""Ancillary data: read from bytes, and written as the kernel takes it back."""

import socket
from ipaddress import ip_address

import pytest

from lanbridge.core.pktinfo import ANCILLARY_BYTES, OPTIONS, Arrival, read, reply


@pytest.mark.parametrize(
    "arrival",
    [Arrival(ip_address("192.168.1.5"), 2), Arrival(ip_address("fe80::5"), 70_000)],
    ids=str,
)
def test_a_reply_reads_as_its_arrival(arrival: Arrival) -> None:
    """What sends a reply names the address and the interface that the datagram came to."""
    ((level, kind, data),) = reply(arrival)
    if level == socket.IPPROTO_IP:
        data = data[:8] + data[4:8]  # the kernel wants ipi_spec_dst, and tells in ipi_addr
    assert read([(level, kind, data)]) == arrival


def test_what_the_kernel_did_not_tell_is_absent() -> None:
    """No ancillary data, or data of other kinds, leave the defaults, and ask for nothing."""
    assert read([]) == Arrival(None, 0, None)
    assert read([(socket.SOL_SOCKET, 29, bytes(16))]) == Arrival()
    assert reply(Arrival()) == []


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_kernel_tells(family: socket.AddressFamily) -> None:
    """A real datagram over loopback tells its destination, its interface and its hop limit."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    with socket.socket(family, socket.SOCK_DGRAM) as here:
        for level, option in OPTIONS[family]:
            here.setsockopt(level, option, 1)
        here.bind((host, 0))
        with socket.socket(family, socket.SOCK_DGRAM) as there:
            if family == socket.AF_INET:
                there.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 8)
            else:
                there.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 8)
            there.sendto(b"hello", here.getsockname())
        _, ancillary, flags, _ = here.recvmsg(64, ANCILLARY_BYTES)
    assert not flags & socket.MSG_CTRUNC
    assert read(ancillary) == Arrival(ip_address(host), socket.if_nametoindex("lo"), 8)
