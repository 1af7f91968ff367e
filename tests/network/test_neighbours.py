"""The neighbour table, from bytes as the kernel sends them."""

import errno
import socket
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from lanbridge.core.addresses import Address
from lanbridge.network import neighbours as module
from lanbridge.network.neighbours import neighbours, read

MAC = "b8:27:eb:00:00:01"
REACHABLE, FAILED, INCOMPLETE = 0x02, 0x20, 0x01


def attribute(kind: int, value: bytes) -> bytes:
    """One, padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def message(address: str, mac: str | None = MAC, state: int = REACHABLE, kind: int = 28) -> bytes:
    """One neighbour on interface 2."""
    packed = ip_address(address).packed
    body = struct.pack("=BxxxiHBB", 2 if len(packed) == 4 else 10, 2, state, 0, 1)
    body += attribute(1, packed)
    if mac is not None:
        body += attribute(2, bytes.fromhex(mac.replace(":", "")))
    body += attribute(3, bytes(16))  # NDA_CACHEINFO
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def table(*messages: bytes) -> dict[Address, str]:
    """What one datagram says, on a host with eth0 as interface 2."""
    found: dict[Address, str] = {}
    assert read(b"".join(messages), {2: "eth0"}, found)
    return found


def test_ipv4_and_ipv6_neighbours() -> None:
    """A link-local address is one of its link."""
    assert table(message("10.0.0.7"), message("fd00::7"), message("fe80::7")) == {
        IPv4Address("10.0.0.7"): MAC,
        IPv6Address("fd00::7"): MAC,
        IPv6Address("fe80::7%eth0"): MAC,
    }


@pytest.mark.parametrize(
    "useless",
    [
        message("10.0.0.7", state=FAILED),
        message("10.0.0.7", state=INCOMPLETE),
        message("10.0.0.7", mac=None),
        message("10.0.0.7", mac="00:00:00:00:00:00"),
        message("10.0.0.7", mac="00:00:00:00:00:00:00:01"),
        message("10.0.0.7", kind=24),
    ],
    ids=["failed", "incomplete", "no address", "zeros", "infiniband", "a route"],
)
def test_what_says_nothing_is_left_out(useless: bytes) -> None:
    """And the rest of the datagram is read."""
    assert table(useless, message("10.0.0.8")) == {IPv4Address("10.0.0.8"): MAC}


@pytest.mark.parametrize("kind", [2, 3])
def test_the_end_of_the_dump(kind: int) -> None:
    """NLMSG_DONE, or an error."""
    assert not read(struct.pack("=IHHII", 20, kind, 2, 1, 0) + bytes(4), {}, {})


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_datagram_that_is_cut_is_read_as_far_as_it_goes(cut: int) -> None:
    """No byte count makes it raise or run for ever."""
    read(message("10.0.0.7")[:cut], {}, {})
    read(bytes(cut), {}, {})


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers for made-up addresses."""
    monkeypatch.setattr(module, "MAX_NEIGHBOURS", 2)
    assert len(table(*(message(f"10.0.0.{number}") for number in range(1, 9)))) == 2


def test_where_no_descriptor_is_left_nobody_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attack: open so many connections that there is none; the daemon goes on."""

    def if_nameindex() -> list[tuple[int, str]]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "if_nameindex", if_nameindex)
    assert neighbours() == {}


def test_this_host_answers() -> None:
    """Whatever it knows, and without an error."""
    assert all(len(mac) == 17 for mac in neighbours().values())
