"""DNS messages in bytes, from RFC 1035 §4 alone.

It shares nothing with what it tests: no code of lanbridge or of any library.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

A, PTR, TXT, AAAA, SRV, NSEC, ANY = 1, 12, 16, 28, 33, 47, 255
IN, CHAOS = 1, 3
RESPONSE, TRUNCATED = 0x8400, 0x0200
TOP_BIT = 0x8000


class Question(NamedTuple):
    """`unicast`: the QU bit."""

    name: str
    type: int
    unicast: bool = False
    klass: int = IN


class Record(NamedTuple):
    """`rdata` as it is sent; `target`: the name in the rdata of PTR and SRV."""

    name: str
    type: int
    ttl_s: int
    rdata: bytes
    flush: bool = False
    target: str = ""


class Message(NamedTuple):
    """Names are in lower case, as they are compared (RFC 6762 §16)."""

    id: int
    flags: int
    questions: tuple[Question, ...]
    answers: tuple[Record, ...]
    authorities: tuple[Record, ...]
    additionals: tuple[Record, ...]

    @property
    def is_response(self) -> bool:
        """QR."""
        return bool(self.flags & 0x8000)

    @property
    def records(self) -> tuple[Record, ...]:
        """Answers and additionals: what a response says."""
        return self.answers + self.additionals

    def asks(self, name: str, type_: int) -> bool:
        """Whether this is one of its questions."""
        return any(one.name == name and one.type == type_ for one in self.questions)

    def says(self, name: str, type_: int) -> bool:
        """Whether it has such a record that is no goodbye."""
        return any(r.name == name and r.type == type_ and r.ttl_s for r in self.records)


def name(text: str) -> bytes:
    """Uncompressed. No label of the scorecard holds a dot."""
    labels = text.split(".")
    return b"".join(bytes((len(one.encode()),)) + one.encode() for one in labels) + b"\0"


def a(owner: str, address: str, ttl_s: int = 120, *, flush: bool = True) -> Record:
    """An address record."""
    return Record(owner, A, ttl_s, socket.inet_aton(address), flush)


def ptr(owner: str, target: str, ttl_s: int = 4500) -> Record:
    """A pointer, which is shared."""
    return Record(owner, PTR, ttl_s, name(target), target=target)


def srv(owner: str, target: str, port: int, ttl_s: int = 120, *, flush: bool = True) -> Record:
    """A service record."""
    rdata = struct.pack("!3H", 0, 0, port) + name(target)
    return Record(owner, SRV, ttl_s, rdata, flush, target)


def txt(owner: str, *strings: str, ttl_s: int = 4500, flush: bool = True) -> Record:
    """A text record."""
    rdata = b"".join(bytes((len(one),)) + one.encode() for one in strings) or b"\0"
    return Record(owner, TXT, ttl_s, rdata, flush)


def query(
    *questions: Question,
    known: Iterable[Record] = (),
    proposed: Iterable[Record] = (),
    flags: int = 0,
    id: int = 0,
) -> bytes:
    """A query, with known answers; a probe, with what it proposes."""
    return _message(id, flags, questions, tuple(known), tuple(proposed))


def response(*answers: Record, flags: int = RESPONSE) -> bytes:
    """A response without questions."""
    return _message(0, flags, (), answers, ())


def _message(
    id: int,
    flags: int,
    questions: tuple[Question, ...],
    answers: tuple[Record, ...],
    authorities: tuple[Record, ...],
) -> bytes:
    body = struct.pack("!6H", id, flags, len(questions), len(answers), len(authorities), 0)
    for one in questions:
        body += name(one.name)
        body += struct.pack("!2H", one.type, one.klass | (TOP_BIT if one.unicast else 0))
    for record in (*answers, *authorities):
        klass = IN | (TOP_BIT if record.flush else 0)
        body += name(record.name) + struct.pack("!2HI", record.type, klass, record.ttl_s)
        body += struct.pack("!H", len(record.rdata)) + record.rdata
    return body


def read(packet: bytes) -> Message:
    """Raises ValueError, IndexError or struct.error for what is no message."""
    id, flags, *counts = struct.unpack_from("!6H", packet)
    at = 12
    questions = []
    for _ in range(counts[0]):
        owner, at = _read_name(packet, at)
        type_, klass = struct.unpack_from("!2H", packet, at)
        questions.append(Question(owner, type_, bool(klass & TOP_BIT), klass & 0x7FFF))
        at += 4
    sections: list[tuple[Record, ...]] = []
    for count in counts[1:]:
        records = []
        for _ in range(count):
            owner, at = _read_name(packet, at)
            type_, klass, ttl_s, size = struct.unpack_from("!2HIH", packet, at)
            at += 10
            rdata, target = packet[at : at + size], ""
            if type_ == PTR:
                target = _read_name(packet, at)[0]
                rdata = name(target)
            elif type_ == SRV:
                target = _read_name(packet, at + 6)[0]
                rdata = packet[at : at + 6] + name(target)
            elif type_ == NSEC:
                target, start = _read_name(packet, at)
                rdata = name(target) + packet[start : at + size]
            records.append(Record(owner, type_, ttl_s, rdata, bool(klass & TOP_BIT), target))
            at += size
        sections.append(tuple(records))
    return Message(id, flags, tuple(questions), *sections)


def _read_name(packet: bytes, at: int) -> tuple[str, int]:
    labels: list[str] = []
    end = 0
    for _ in range(128):
        size = packet[at]
        if not size:
            return ".".join(labels).lower(), end or at + 1
        if size >= 0xC0:
            end = end or at + 2
            at = (size & 0x3F) << 8 | packet[at + 1]
        else:
            labels.append(packet[at + 1 : at + 1 + size].decode("utf-8", "replace"))
            at += 1 + size
    raise ValueError("a name without an end")


def nsec_types(record: Record) -> set[int]:
    """The types that exist, by the one bitmap block of RFC 6762 §6.1."""
    bitmap = record.rdata[len(name(record.target)) :]
    bits = bitmap[2 : 2 + bitmap[1]]
    return {n * 8 + bit for n, octet in enumerate(bits) for bit in range(8) if octet & 0x80 >> bit}
