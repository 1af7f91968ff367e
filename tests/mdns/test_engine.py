"""The door: which packets are let in (RFC 6762 §5.5, §6, §11, §18)."""

from ipaddress import ip_address

import pytest

from lanbridge.core.addresses import NetworkState
from lanbridge.core.records import Question, Record, RecordType
from lanbridge.mdns.engine import MAX_WAS, Engine, Packet
from lanbridge.mdns.sockets import Datagram
from lanbridge.mdns.wire import encode_query, encode_response
from tests.mdns.virtual import TapLink

RESPONSE = next(iter(encode_response([Record("a.local", RecordType.A, 9, ip_address("10.0.0.9"))])))
QUERY = encode_query([(Question("a.local", RecordType.A), ())])[0]


@pytest.mark.parametrize(
    ("data", "source", "port", "scope", "multicast", "dropped"),
    [
        (RESPONSE, "10.0.0.9", 5353, 2, True, None),
        (RESPONSE, "10.0.0.9", 5353, 2, False, None),
        (RESPONSE, "192.168.7.9", 5353, 2, True, "off-link"),
        (RESPONSE, "192.168.7.9", 5353, 2, False, "off-link"),
        (RESPONSE, "10.0.0.9", 40_000, 2, True, "wrong-port"),
        (RESPONSE, "fe80::9", 5353, 2, False, None),
        (RESPONSE, "10.0.0.9", 5353, 9, True, "other-interface"),
        (QUERY, "10.0.0.9", 40_000, 2, True, None),
        (QUERY, "192.168.7.9", 5353, 2, False, "off-link"),
        (QUERY, "192.168.7.9", 40_000, 2, True, "off-link"),
        (QUERY, "169.254.3.4", 5353, 2, True, None),
        (QUERY, "2001:db8::9", 5353, 2, True, "off-link"),
        (bytes(5) + b"garbage that is long enough", "10.0.0.9", 5353, 2, True, "malformed"),
        (RESPONSE[:3] + b"\x03" + RESPONSE[4:], "10.0.0.9", 5353, 2, True, "rcode"),
        (QUERY[:2] + b"\x10" + QUERY[3:], "10.0.0.9", 5353, 2, True, "opcode"),
        (b"", "10.0.0.9", 5353, 2, True, "malformed"),
    ],
    ids=[
        "multicast",
        "unicast from a neighbour",
        "multicast from another subnet",
        "unicast from another subnet",
        "response from another port",
        "unicast over link-local IPv6",
        "an interface we do not use",
        "legacy query",
        "unicast query from another subnet",
        "multicast query from another subnet",
        "a neighbour without a lease",
        "multicast query from another prefix",
        "garbage",
        "response code 3",
        "opcode 2",
        "empty",
    ],
)
def test_what_is_let_in(
    data: bytes, source: str, port: int, scope: int, multicast: bool, dropped: str | None
) -> None:
    """What must be ignored is counted, by reason."""
    heard: list[Packet] = []
    findings: list[str] = []
    engine = Engine(heard.append, findings.append)
    engine.links[2] = TapLink("10.0.0.1/24", "fe80::1%eth0/64")
    engine._admit(Datagram(data, ip_address(source), port, scope, multicast))
    assert len(heard) == (dropped is None)
    assert dict(engine.dropped) == ({dropped: 1} if dropped else {})
    blamed = dropped and dropped != "other-interface"
    assert findings == ([f"{dropped}: a packet from {source} port {port}"] if blamed else [])


def test_another_class_is_counted_and_left_out() -> None:
    """RFC 6762 §6: only IN, and ANY in a question; the rest of the packet is let in."""
    heard: list[Packet] = []
    engine = Engine(heard.append, lambda _: None)
    engine.links[2] = TapLink()
    chaos = QUERY[:-1] + b"\x03"
    engine._admit(Datagram(chaos, ip_address("10.0.0.9"), 5353, 2, True))
    assert engine.dropped == {"class": 1}
    assert heard[0].message.questions == ()


def test_records_that_cannot_be_read_are_counted() -> None:
    """The rest of the packet is let in."""
    heard: list[Packet] = []
    findings: list[str] = []
    engine = Engine(heard.append, findings.append)
    engine.links[2] = TapLink()
    unknown = RESPONSE.replace(
        b"\x00\x01\x00\x01\x00\x00\x00\x09", b"\x00\xfa\x00\x01\x00\x00\x00\x09"
    )
    engine._admit(Datagram(unknown, ip_address("10.0.0.9"), 5353, 2, True))
    assert engine.dropped == {"unread-records": 1}
    assert heard[0].message.records == ()


def test_interfaces_that_are_gone_are_remembered_up_to_a_number() -> None:
    """Each container has one of a new name, for months; the last are known if they come back."""
    engine = Engine(lambda _: None, lambda _: None)
    for number in range(2 * MAX_WAS):
        engine.links[2] = TapLink(name=f"veth{number}")
        assert engine.update(NetworkState(()))
    assert list(engine._was) == [f"veth{number}" for number in range(MAX_WAS, 2 * MAX_WAS)]
