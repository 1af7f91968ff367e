"""What a probe proposes, byte for byte (RFC 6762 §8.2)."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from lanbridge.core.records import Question, Record, RecordType, Srv
from lanbridge.mdns.proposed import read_proposed
from lanbridge.mdns.wire import encode_probe, encode_rdata

NAME = "lamp._http._tcp.local"
SRV = Record(NAME, RecordType.SRV, 120, Srv(0, 0, 80, "Lamp-1._http._tcp.local"))
TXT = Record(NAME, RecordType.TXT, 4500, b"\x01a")


def test_names_in_rdata_are_compared_uncompressed() -> None:
    """The writer has made a pointer of `_http._tcp.local`; the case of `Lamp` stays."""
    packet = encode_probe([Question(NAME, RecordType.ANY)], [SRV, TXT])
    assert packet.count(b"_http") == 1
    assert read_proposed(packet) == {NAME: [(1, 16, b"\x01a"), (1, 33, encode_rdata(SRV))]}


def test_a_type_nobody_knows_counts_too() -> None:
    """Both sides must compare the same."""
    packet = encode_probe([], [TXT])
    strange = packet.replace(b"\0\x10\0\x01", b"\xff\x10\x80\x01")
    assert read_proposed(strange) == {NAME: [(1, 0xFF10, b"\x01a")]}


def test_answers_are_not_proposed() -> None:
    """Only the authority section is."""
    packet = encode_probe([], [TXT])
    moved = packet[:6] + struct.pack("!2H", 1, 0) + packet[10:]
    assert read_proposed(moved) == {}


def test_a_name_that_points_at_itself_ends() -> None:
    """And so does one of many pointers."""
    loop = struct.pack("!6H", 0, 0, 0, 0, 1, 0) + b"\xc0\x0c" + bytes(10)
    assert read_proposed(loop) == {}


@given(st.binary(max_size=200), st.integers(0, 3), st.integers(0, 3))
def test_no_bytes_make_it_raise(data: bytes, questions: int, authorities: int) -> None:
    """A stranger's probe."""
    read_proposed(struct.pack("!6H", 0, 0, questions, 0, authorities, 0) + data)
